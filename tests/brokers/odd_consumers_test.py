"""Consumers of others that hold messages, die with them, or drop them: a real worker comes after
them, and every task of theirs ends once all the same."""

import argparse
import json
import os
import signal
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

from brokers_test import BrokerPlace, declared, require_pika, skip  # noqa: E402
import rabbit  # noqa: E402
from place import expect, until  # noqa: E402

TASKS = 6
# Of each: whether it claims, what it acknowledges, and whether it is killed then.
ODD = {"holds": ("leaves", "none", False),  # the messages, for as long as it is there
       "drops": ("leaves", "all", False),
       "dies": ("claims", "some", True),
       "forgets": ("claims", "all", False)}  # to report


def begin_consumer(place, name):
    claims, acknowledges, _ = ODD[name]
    environment = {**place.environment(f"waybill.{name}")}
    consumer = place.start([sys.executable, "-B", os.path.join(HERE, "odd_consumer.py"),
                            str(TASKS), claims, acknowledges], environment, out=subprocess.PIPE)
    leases = json.loads(consumer.stdout.readline())
    expect(len(leases), TASKS if claims == "claims" else 0, f"leases of the one that {name}")
    return consumer, leases


def finish(place, lease):
    return place.ask("POST", "/v1/finishes", {"tasks": [
        {**lease, "outcome": "succeeded", "result": {"by": "odd"}}]})["tasks"][0]


def start_worker(place):
    return place.start([place.waybill, "worker", "--data",
                        os.path.join(place.directory.name, "data"), "--queue", "amqp",
                        "--queue-prefix", "waybill"], place.broker)


def check(place, broker):
    tasks, consumers, leases = {}, {}, {}
    for name, (_, _, is_killed) in ODD.items():
        tasks[name] = [place.create(kind="noop", queue=name) for _ in range(TASKS)]
        until("the queue is there", lambda name=name: declared(place, f"waybill.{name}"))
        consumers[name], leases[name] = begin_consumer(place, name)
        if is_killed:
            place.end(consumers[name], signal.SIGKILL)
    worker = start_worker(place)
    for name, (claims, _, _) in ODD.items():
        for task in tasks[name]:
            until(f"a task of the one that {name} ends",
                  lambda task=task: place.task(task)["state"] == "succeeded")
            expect(place.happenings(task).count("succeeded"), 1, "ends of it")
            # A lease that nobody held on to is a death of a worker, and nothing else is.
            deaths = 1 if claims == "claims" else 0
            found = place.task(task)
            expect((found["worker_deaths"], found["attempt"]), (deaths, deaths + 1), "deaths")
        for lease in leases[name]:
            expect(finish(place, lease)["problem"]["type"], "urn:waybill:problem:stale",
                   "the answer to one that reports at last")
            if "by" in (place.task(lease["id"])["result"] or {}):
                raise AssertionError("the late report counts")
    for name in ("holds", "drops", "forgets"):
        expect(consumers[name].poll(), None, f"the end of the one that {name}")
        # What it held is given to the worker, which finds nothing to do.
        place.end(consumers[name], signal.SIGKILL)
    until("no message is left", lambda: not left(broker))
    expect(worker.poll(), None, "the worker's end")
    expect(place.count("succeeded"), TASKS * len(ODD), "tasks that succeeded")
    place.end(place.server)
    checked = subprocess.run([place.waybill, "db", "check", "--data",
                              os.path.join(place.directory.name, "data")], check=False,
                             capture_output=True, text=True)
    expect(checked.returncode, 0, f"what db check says ({checked.stdout})")


def left(broker):
    rows = broker.control("list_queues", "name", "messages").splitlines()
    counts = [row.split("\t") for row in rows if row.startswith("waybill.")]
    return [name for name, count in counts if count != "0"]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--waybill", required=True)
    given = parser.parse_args()
    if rabbit.missing():
        skip(rabbit.missing())
    require_pika()
    with rabbit.Rabbit() as broker, BrokerPlace(given.waybill, broker.url) as place:
        check(place, broker)


if __name__ == "__main__":
    main()
