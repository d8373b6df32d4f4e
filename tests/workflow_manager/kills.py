#!/usr/bin/env python3
"""Kills `waybill workflow-manager` with SIGKILL at random moments, and starts two at once.

Killed and run again, it loses no task, and what it repeats has the same id; two at once publish no
message twice."""

import argparse
import random
import signal
import subprocess
import sys
import time

from file_backend import FileBackend
from place import PATIENCE_SECONDS, Place

BATCHES = 40


def new_place(program):
    return Place(program, FileBackend(), BATCHES)


def usual_seconds(program):
    """How long a run takes: the fastest of five, so that most kills find one under way."""
    fastest = PATIENCE_SECONDS
    for _ in range(5):
        place = new_place(program)
        began = time.monotonic()
        place.finish(place.start())
        fastest = min(fastest, time.monotonic() - began)
        place.remove()
    return fastest


def kill_round(program, seconds, chance):
    place = new_place(program)
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
        return was_killed, place.problems(2, f"killed after {delay:.4f} s")
    finally:
        place.remove()


def pair_round(program, number):
    place = new_place(program)
    try:
        ends = [place.finish(process) for process in [place.start(), place.start()]]
        if [status for status, _ in ends] != [0, 0]:
            return [f"pair {number}: {ends}"]
        return place.problems(1, f"pair {number}")
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
