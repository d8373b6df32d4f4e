#!/usr/bin/env python3
"""The steps of examples/pipeline: counts, publishes a report, tidies up."""
import json
import os
import sys
import zlib

params = json.loads(os.environ.get("WAYBILL_PARAMS", "{}"))
reports = os.fdopen(int(os.environ["WAYBILL_REPORT_FD"]), "w")


def output(**members):
    print(json.dumps({"output": members}), file=reports, flush=True)


def count():
    # The same for the same day, region and half, as a step should be that may be done twice.
    text = "/".join([params["day"], params["region"], params["half"]])
    output(region=params["region"], half=params["half"], count=zlib.crc32(text.encode()) % 1000)


def publish():
    total = sum(each["count"] for each in params["counts"])
    with open(os.path.join(os.environ["WAYBILL_ARTIFACTS"], "report.csv"), "w",
              encoding="utf-8") as file:
        for each in params["counts"]:
            print(each["region"], each["half"], each["count"], sep=",", file=file)
        print("total", params["approved_by"], total, sep=",", file=file)
    output(total=total)


def tidy():
    print("publish", params["published"])


{"count": count, "publish": publish, "tidy": tidy}[sys.argv[1]]()
