#!/usr/bin/env python3
"""Three servers and four workers on one ledger in PostgreSQL, killed with SIGKILL at random
moments, and the database once among them. Every accepted task ends once, and
soon after the last kill."""

import argparse
import glob
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
import uuid

import chaos
import effects

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../bench"))
from servers import Postgres, until  # noqa: E402

RECOVERY_SECONDS_MAX = 30
NOT_HERE = 77  # a test that is to be skipped


class Deployment(chaos.Deployment):
    """Processes that each have a data directory of their own, and share the ledger."""

    def __init__(self, waybill, top, ledger):
        super().__init__(waybill, top)
        self.ledger = ledger
        self.top = top
        self.running = {}

    def command(self, *arguments):
        own = os.path.join(self.top, arguments[-1]) if arguments[-1] in self.names() else self.data
        words = [one for one in arguments if one not in self.names()]
        return [self.waybill, *words, "--ledger", self.ledger, "--data", own, "--definitions",
                self.definitions, *chaos.SETTINGS]

    @staticmethod
    def names():
        return [f"server-{i}" for i in range(3)] + [f"worker-{i}" for i in range(4)]

    def begin(self, name):
        words = ["worker"] if name.startswith("worker") else ["serve", "--listen", "127.0.0.1:0"]
        self.running[name] = self.start(*words, name)

    def kill(self, name):
        process = self.running.pop(name)
        process.kill()
        process.wait()

    def make(self, definition, name):
        """Asks until it is accepted: with the same id that makes one task."""
        command = self.command("task", "create", definition, "--id", name)
        until(lambda: subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                     check=False).returncode == 0, f"task {name} being accepted")
        self.accepted.add(name)

    def live(self):
        return self.ask("db", "stats")["tasks_live"]


def play(deployment, postgres, chance, seconds):
    for name in deployment.names():
        deployment.begin(name)
    began = time.monotonic()
    database_dies = began + seconds * chance.uniform(0.3, 0.7)
    while time.monotonic() < began + seconds:
        for _ in range(chance.randint(1, 3)):
            name = str(uuid.UUID(int=chance.getrandbits(128), version=4))
            deployment.make(chance.choice(["quick", "slow"]), name)
        if time.monotonic() > database_dies:
            database_dies = began + 2 * seconds
            postgres.kill()
            postgres.start()
        victim = chance.choice(deployment.names())
        deployment.kill(victim)
        deployment.begin(victim)


def judge(deployment):
    found = []
    began = time.monotonic()
    while deployment.live() > 0 and time.monotonic() < began + 4 * RECOVERY_SECONDS_MAX:
        time.sleep(0.2)
    took = time.monotonic() - began
    if took > RECOVERY_SECONDS_MAX:
        found.append(f"it took {took:.0f} s until every task had ended")
    for name in list(deployment.running):
        if deployment.running[name].poll() is not None:
            found.append(f"{name} ended by itself: {deployment.running[name].returncode}")
        deployment.kill(name)
    found += [str(one) for one in deployment.ask("db", "check")["violations"]]
    tasks = deployment.ask("task", "list", "--limit", str(chaos.TASKS_MAX))["tasks"]
    lines = effects.read(deployment.effects)
    found += effects.violations(lines, tasks, deployment.accepted)
    begun = sum(what == "begin" for what, _, _ in lines)
    print(f"chaos: {len(tasks)} tasks ended, in {begun} attempts, {took:.1f} s after the last kill",
          flush=True)
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--waybill", required=True, help="the binary")
    parser.add_argument("--seconds", type=float, default=300)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    options = parser.parse_args()
    if not glob.glob("/usr/lib/postgresql/*/bin/initdb"):
        print("PostgreSQL is not installed")
        return NOT_HERE
    print(f"chaos: {options.seconds:.0f} s, --seed {options.seed}", flush=True)
    top = tempfile.mkdtemp(prefix="waybill-chaos-")
    os.chmod(top, 0o711)
    postgres = Postgres(top, "64MB")
    deployment = None
    try:
        deployment = Deployment(options.waybill, top, postgres.url("postgres"))
        deployment.ask("db", "migrate")
        play(deployment, postgres, random.Random(options.seed), options.seconds)
        found = judge(deployment)
    finally:
        for process in deployment.running.values() if deployment else ():
            process.kill()
            process.wait()
        postgres.close()
        shutil.rmtree(top, ignore_errors=True)
    for one in found:
        print(f"chaos: VIOLATION: {one}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
