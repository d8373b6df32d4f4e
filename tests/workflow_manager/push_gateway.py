#!/usr/bin/env python3
"""What a real Pushgateway shows after runs of `waybill workflow-manager`: the original's names,
labels and grouping keys; last_success only after a success, and kept by a failure."""

import argparse
import json
import shutil
import sys

from expectation import Expectations
from file_backend import FileBackend
from golden import Case
from server import Missing, Server, ask, skipped

CASES = ("agg_basic", "name_odd_aggregation_ids", "push_odd_labels", "runs_two_in_a_row",
         "topics_both_missing", "url_four_chars", "dry_run")
SUCCESS = "workflow_manager_last_success_seconds"
FAILURE = "workflow_manager_last_failure_seconds"


class Pushgateway(Server):
    def __init__(self):
        program = shutil.which("prometheus-pushgateway")
        if not program:
            raise Missing("prometheus-pushgateway is not installed")
        super().__init__(
            lambda port, _: [program, f"--web.listen-address=127.0.0.1:{port}",
                             "--web.enable-admin-api", "--persistence.file="], "/-/ready")
        self.address = self.url

    def take(self):
        """What golden.py asks of a receiver; here groups() tells it."""
        return []

    def wipe(self):
        ask(self.url, "PUT", "/api/v1/admin/wipe")

    def groups(self):
        """{grouping labels, as a sorted tuple of pairs: {series as golden cases name it: value}}"""
        found = {}
        for group in json.loads(ask(self.url, "GET", "/api/v1/metrics"))["data"]:
            grouping = group.pop("labels")
            series = found.setdefault(tuple(sorted(grouping.items())), {})
            for name, family in group.items():
                if not name.startswith(("workflow_manager_", "waybill_")):
                    continue  # the gateway's own account of the last push
                for sample in family["metrics"]:
                    # The gateway gives whatever is pushed without one an empty instance.
                    own = {key: value for key, value in sample["labels"].items()
                           if key not in grouping and (key, value) != ("instance", "")}
                    label = "".join(f'{{{key}="{value}"}}' for key, value in own.items())
                    series[name + label] = float(sample["value"])
        return found

    def failed_pushes(self):
        text = ask(self.url, "GET", "/metrics").decode()
        lines = [line for line in text.splitlines() if line.startswith("push_failure_time_seconds")]
        return [line for line in lines if not line.endswith(" 0")]


def labels_of(case):
    flags = {"k8s-namespace": "us-wa", "ingestor-label": "apple", **case["flags"]}
    return {"job": "workflow-manager", "locality": flags["k8s-namespace"],
            "ingestor": flags["ingestor-label"]}


def compare(want, got):
    problems = []
    theirs = {name: value for name, value in got.items() if name.startswith("workflow_manager_")}
    for name in sorted(want.keys() | theirs.keys()):
        wanted, is_there = want.get(name), name in theirs
        if not is_there or (wanted != "<seconds>" and wanted != theirs[name]):
            problems.append(f"{name}: expected {wanted}, is {theirs.get(name)}")
    if theirs and "waybill_objects_listed" not in got and FAILURE not in theirs:
        problems.append(f"Waybill's own series are not there: {sorted(got)}")
    return problems


def play_case(program, gateway, expectations, name):
    """The gateway shows what the last run of a golden case left."""
    gateway.wipe()
    backend = FileBackend()
    try:
        case, expected = expectations.case(name), expectations.of(name)
        backend.prepare(case)
        player = Case(program, case, backend, gateway)
        for number, run in enumerate(case.get("runs_input", [{}])):
            player.play(run, expected[number])
        groups = gateway.groups()
        if not expected[-1]["pushes"]:
            return [f"nothing should be pushed: {groups}"] if groups else []
        labels = tuple(sorted(labels_of(case).items()))
        if list(groups) != [labels]:
            return [f"expected the group {labels}, are {list(groups)}"]
        return compare(expected[-1]["metrics"], groups[labels])
    finally:
        backend.stop()


def play_failure(program, gateway, expectations):
    """A success, a failure, a success: what the group is after each."""
    gateway.wipe()
    backend = FileBackend()
    try:
        case = expectations.case("agg_basic")
        backend.prepare(case)
        player = Case(program, case, backend, gateway)

        def after(flags, status):
            got = player.play({"flags": flags}, {"exit_code": status})
            if got["exit_code"] != status:
                raise AssertionError(f"ended with {got['exit_code']}: {got['stderr']}")
            (group,) = gateway.groups().values()
            return group

        first = after({}, 0)
        failed = after({"peer-validation-input": f"file://{backend.directory}/nothing"}, 1)
        last = after({}, 0)
    finally:
        backend.stop()
    problems = []
    if FAILURE in first or FAILURE in last:
        problems.append("last_failure is there after a success")
    if FAILURE not in failed:
        problems.append(f"no last_failure after a failure: {failed}")
    if failed.get(SUCCESS) != first[SUCCESS]:
        problems.append(f"a failure made last_success {failed.get(SUCCESS)}, was {first[SUCCESS]}")
    if not first[SUCCESS] <= failed.get(FAILURE, 0) <= last[SUCCESS]:
        problems.append(f"times out of order: {first}, {failed}, {last}")
    return problems


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--waybill", required=True)
    parser.add_argument("--cases", default="tests/cases")
    options = parser.parse_args()
    try:
        gateway = Pushgateway()
    except Missing as missing:
        return skipped(missing)
    problems = []
    try:
        expectations = Expectations(options.cases)
        for name in CASES:
            found = play_case(options.waybill, gateway, expectations, name)
            problems += [f"{name}: {problem}" for problem in found]
        problems += play_failure(options.waybill, gateway, expectations)
        problems += gateway.failed_pushes()
    finally:
        gateway.stop()
    for problem in problems:
        print(problem)
    print(f"{len(CASES)} cases on a Pushgateway, {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
