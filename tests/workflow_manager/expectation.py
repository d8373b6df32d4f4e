"""What a run of a golden case must come to: as recorded, or as the tables correct it.

tests/cases/planning.json corrects what is planned, tests/cases/workflow-manager-runs.json what a
run of the program does. Two rules hold for all cases: a run that ends badly exits with 1 and adds
to its metrics (POST), so that last_success_seconds stays (D2, D8); and a message has the trace-id
that follows from its marker.
"""

import datetime
import json
import os
import uuid

TASKS = uuid.uuid5(uuid.NAMESPACE_DNS, "waybill.tasks")


def seconds_of(text):
    """Of a minute as markers have it; none of anything else."""
    try:
        at = datetime.datetime.strptime(text, "%Y-%m-%d-%H-%M")
    except ValueError:
        return None
    return int(at.replace(tzinfo=datetime.timezone.utc).timestamp()) if len(text) == 16 else None


def go_text(text):
    """A JSON string as Go's encoding/json has it."""
    quoted = json.dumps(text, ensure_ascii=False)
    for odd in "<>&\u2028\u2029":
        quoted = quoted.replace(odd, f"\\u{ord(odd):04x}")
    return quoted


def load(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def dashed(minute):
    return minute.replace("/", "-")


def marker_of(message):
    aggregation = message["aggregation-id"]
    if "batch-id" in message:
        return f"task-markers/intake-{aggregation}-{dashed(message['date'])}-{message['batch-id']}"
    begin, end = dashed(message["aggregation-start"]), dashed(message["aggregation-end"])
    return f"task-markers/aggregate-{aggregation}-{begin}-{end}"


def trace_id_of(message):
    return str(uuid.uuid5(TASKS, marker_of(message)[len("task-markers/"):]))


def ordered(messages):
    return sorted(messages, key=lambda message: json.dumps(message, sort_keys=True))


class Expectations:
    def __init__(self, cases):
        self.cases = cases
        self.planning = load(os.path.join(cases, "planning.json"))["corrected"]
        self.runs = load(os.path.join(cases, "workflow-manager-runs.json"))

    def case(self, name):
        return load(os.path.join(self.cases, "workflow-manager", name + ".json"))

    def of(self, name):
        """One expectation for each run of the case."""
        recorded = self.case(name)["expect"]
        runs = [dict(run) for run in recorded.get("runs", [recorded])]
        planned = self.planning.get(name, {}).get("runs", [])
        for run, correction in zip(runs, planned):
            self._plan(run, correction)
        corrected = self.runs.get(name, {}).get("runs", [])
        for run, correction in zip(runs, corrected):
            for key, value in correction.items():
                if key == "metrics" and not correction.get("replace_metrics"):
                    run["metrics"] = {**(run.get("metrics") or {}), **value}
                    run["metrics"] = {k: v for k, v in run["metrics"].items() if v is not None}
                else:
                    run[key] = value
        for run in runs:
            self._tidy(run, recorded)
        return runs

    @staticmethod
    def _plan(run, correction):
        run["intake"], run["aggregate"] = correction["intake"], correction["aggregate"]
        run["new_markers"] = [marker_of(m) for m in correction["intake"] + correction["aggregate"]]
        metrics = run.get("metrics")
        if isinstance(metrics, dict):
            for name, value in correction.get("counts", {}).items():
                if not name.startswith(("skipped", "malformed", "aggregated_without", "late_peer")):
                    metrics[f"workflow_manager_{name}"] = value

    @staticmethod
    def _tidy(run, recorded):
        words = [] if "runs" in recorded else recorded.get("stderr_contains", [])
        run.setdefault("stderr_contains", words)
        run["new_markers"] = sorted(set(run.get("new_markers", [])))
        run["intake"], run["aggregate"] = ordered(run["intake"]), ordered(run["aggregate"])
        again = "messages_repeating_a_trace_id"
        run.setdefault(again, recorded.get(again, 0) if "runs" not in recorded else 0)
        run.setdefault("pushes", recorded.get("pushes"))
        failed = "workflow_manager_last_failure_seconds" in (run.get("metrics") or {})
        for push in run["pushes"] or []:
            push["method"] = "POST" if failed else "PUT"
