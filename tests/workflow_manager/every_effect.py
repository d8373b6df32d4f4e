#!/usr/bin/env python3
"""Kills a scan of directories with SIGKILL at each call that changes a file: before it, after it,
or in the middle of a write.

What is left then has a marker only for what was accepted; and run again, the scan comes to what an
undisturbed one comes to: every task, all repeats under one id (in a ledger: none), every marker, no
lock, and no half-written file that stays. Every `--stride`-th call is taken; all of them, in each
way, with --every or where WAYBILL_EVERY_EFFECT is set."""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time

from expectation import marker_of
from file_backend import RESERVED, FileBackend
from ledger_backend import LedgerBackend, ScanBackend
from place import SUFFIXES, Place

BATCHES = 12  # more than one publish of a queue holds
BACKENDS = {backend.name: backend for backend in (FileBackend, LedgerBackend, ScanBackend)}
NOW = "2020-10-31T12:00:00Z"
LETTERS_AT = 8
DAY_AND_MORE = 25 * 3600
PREFIX = "task-markers/"
LATE = "kittens/2020/10/31/11/59/late"
# A bug to be found, planted before anything else is tested: what is published never gets there.
LOST = {"file": "topics/intake", "ledger": "ledger.db-wal", "scan": "ledger.db-wal"}


class Calls:
    """What effects.c counts."""

    def __init__(self, library):
        self.library = library
        self.directory = tempfile.TemporaryDirectory(prefix="waybill-effects-")
        self.path = os.path.join(self.directory.name, "calls")

    def environment(self, number=0, when="before", lose=""):
        if os.path.exists(self.path):
            os.remove(self.path)
        given = {"LD_PRELOAD": self.library, "EFFECTS": self.path,
                 "EFFECTS_KILL_AT": str(number), "EFFECTS_KILL": when}
        return {**given, "EFFECTS_LOSE": lose} if lose else given

    def letters(self):
        with open(self.path, "rb") as file:
            record = file.read()
        count = int.from_bytes(record[:LETTERS_AT], sys.byteorder)
        return record[LETTERS_AT:LETTERS_AT + count].decode()


class Scan(Place):
    """A place, and how it is scanned."""

    def __init__(self, program, backend):
        super().__init__(program, backend(), BATCHES)
        self.exactly_once = backend is not FileBackend
        if backend is ScanBackend:
            flags = {**self.backend.ledger_flags(), "now": NOW}
            self.command = [program, "scan", "--once", *(f"--{k}={v}" for k, v in flags.items())]

    def run(self, environment=None):
        """Its exit status, which is -9 when it was killed, and what it said."""
        process = subprocess.Popen(
            self.command, env={"PATH": os.environ["PATH"], **(environment or {})},
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        return self.finish(process)

    def published(self):
        """A line that was cut off is no message, and nobody was told that it is one."""
        if self.exactly_once:
            return super().published()
        bodies = []
        for topic in ("intake", "aggregate"):
            path = os.path.join(self.backend.directory, "topics", topic)
            if os.path.exists(path):
                with open(path, encoding="utf-8") as file:
                    bodies += [body for line in file for body in body_of(line)]
        return bodies

    def outcome(self):
        markers = {key: self.backend.body("own_validation", key) for key in self.markers()}
        return sorted(set(self.published())), markers

    def unfinished(self):
        return [os.path.join(folder, name)
                for folder, _, names in os.walk(self.backend.directory)
                for name in names if name.startswith(RESERVED + "new-")]

    def files(self):
        """But for those whose number does not grow: markers, and what was being written."""
        root = self.backend.directory
        return sorted(os.path.relpath(os.path.join(folder, name), root)
                      for folder, _, names in os.walk(root)
                      for name in names if not name.startswith(RESERVED + "new-"))


def body_of(line):
    try:
        return [json.loads(line)["body"]]
    except json.JSONDecodeError:
        return []


class Suite:
    def __init__(self, options):
        self.options = options
        self.backend = BACKENDS[options.backend]
        self.calls = Calls(options.library)
        self.problems, self.repeats, self.left_over, self.killed = [], 0, 0, 0
        self.wanted, self.wanted_files = None, None

    def undisturbed(self):
        """The calls of a run that is let alone, a letter each."""
        scan = Scan(self.options.waybill, self.backend)
        try:
            status, said = scan.run(self.calls.environment())
            if status != 0:
                raise SystemExit(f"undisturbed it ends with {status}: {said}")
            self.wanted, self.wanted_files = scan.outcome(), scan.files()
            self.problems += scan.problems(1, "undisturbed")
            return self.calls.letters()
        finally:
            scan.remove()

    def kill_at(self, number, when, lose=""):
        scan = Scan(self.options.waybill, self.backend)
        try:
            status, said = scan.run(self.calls.environment(number, when, lose))
            letters = self.calls.letters()
            name = f"killed {when} call {number} ({letters[number - 1:number]})"
            if status == -signal.SIGKILL:
                self.killed += 1
            elif status != 0:
                self.tell(name, f"ended with {status}: {said}")
            self.check_markers(scan, name)
            status, said = scan.run()
            if status != 0:
                self.tell(name, f"run again it ended with {status}: {said}")
            self.check_end(scan, name)
        finally:
            scan.remove()

    def tell(self, name, problem):
        self.problems.append(f"{self.options.backend}: {name}: {problem}")

    def check_markers(self, scan, name):
        """No marker without its task."""
        accepted = {marker_of(json.loads(body)) for body in scan.published()}
        for marker in scan.markers() - accepted:
            if not marker.startswith(PREFIX + "scan-lock"):
                self.tell(name, f"{marker} is there, and no task")

    def check_end(self, scan, name):
        self.problems += scan.problems(1 if scan.exactly_once else 2, name)
        bodies = scan.published()
        self.repeats += len(bodies) - len(set(bodies))
        if scan.outcome() != self.wanted:
            self.tell(name, f"came to {scan.outcome()} instead of {self.wanted}")
        if scan.files() != self.wanted_files:
            self.tell(name, f"{set(scan.files()) ^ set(self.wanted_files)} differ")
        left = scan.unfinished()
        if not left:
            return
        self.left_over += len(left)
        for path in left:
            os.utime(path, (time.time() - DAY_AND_MORE,) * 2)
        # Something has to be written for what is old to be looked for.
        scan.backend.add("ingestion", [LATE + suffix for suffix in SUFFIXES])
        scan.run()
        if scan.unfinished():
            self.tell(name, f"{scan.unfinished()} stay for ever")
        if len(scan.published()) != len(bodies) + 1:
            self.tell(name, f"the next batch came to {scan.published()}")

    def plant(self, letters):
        """Killed when all is published and marked: then the next run mends nothing."""
        self.kill_at(len(letters) - 1, "after", LOST[self.options.backend])
        if not self.problems:
            raise SystemExit("nobody noticed that messages were lost")
        self.problems, self.repeats, self.left_over, self.killed = [], 0, 0, 0

    def ways(self, letters):
        """Each call to be killed at, and how."""
        if self.options.every:
            return [(number, when) for number, letter in enumerate(letters, 1)
                    for when in ("before", "after", "torn") if when != "torn" or letter == "w"]
        return [(number, ("before", "torn")[i % 2])
                for i, number in enumerate(range(1, len(letters) + 1, self.options.stride))]

    def go(self):
        letters = self.undisturbed()
        self.plant(letters)
        ways = self.ways(letters)
        for number, when in ways:
            self.kill_at(number, when)
        if self.killed < 0.9 * len(ways):
            self.problems.append(f"only {self.killed} of {len(ways)} runs were killed")
        if not self.repeats and self.backend is FileBackend:
            self.problems.append("no kill was between a message and its marker")
        for problem in self.problems:
            print(problem)
        print(f"{self.options.backend}: {len(letters)} calls, {len(ways)} runs, {self.killed} "
              f"killed, {self.repeats} messages repeated, {self.left_over} half-written files, "
              f"{len(self.problems)} problems")
        return 1 if self.problems else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--waybill", required=True)
    parser.add_argument("--library", required=True, help="effects.c, built")
    parser.add_argument("--backend", choices=BACKENDS, required=True)
    parser.add_argument("--stride", type=int, default=5)
    parser.add_argument("--every", action="store_true",
                        default=bool(os.environ.get("WAYBILL_EVERY_EFFECT")))
    return Suite(parser.parse_args()).go()


if __name__ == "__main__":
    sys.exit(main())
