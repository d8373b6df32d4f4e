"""What a command task of Waybill sees of the world: parameters, reports, exit codes."""

import json
import os
import sys

EXIT_PERMANENT = 65


def params():
    """The task's parameters; large ones come in a file."""
    if "WAYBILL_PARAMS" in os.environ:
        return json.loads(os.environ["WAYBILL_PARAMS"])
    with open(os.environ["WAYBILL_PARAMS_FILE"], encoding="utf-8") as file:
        return json.load(file)


def report(**line):
    """A JSON line to the worker: progress, output or a checkpoint. Without a worker: to stdout."""
    descriptor = int(os.environ.get("WAYBILL_REPORT_FD", sys.stdout.fileno()))
    os.write(descriptor, (json.dumps(line) + "\n").encode())


def fail(why):
    """Ends the task for good: trying again cannot help."""
    print(why, file=sys.stderr)
    sys.exit(EXIT_PERMANENT)
