#!/usr/bin/env python3
"""Three servers and four workers on one ledger in PostgreSQL, with hints by way of RabbitMQ and
messages of somebody else's that become tasks. All are killed with SIGKILL at random moments; the
roads to the database and the broker are cut, stalled, half-closed, and lose answers to what was
done; both are killed and have a full disk. Every accepted task ends once, and soon after the last
of it."""

import argparse
import glob
import importlib.util
import os
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import uuid

import chaos
import effects
import road
from faults import Faults

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../../bench"))
from servers import Postgres, Rabbit, until  # noqa: E402

RECOVERY_SECONDS_MAX = 30
NOT_HERE = 77  # a test that is to be skipped
DISK = "768m"  # of the database: what it writes here, several times over
DEBIANS = "/usr/bin/python3"
QUEUE = "chaos-orders"
IMPORTS = f"""
imports:
  orders:
    queue: {QUEUE}
"""


class Deployment(chaos.Deployment):
    """Processes that each have a data directory of their own, and share the ledger."""

    def __init__(self, waybill, top, ledger, broker):
        super().__init__(waybill, top)
        self.ledger = ledger
        self.top = top
        self.broker = ["--queue", "amqp", "--queue-prefix", "chaos"] if broker else []
        if broker:
            os.environ["WAYBILL_AMQP_URL"] = broker
            with open(os.path.join(self.definitions, "chaos.yaml"), "a", encoding="utf-8") as file:
                file.write(IMPORTS)
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
        self.running[name] = self.start(*words, *self.broker, name)

    def kill(self, name):
        process = self.running.pop(name)
        process.kill()
        process.wait()

    def revive(self, name):
        """A process that ended by itself, as one that starts while the database is away may."""
        if self.running[name].poll() == UNAVAILABLE:
            self.begin(name)

    def make(self, definition, name):
        """Asks until it is accepted: with the same id that makes one task."""
        command = self.command("task", "create", definition, "--id", name)
        until(lambda: subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                     check=False).returncode == 0, f"task {name} being accepted")
        self.accepted.add(name)

    def live(self):
        return self.ask("db", "stats")["tasks_live"]

    def tasks(self):
        return self.ask("task", "list", "--limit", str(chaos.TASKS_MAX))["tasks"]


UNAVAILABLE = 69


class Producer:
    """Another program that publishes to the broker; what RabbitMQ confirmed is accepted."""

    def __init__(self, url, accepted):
        python = sys.executable if importlib.util.find_spec("pika") else DEBIANS
        self.process = subprocess.Popen(
            [python, "-B", os.path.join(HERE, "producer.py"), url, QUEUE], text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.accepted = accepted
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    @staticmethod
    def is_here():
        words = [DEBIANS, "-c", "import pika"]
        return bool(importlib.util.find_spec("pika")) or (
            os.path.exists(DEBIANS) and
            subprocess.run(words, capture_output=True, check=False).returncode == 0)

    def read(self):
        for line in self.process.stdout:
            self.accepted.add(line.strip())

    def publish(self, definition, name):
        self.process.stdin.write(f"{name} {definition}\n")
        self.process.stdin.flush()

    def end(self):
        """Waits until all that it was given is confirmed."""
        self.process.stdin.close()
        self.reader.join()
        if self.process.wait() != 0:
            raise SystemExit(f"the producer ended with {self.process.returncode}")


def play(deployment, faults, producer, chance, seconds):
    ends = time.monotonic() + seconds
    while time.monotonic() < ends or not faults.all_played():
        makers = [deployment.make] + ([producer.publish] if producer else [])
        for maker in makers:
            for _ in range(chance.randint(1, 2)):
                name = str(uuid.UUID(int=chance.getrandbits(128), version=4))
                maker(chance.choice(["quick", "slow"]), name)
        faults.play_one()
        victim = chance.choice(deployment.names())
        deployment.kill(victim)
        deployment.begin(victim)
        for name in deployment.names():
            deployment.revive(name)
    faults.settle()


def judge(deployment, began):
    found = []
    tasks = []
    while time.monotonic() < began + 4 * RECOVERY_SECONDS_MAX:
        if deployment.live() == 0:
            tasks = deployment.tasks()
            if deployment.accepted <= {task["id"] for task in tasks}:
                break
        for name in deployment.names():
            deployment.revive(name)
        time.sleep(0.2)
    took = time.monotonic() - began
    if took > RECOVERY_SECONDS_MAX:
        found.append(f"it took {took:.0f} s until every task had ended")
    for name in list(deployment.running):
        if deployment.running[name].poll() is not None:
            found.append(f"{name} ended by itself: {deployment.running[name].returncode}")
        deployment.kill(name)
    found += [str(one) for one in deployment.ask("db", "check")["violations"]]
    tasks = deployment.tasks()
    lines = effects.read(deployment.effects)
    found += effects.violations(lines, tasks, deployment.accepted)
    begun = sum(what == "begin" for what, _, _ in lines)
    imported = sum(task["created_by"] == "import:orders" for task in tasks)
    print(f"chaos: {len(tasks)} tasks ended, {imported} of them somebody else's messages, in "
          f"{begun} attempts, {took:.1f} s after the last fault", flush=True)
    return found


def own_disk(top):
    """A small disk for the database, which can be filled; None where that needs other rights."""
    path = os.path.join(top, "disk")
    os.mkdir(path)
    words = ["mount", "-t", "tmpfs", "-o", f"size={DISK},mode=0711", "tmpfs", path]
    mounted = subprocess.run(words, capture_output=True, check=False)
    return path if mounted.returncode == 0 else None


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
    disk = own_disk(top)
    try:
        found = run(options, top, disk)
    finally:
        if disk:
            subprocess.run(["umount", "-l", disk], check=True)
        shutil.rmtree(top, ignore_errors=True)
    for one in found:
        print(f"chaos: VIOLATION: {one}")
    return 1 if found else 0


def run(options, top, disk):
    chance = random.Random(options.seed)
    postgres = Postgres(disk or top, "64MB")
    rabbit = Rabbit(top)
    to_postgres = road.Road(postgres.port)
    to_rabbit = road.Road(rabbit.port) if rabbit.url else None
    deployment = producer = None
    try:
        broker = f"amqp://guest:guest@127.0.0.1:{to_rabbit.port}/%2f" if rabbit.url else None
        ledger = f"postgres://postgres@127.0.0.1:{to_postgres.port}/postgres"
        deployment = Deployment(options.waybill, top, ledger, broker)
        deployment.ask("db", "migrate")
        for name in deployment.names():
            deployment.begin(name)
        if broker and Producer.is_here():
            producer = Producer(broker, deployment.accepted)
            until(lambda: QUEUE in rabbit.control("list_queues", "name"), "the import's queue")
            rabbit.write_declarations()
        faults = Faults(chance, postgres, to_postgres, rabbit if broker else None, to_rabbit, disk)
        play(deployment, faults, producer, chance, options.seconds)
        began = time.monotonic()
        if producer:
            producer.end()
        print("chaos: " + ", ".join(f"{name} {n}" for name, n in sorted(faults.played.items())))
        return judge(deployment, began)
    finally:
        for process in [*(deployment.running.values() if deployment else ()),
                        *([producer.process] if producer else [])]:
            process.kill()
            process.wait()
        for one in (to_postgres, to_rabbit):
            if one:
                one.close()
        postgres.close()
        rabbit.close()


if __name__ == "__main__":
    sys.exit(main())
