#!/usr/bin/env python3
"""Kills `waybill workflow-manager` with SIGKILL at random moments, and starts two at once.

Killed and run again, it loses no task, and what it repeats has the same id; two at once publish no
message twice."""

import argparse
import os
import random
import signal
import subprocess
import sys
import time

from file_backend import FileBackend

BATCHES = 40
PATIENCE_SECONDS = 60


def drop():
    """A case of BATCHES batches to take in and one window to aggregate."""
    ingestion, peer = [], []
    for number in range(BATCHES):
        path = f"kittens/2020/10/31/11/{number:02}/batch-{number}"
        ingestion += [path + suffix for suffix in (".batch", ".batch.avro", ".batch.sig")]
    path = "kittens/2020/10/31/07/30/summed"
    ingestion += [path + suffix for suffix in (".batch", ".batch.avro", ".batch.sig")]
    peer.append(path + ".validity_0.sig")
    return {"ingestion": ingestion, "peer_validation": peer, "flags": {}}


class Place:
    """Buckets and topics of one round."""

    def __init__(self, program):
        self.backend = FileBackend()
        self.case = drop()
        self.backend.prepare(self.case)
        flags = {**self.backend.flags(self.case), "now": "2020-10-31T12:00:00Z"}
        words = [f"--{name}={value}" for name, value in flags.items()]
        self.command = [program, "workflow-manager", *words]

    def start(self):
        return subprocess.Popen(
            self.command, env={"PATH": os.environ["PATH"]},
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)

    def finish(self, process):
        _, stderr = process.communicate(timeout=PATIENCE_SECONDS)
        return process.returncode, stderr.decode()

    def published(self):
        return self.backend.messages("intake") + self.backend.messages("aggregate")

    def remove(self):
        self.backend.stop()


def check(place, copies_max, when):
    """Every task is marked, published, and under one id; no lock is left."""
    markers = set(place.backend.keys("own_validation"))
    bodies = place.published()
    problems = []
    if len(markers) != BATCHES + 1 or any("scan-lock" in marker for marker in markers):
        problems.append(f"{len(markers)} markers: {sorted(markers)}")
    if len(set(bodies)) != BATCHES + 1:
        problems.append(f"{len(set(bodies))} different messages of {BATCHES + 1}")
    most = max(bodies.count(body) for body in set(bodies)) if bodies else 0
    if most > copies_max:
        problems.append(f"a message {most} times")
    return [f"{when}: {problem}" for problem in problems]


def usual_seconds(program):
    """How long a run takes: the fastest of five, so that most kills find one under way."""
    fastest = PATIENCE_SECONDS
    for _ in range(5):
        place = Place(program)
        began = time.monotonic()
        place.finish(place.start())
        fastest = min(fastest, time.monotonic() - began)
        place.remove()
    return fastest


def kill_round(program, seconds, chance):
    place = Place(program)
    try:
        delay = chance.uniform(0, seconds)
        process = place.start()
        try:
            process.wait(timeout=delay)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
        place.finish(process)
        was_killed = process.returncode == -signal.SIGKILL
        status, stderr = place.finish(place.start())
        if status != 0:
            problem = f"killed after {delay:.4f} s, the next run ended with {status}: {stderr}"
            return was_killed, [problem]
        return was_killed, check(place, 2, f"killed after {delay:.4f} s")
    finally:
        place.remove()


def pair_round(program, number):
    place = Place(program)
    try:
        ends = [place.finish(process) for process in [place.start(), place.start()]]
        if [status for status, _ in ends] != [0, 0]:
            return [f"pair {number}: {ends}"]
        return check(place, 1, f"pair {number}")
    finally:
        place.remove()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--waybill", required=True)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--pairs", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    chance = random.Random(options.seed)
    seconds = usual_seconds(options.waybill)
    problems, killed = [], 0
    for _ in range(options.kills):
        was_killed, found = kill_round(options.waybill, seconds, chance)
        killed += was_killed
        problems += found
    for number in range(options.pairs):
        problems += pair_round(options.waybill, number)
    for problem in problems:
        print(problem)
    print(f"seed {options.seed}: {killed} of {options.kills} runs were killed in their "
          f"{seconds:.2f} s, {options.pairs} pairs, {len(problems)} problems")
    return 1 if problems or (options.kills >= 10 and killed == 0) else 0


if __name__ == "__main__":
    sys.exit(main())
