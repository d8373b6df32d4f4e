#!/usr/bin/env python3
"""What a run says that it asked its buckets and queues for is what came there: on real servers each
HTTP request, on directories and a ledger each call that the run owes, on RabbitMQ each message that
the broker has, and says that it has."""

import argparse
import os
import shutil
import sys

from amqp_backend import AmqpBackend
from file_backend import FileBackend
from google_backend import GoogleBackend
from ledger_backend import LedgerBackend
from moto_backend import MotoBackend
from place import Place
from push_receiver import PushReceiver
from radosgw_backend import RadosGatewayBackend
from server import Missing, skipped

BACKENDS = {backend.name: backend for backend in (AmqpBackend, FileBackend, LedgerBackend,
                                                  MotoBackend, GoogleBackend, RadosGatewayBackend)}
BATCHES = 12
PUBLISHES = 3  # ten of the twelve, the others, and the aggregation
TASKS = BATCHES + 1
ROOM = 5  # in a queue that refuses what is over it


class Suite:
    def __init__(self, options):
        self.options, self.backend = options, BACKENDS[options.backend]
        self.clouds = self.backend.start()
        self.script = getattr(self.clouds, "script", None)
        self.receiver = PushReceiver()
        self.problems = []

    def run(self, place, wanted=0):
        """What it pushed, without the prefix, and how many requests a server saw."""
        if self.script:
            self.script.begin()
        status, stderr = place.finish(place.start("--push-gateway", self.receiver.address))
        if status != wanted:
            raise AssertionError(f"ended with {status}: {stderr}")
        (push,) = self.receiver.take()
        metrics = {name.removeprefix("waybill_"): value
                   for name, value in push["metrics"].items() if name.startswith("waybill_")}
        return metrics, len(self.script.requests) if self.script else 0

    def expect(self, when, metrics, **wanted):
        for name, value in wanted.items():
            if metrics.get(name) != value:
                self.problems.append(f"{when}: {name} is {metrics.get(name)}, not {value}")

    def calls(self, when, metrics, **wanted):
        self.expect(when, metrics, **{f'api_calls{{operation="{operation}"}}': value
                                      for operation, value in wanted.items()})

    def ask_broker(self, place, when, metrics):
        """What it counts as published is in the broker's queues, on disk, byte for byte."""
        queues = self.clouds.queues()
        there = [queues[place.backend.topic(kind)] for kind in ("intake", "aggregate")]
        messages, persistent, size = (sum(numbers) for numbers in zip(*there))
        self.expect(when, metrics, tasks_published=messages, bytes_published=size)
        if persistent != messages:
            self.problems.append(f"{when}: {persistent} of {messages} messages are persistent")

    def refused_by_broker(self):
        """A broker that does not confirm: what it refused is counted as failed, and not marked."""
        place = Place(self.options.waybill, self.backend(self.clouds), BATCHES)
        try:
            # Of a single queue, as set by its administrator.
            limit = f'{{"max-length": {ROOM}, "overflow": "reject-publish"}}'
            self.clouds.control("set_policy", "--apply-to", "queues", "full",
                                f"^{place.backend.topic('intake')}$", limit)
            metrics, _ = self.run(place, wanted=1)
            self.ask_broker(place, "refused", metrics)
            published = metrics["tasks_published"]
            if not ROOM < published < TASKS:
                self.problems.append(f"refused: {published} tasks published")
            self.expect("refused", metrics, tasks_failed=TASKS - published, markers_failed=0)
            self.calls("refused", metrics, mark=published)
            if len(place.markers()) != published:
                self.problems.append(f"refused: markers {place.markers()}")
        finally:
            place.remove()

    def go(self):
        if self.backend is AmqpBackend:
            self.refused_by_broker()
        place = Place(self.options.waybill, self.backend(self.clouds), BATCHES)
        try:
            metrics, seen = self.run(place)
            # Ids, objects and markers of the intake and of the window, the peer's, and aggregates';
            # and intake markers of the windows before, which no aggregate's tells of.
            self.calls("first", metrics, list=8, publish=PUBLISHES, mark=TASKS, look=0)
            self.expect("first", metrics, http_requests=seen, duplicates_avoided=0,
                        tasks_published=TASKS, tasks_failed=0)
            if self.backend is AmqpBackend:
                self.ask_broker(place, "first", metrics)
            if metrics['api_calls{operation="lock"}'] < 2:
                self.problems.append("the scan lock is taken and given back for nothing")
            metrics, seen = self.run(place)
            self.calls("second", metrics, list=8, publish=0, mark=0, look=0)
            self.expect("second", metrics, http_requests=seen, duplicates_avoided=0)
            if self.backend is LedgerBackend:
                shutil.rmtree(os.path.join(place.backend.directory, "own-bucket", "task-markers"))
                metrics, _ = self.run(place)
                self.expect("markers lost", metrics, duplicates_avoided=TASKS)
        finally:
            place.remove()
        for problem in self.problems:
            print(problem)
        print(f"{self.options.backend}: {len(self.problems)} problems")
        return 1 if self.problems else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--waybill", required=True)
    parser.add_argument("--backend", choices=BACKENDS, required=True)
    try:
        suite = Suite(parser.parse_args())
    except Missing as missing:
        return skipped(missing)
    try:
        return suite.go()
    finally:
        suite.receiver.stop()
        if suite.clouds:
            suite.clouds.stop()


if __name__ == "__main__":
    sys.exit(main())
