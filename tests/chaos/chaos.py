#!/usr/bin/env python3
"""Kills real Waybill processes at random moments and checks that no task was lost or run twice.

Each round drops a batch into a bucket, asks for tasks, lets `waybill up` and `waybill worker` run
for a moment, and kills everything with SIGKILL, clients included. In the end one `up` is left to
finish; then `db check` has to be clean, every accepted task succeeded, every batch has one task and
one marker, and what the tasks did has to agree with the ledger.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
import uuid

import effects

DEFINITIONS = """
tasks:
  quick:
    command: [./effect.sh]
    environment: {EFFECTS: "%(effects)s", SECONDS_LONG: "0"}
    retry: {worker_deaths: 1000000, backoff: 10ms}
  slow:
    command: [./effect.sh]
    environment: {EFFECTS: "%(effects)s", SECONDS_LONG: "0.3"}
    retry: {worker_deaths: 1000000, backoff: 10ms}
scans:
  drop:
    planner: batches
    every: 1s
    sources: {bucket: "%(bucket)s"}
    path: "{batch}.{part}"
    parts: [header, body]
    task: quick
"""
EFFECT = """#!/bin/sh
echo "begin $WAYBILL_TASK_ID $WAYBILL_ATTEMPT" >> "$EFFECTS"
sleep "$SECONDS_LONG"
echo "end $WAYBILL_TASK_ID $WAYBILL_ATTEMPT" >> "$EFFECTS"
"""
SETTINGS = "--lease 1s --beat 200ms --poll 20ms --log-level error --quiet".split()
TASKS_MAX = 10_000
FINISH_SECONDS_MAX = 300


class Deployment:
    """A data directory, a bucket and definitions; what was asked of them."""

    def __init__(self, waybill, top):
        self.waybill = os.path.abspath(waybill)
        self.data = os.path.join(top, "data")
        self.bucket = os.path.join(top, "bucket")
        self.definitions = os.path.join(top, "definitions")
        self.effects = os.path.join(top, "effects")
        self.batches = 0
        self.accepted = set()
        for directory in (self.bucket, self.definitions):
            os.mkdir(directory)
        write(self.effects, "")
        places = {"effects": self.effects, "bucket": self.bucket}
        write(os.path.join(self.definitions, "chaos.yaml"), DEFINITIONS % places)
        write(os.path.join(self.definitions, "effect.sh"), EFFECT)
        os.chmod(os.path.join(self.definitions, "effect.sh"), 0o755)

    def command(self, *arguments):
        common = ["--data", self.data, "--definitions", self.definitions]
        return [self.waybill, *arguments, *common, *SETTINGS]

    def start(self, *arguments):
        return subprocess.Popen(self.command(*arguments), stdout=subprocess.DEVNULL)

    def ask(self, *arguments):
        """Runs a command to its end and returns its JSON; ends the program if it fails."""
        command = self.command(*arguments, "--json")
        done = subprocess.run(command, stdout=subprocess.PIPE, check=False)
        if done.returncode != 0:
            sys.exit(f"chaos: {' '.join(arguments)} ended with {done.returncode}: {done.stdout}")
        return json.loads(done.stdout)

    def drop_batch(self):
        self.batches += 1
        for part in ("header", "body"):
            write(os.path.join(self.bucket, f"batch-{self.batches:05}.{part}"), "x")


def names_below(top):
    """The objects below a prefix of a bucket that is a directory."""
    for directory, _, names in os.walk(top):
        # What a killed process was still writing has a reserved name and is no object.
        objects = (name for name in names if not name.startswith(".waybill-"))
        yield from (os.path.relpath(os.path.join(directory, name), top) for name in objects)


def write(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def play_round(deployment, chance):
    """One round; every process that it starts is dead when it returns."""
    deployment.drop_batch()
    servers = [deployment.start("up")]
    if chance.random() < 0.5:
        servers.append(deployment.start("worker"))
    clients = {}
    for _ in range(chance.randint(1, 3)):
        name = str(uuid.UUID(int=chance.getrandbits(128), version=4))
        definition = chance.choice(["quick", "slow"])
        clients[name] = (definition, deployment.start("task", "create", definition, "--id", name))
        time.sleep(chance.uniform(0, 0.05))
    time.sleep(chance.uniform(0, 0.6))

    processes = servers + [client for _, client in clients.values()]
    chance.shuffle(processes)
    for process in processes:
        process.kill()
    for process in processes:
        process.wait()
    for name, (definition, client) in clients.items():
        # A client that was cut off does not know; asking again with the same id is safe.
        if client.returncode != 0:
            deployment.ask("task", "create", definition, "--id", name)
        deployment.accepted.add(name)


def finish(deployment):
    """Lets everything come to its end."""
    try:
        up = deployment.command("up", "--until-idle")
        subprocess.run(up, check=True, timeout=FINISH_SECONDS_MAX, stdout=subprocess.DEVNULL)
    except subprocess.SubprocessError as error:
        sys.exit(f"chaos: the last `up` did not finish: {error}")


def judge(deployment):
    """Everything that is wrong, one line each."""
    found = [str(one) for one in deployment.ask("db", "check")["violations"]]
    tasks = deployment.ask("task", "list", "--limit", str(TASKS_MAX))["tasks"]
    lines = effects.read(deployment.effects)
    found += effects.violations(lines, tasks, deployment.accepted)
    scanned = [task for task in tasks if task["created_by"] == "scan:drop"]
    # A scan's dedup key is the URL of the task's marker.
    prefix = os.path.join(deployment.bucket, "task-markers")
    markers = {f"file://{prefix}/{name}" for name in names_below(prefix)}
    keys = {task["dedup_key"] for task in scanned}
    if len(scanned) != deployment.batches:
        found.append(f"{deployment.batches} batches made {len(scanned)} tasks")
    found += [f"marker {name} has no task" for name in sorted(markers - keys)]
    found += [f"a task of the scan has no marker {name}" for name in sorted(keys - markers)]
    begun = sum(what == "begin" for what, _, _ in lines)
    print(f"chaos: {len(tasks)} tasks ended, in {begun} attempts", flush=True)
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--waybill", required=True, help="the binary")
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    options = parser.parse_args()
    print(f"chaos: {options.rounds} rounds, --seed {options.seed}", flush=True)
    chance = random.Random(options.seed)
    with tempfile.TemporaryDirectory(prefix="waybill-chaos-") as top:
        deployment = Deployment(options.waybill, top)
        for number in range(1, options.rounds + 1):
            play_round(deployment, chance)
            if number % 50 == 0:
                print(f"chaos: {number} rounds", flush=True)
        finish(deployment)
        found = judge(deployment)
    for one in found:
        print(f"chaos: VIOLATION: {one}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
