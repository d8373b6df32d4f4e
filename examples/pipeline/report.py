#!/usr/bin/env python3
"""The steps of examples/pipeline: counts, publishes a report, tidies up."""
import glob
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
    number = zlib.crc32(text.encode()) % 1000
    with open(os.path.join(os.environ["WAYBILL_ARTIFACTS"], "count.csv"), "w",
              encoding="utf-8") as file:
        print(params["region"], params["half"], number, sep=",", file=file)
    output(region=params["region"], half=params["half"], count=number)


def publish():
    # What `inputs` of the step names: counts/0/count.csv, counts/1/count.csv, ...
    lines = []
    for path in sorted(glob.glob(os.path.join(os.environ["WAYBILL_INPUTS"], "counts/*/*.csv"))):
        with open(path, encoding="utf-8") as file:
            lines.append(file.read())
    total = sum(int(line.rsplit(",", 1)[1]) for line in lines)
    with open(os.path.join(os.environ["WAYBILL_ARTIFACTS"], "report.csv"), "w",
              encoding="utf-8") as file:
        file.writelines(lines)
        print("total", params["approved_by"], total, sep=",", file=file)
    output(total=total)


def tidy():
    print("publish", params["published"])


{"count": count, "publish": publish, "tidy": tidy}[sys.argv[1]]()
