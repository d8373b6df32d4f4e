#!/usr/bin/env python3
"""Runs the golden cases of workflow-manager as a black box: the real program, its exit status, the
messages that really arrived, the markers that are really there, what was pushed, and its log."""

import argparse
import json
import os
import subprocess
import sys

from expectation import Expectations, ordered, trace_id_of
from file_backend import FileBackend
from google_backend import GoogleBackend
from mixed_backend import MixedBackend
from moto_backend import MotoBackend
from push_receiver import PushReceiver
from radosgw_backend import RadosGatewayBackend
from server import Missing, skipped

BACKENDS = {backend.name: backend
            for backend in (FileBackend, MotoBackend, GoogleBackend, MixedBackend,
                            RadosGatewayBackend)}
PATIENCE_SECONDS = 60
GIVEN = {"k8s-namespace": "us-wa", "ingestor-label": "apple"}


class Case:
    """One golden case on one backend."""

    def __init__(self, program, case, backend, receiver):
        self.program, self.case, self.backend, self.receiver = program, case, backend, receiver
        self.seen = {"intake": 0, "aggregate": 0}

    def arguments(self, run):
        flags = {**self.backend.flags(self.case), **GIVEN}
        if self.receiver:
            flags["push-gateway"] = self.receiver.address
        given = {**self.case["flags"], **run.get("flags", {})}
        for name, value in given.items():
            flags[name] = value
        flags["now"] = run.get("now", self.case["now"])
        # The original never looked at it with SNS, and Waybill takes it there. With any other kind
        # of queue Waybill refuses it (D20), so there the case is run without the flag: what it says
        # of messages and markers holds all the same.
        on_sns = flags["task-queue-kind"] == "aws-sns"
        if self.case["task_queue_kind"] == "aws-sns" and not on_sns:
            if flags.get("max-enqueue-workers") == "0":
                del flags["max-enqueue-workers"]
        words = [f"--{name}={value}" for name, value in flags.items() if value is not None]
        return ["workflow-manager", *words, *self.case.get("extra_args", [])]

    def start(self, run):
        environment = {
            "PATH": os.environ["PATH"],
            **self.backend.environment(),
            **self.case.get("env", {}),
        }
        return subprocess.Popen(
            [self.program, *self.arguments(run)],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def new_messages(self, topic):
        """What has arrived since, each once, and how many came again under their trace-id."""
        bodies = self.backend.messages(topic)
        messages = {}
        for body in bodies[self.seen[topic]:]:
            message = json.loads(body)
            trace_id = message.pop("trace-id")
            if trace_id != trace_id_of(message):
                raise AssertionError(f"not the trace-id of its marker: {body}")
            messages[trace_id] = message
        repeated = len(bodies) - self.seen[topic] - len(messages)
        self.seen[topic] = len(bodies)
        return ordered(messages.values()), repeated

    def play(self, run, expected):
        for field in ("ingestion", "own_validation", "peer_validation"):
            self.backend.add(field, run.get("add_" + field, []))
        owned = "own_validation" not in self.case.get("missing_buckets", [])
        before = set(self.backend.keys("own_validation")) if owned else set()
        statuses = expected["exit_code"]
        count = len(statuses) if isinstance(statuses, list) else 1
        processes = [self.start(run) for _ in range(count)]
        ends = [process.communicate(timeout=PATIENCE_SECONDS) for process in processes]
        codes = [process.returncode for process in processes]
        stderr = b"".join(end[1] for end in ends).decode()
        intake, intake_again = self.new_messages("intake")
        aggregate, aggregate_again = self.new_messages("aggregate")
        after = set(self.backend.keys("own_validation")) if owned else set()
        return {
            "exit_code": codes if count > 1 else codes[0],
            "intake": intake,
            "aggregate": aggregate,
            "messages_repeating_a_trace_id": intake_again + aggregate_again,
            "new_markers": sorted(after - before),
            "bodies": {key: self.backend.body("own_validation", key) for key in after - before},
            "pushes": self.receiver.take() if self.receiver else [],
            "stderr": stderr,
        }


def compare_metrics(expected, pushes, problems):
    want = expected.get("metrics")
    if not isinstance(want, dict):
        return
    pushed = pushes[-1]["metrics"] if pushes else {}
    got = {n: v for n, v in pushed.items() if n.startswith("workflow_manager_")}
    for name in sorted(set(want) | set(got)):
        if expected.get("any_counts") and name not in want and "{" in name:
            continue
        wanted = want.get(name)
        if wanted == "<seconds>" and name in got:
            continue
        if wanted != got.get(name):
            problems.append(f"metric {name}: expected {wanted}, is {got.get(name)}")


def compare(expected, got, backend, has_receiver):
    problems = []
    for field in ("exit_code", "intake", "aggregate", "messages_repeating_a_trace_id",
                  "new_markers"):
        if expected[field] != got[field]:
            problems.append(f"{field}: expected {expected[field]}, is {got[field]}")
    for key, body in got["bodies"].items():
        if "task-markers/" + body != key:
            problems.append(f"marker {key} holds {body!r}")
    for text in expected["stderr_contains"]:
        if backend.words.get(text, text) not in got["stderr"]:
            problems.append(f"stderr lacks {text!r}")
    if has_receiver:
        pushes = [{"method": p["method"], "path": p["path"]} for p in got["pushes"]]
        # Of two at once one or both push, by whether the second had to wait.
        both = expected.get("concurrent_pushes") and pushes == expected["pushes"][: len(pushes)]
        if expected["pushes"] != pushes and not (both and pushes):
            problems.append(f"pushes: expected {expected['pushes']}, are {pushes}")
        compare_metrics(expected, got["pushes"], problems)
    if problems:
        problems.append("stderr:\n" + got["stderr"])
    return problems


def play_case(options, expectations, name, servers, receiver):
    backend = BACKENDS[options.backend](servers)
    try:
        case = expectations.case(name)
        expected = expectations.of(name)
        case["refused_markers"] = expectations.runs.get(name, {}).get("refused_markers", [])
        backend.prepare(case)
        player = Case(options.waybill, case, backend, receiver)
        for number, run in enumerate(case.get("runs_input", [{}])):
            want = expected[number]
            problems = compare(want, player.play(run, want), backend, receiver is not None)
            if problems:
                return [f"run {number}: {problem}" for problem in problems]
        backend.check_faults(case)
        return []
    finally:
        backend.stop()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--waybill", required=True)
    parser.add_argument("--backend", choices=BACKENDS, default="file")
    parser.add_argument("--cases", default="tests/cases")
    parser.add_argument("--no-push", action="store_true", help="run without a push gateway")
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    expectations = Expectations(options.cases)
    names = options.names or sorted(
        name[:-5] for name in os.listdir(os.path.join(options.cases, "workflow-manager"))
        if name.endswith(".json"))
    try:
        servers = BACKENDS[options.backend].start()
    except Missing as missing:
        return skipped(missing)
    receiver = None
    failed = 0
    try:
        receiver = None if options.no_push else PushReceiver()
        for name in names:
            cannot = BACKENDS[options.backend].cannot.get(name)
            if cannot:
                print(f"left out {name}: {cannot}")
                continue
            problems = play_case(options, expectations, name, servers, receiver)
            failed += bool(problems)
            for problem in problems:
                print(f"{name}: {problem}")
    finally:
        if receiver:
            receiver.stop()
        if servers:
            servers.stop()
    print(f"{len(names)} cases on {options.backend}, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
