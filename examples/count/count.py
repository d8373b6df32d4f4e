#!/usr/bin/env python3
"""Counts up to params["until"], and goes on where the attempt before was cut off."""
import json
import os
import sys


def text_of(name):
    """A value of Waybill's: from the environment, or from a file if it is too big for one."""
    if name + "_FILE" in os.environ:
        with open(os.environ[name + "_FILE"], encoding="utf-8") as file:
            return file.read()
    return os.environ.get(name)


reports = os.fdopen(int(os.environ["WAYBILL_REPORT_FD"]), "w")


def report(**parts):
    print(json.dumps(parts), file=reports, flush=True)


params = json.loads(text_of("WAYBILL_PARAMS"))
checkpoint = json.loads(text_of("WAYBILL_CHECKPOINT") or "{}")
begin = checkpoint.get("done", 0) + 1
print("attempt", os.environ["WAYBILL_ATTEMPT"], "begins at", begin)
for step in range(begin, params["until"] + 1):
    report(progress={"done": step, "of": params["until"]}, checkpoint={"done": step})
    if step == params.get("stumble_at") and begin == 1:
        sys.exit("stumbled")  # status 1, which the definition calls transient
report(output={"counted": params["until"]})
