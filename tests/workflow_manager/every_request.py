#!/usr/bin/env python3
"""Kills `waybill workflow-manager` with SIGKILL at each of its HTTP requests, fails requests, stops
it with SIGTERM while a server does not answer, and starts two at once, on real servers behind a
proxy.

Killed and run again, it loses no task, and what it repeats has the same id, whether the request it
was killed at is dropped, is carried out, or is carried out when the next run is over already. Asked
to stop, it ends in seconds whatever is not answered. Two at once publish no message twice."""

import argparse
import signal
import sys
import threading
import time

from google_backend import GoogleBackend
from moto_backend import MotoBackend
from place import PATIENCE_SECONDS, Place
from radosgw_backend import RadosGatewayBackend
from server import Missing, skipped

BACKENDS = {backend.name: backend for backend in (MotoBackend, GoogleBackend, RadosGatewayBackend)}
KILLED_BATCHES = 5
FAILED_BATCHES = 12  # more than one publish request holds
DOUBLED_BATCHES = 3
STOPPED_BATCHES = 3
# Words by which a run's requests are told apart.
PUBLISHES = "ublish"
KINDS = ("scan-lock", "probe-", "intake-kittens", "aggregate-kittens", PUBLISHES, "list-type",
         "startOffset")
STOP_SECONDS = 10  # 7 that are given to what is under way, and some for a slow machine
TRANSIENT = (
    {"action": "status", "status": 503},
    {"action": "status", "status": 500},
    {"action": "status", "status": 429, "code": "SlowDown", "retry_after": 1},
    {"action": "drop_before"},
    {"action": "drop_after"},
    {"action": "cut_half"},
    {"action": "delay", "seconds": 0.2},
)
# Bugs to be found, planted before anything else is tested: the server says yes and does nothing.
NO_LOCK = {"action": "lie", "method": "PUT", "path": "/scan-lock$"}
NO_MARKER = {"action": "lie", "method": "PUT", "path": "/intake-.*-batch-2$"}
REFUSED = {"action": "status", "status": 403, "code": "AccessDenied"}


class Gate:
    """Holds one request, and says when it is there."""

    def __init__(self, number):
        self.number = number
        self.request = None
        self.here_or_ended, self.released = threading.Event(), threading.Event()
        self.fault = None

    def __call__(self, number, request):
        if number != self.number:
            return None
        self.request = self.request or request
        self.here_or_ended.set()
        self.released.wait(4 * PATIENCE_SECONDS)
        return self.fault

    def release(self, fault=None):
        self.fault = fault
        self.released.set()


class FirstMessage(Gate):
    """Holds the first request that publishes."""

    def __init__(self):
        super().__init__(number=None)
        self.lock = threading.Lock()

    def __call__(self, number, request):
        with self.lock:
            if self.number is None and PUBLISHES in str(request) + request.text():
                self.number = number
        return super().__call__(number, request)


class Silence(Gate):
    """Holds all requests from one on."""

    def __call__(self, number, request):
        return super().__call__(min(number, self.number), request)


class Suite:
    def __init__(self, options):
        self.options = options
        self.backend = BACKENDS[options.backend]
        self.clouds = self.backend.start()
        self.script = self.clouds.script
        self.problems, self.repeats = [], 0
        self.sources, self.planted = {}, []

    def plant(self, bug, attempts, rules=None):
        """Checks that one of these calls finds that bug, which is a rule if no others are given."""
        self.planted = [bug] if rules is None else rules
        for attempt in attempts:
            attempt()
            if self.problems:
                break
        else:
            raise AssertionError(f"nothing noticed {bug}")
        self.planted, self.problems, self.repeats = [], [], 0

    def place(self, batches):
        """Buckets that are only read are the same for all."""
        backend = self.backend(self.clouds, self.sources.get(batches))
        self.sources.setdefault(batches, backend)
        return Place(self.options.waybill, backend, batches)

    def check(self, place, copies_max, when):
        self.problems += place.problems(copies_max, when)
        bodies = place.published()
        self.repeats += len(bodies) - len(set(bodies))

    def run(self, place, when, statuses=(0,)):
        status, stderr = place.finish(place.start())
        if status not in statuses:
            self.problems.append(f"{when}: ended with {status}: {stderr}")

    def kill_at(self, number, variant):
        """False if the run makes no more requests; else the method of the one it was killed at."""
        place, gate = self.place(KILLED_BATCHES), Gate(number)
        self.script.begin(self.planted, gate)
        process = place.start()
        output = []

        def wait():
            output.append(place.finish(process))
            gate.here_or_ended.set()

        waiter = threading.Thread(target=wait)
        waiter.start()
        try:
            gate.here_or_ended.wait(PATIENCE_SECONDS)
            if gate.request is None:
                return None
            process.send_signal(signal.SIGKILL)
            waiter.join()
            when = f"killed at request {number}, {gate.request}, {variant}"
            self.rerun(place, gate, variant, when)
            self.check(place, 2, when)
            return gate.request.method
        finally:
            gate.release()
            waiter.join()
            place.remove()

    def rerun(self, place, gate, variant, when):
        if variant != "late":
            gate.release({"action": "drop_before"} if variant == "dropped" else None)
            self.script.settle()
            self.run(place, when)
            return
        self.script.settle(held=1)
        self.run(place, when)
        gate.release()
        self.script.settle()
        self.run(place, when + ", run once more")

    def kill_everywhere(self):
        self.plant(NO_MARKER, [lambda: self.kill_at(0, "dropped")])
        number, kills = 0, 0
        while method := self.kill_at(number, "dropped"):
            kills += 1
            if method != "GET":  # a read that is carried out changes nothing
                self.kill_at(number, "carried out")
                self.kill_at(number, "late")
                kills += 2
            number += 1
        if number < KILLED_BATCHES:
            self.problems.append(f"only {number} requests were met")
        if not self.repeats:
            self.problems.append("no kill was between a message and its marker")
        return f"{kills} kills at {number} requests, {self.repeats} messages repeated"

    def fail_each(self, fault, offset, step, away=None):
        """A run of which each step-th request fails when it is first made, and must then keep away
        for so many seconds."""
        if away is None:
            away = fault.get("retry_after", 0)
        place, seen, lock = self.place(FAILED_BATCHES), {}, threading.Lock()
        when = f"{fault} at requests {offset} mod {step}"
        asked_away, too_soon = {}, []

        def gate(_, request):
            key = (request.method, request.target, request.body)
            with lock:
                is_new = key not in seen
                index = seen.setdefault(key, len(seen))
                fails = is_new and index % step == offset
                if not is_new and time.monotonic() < asked_away.pop(key, 0):
                    too_soon.append(request)
                if fails:
                    asked_away[key] = time.monotonic() + away
            return fault if fails else None

        try:
            self.script.begin(self.planted, gate)
            refused = fault == REFUSED
            self.run(place, when, statuses=(0, 1) if refused else (0,))
            self.problems += [f"{when}: {request} came again too soon" for request in too_soon]
            self.script.begin(self.planted)
            self.run(place, when + ", run again")
            self.check(place, 2, when)
        finally:
            place.remove()

    def fail_everything(self):
        step, runs = 3, 0
        self.plant(NO_MARKER, [lambda: self.fail_each(TRANSIENT[0], 0, step)])
        self.plant("a wait that is not kept",
                   [lambda: self.fail_each(TRANSIENT[0], 0, step, away=1)], rules=[])
        for fault in (*TRANSIENT, REFUSED):
            # One offset is enough where each failure takes its seconds.
            for offset in range(1 if "retry_after" in fault else step):
                self.fail_each(fault, offset, step)
                runs += 1
        return f"{runs} runs with faults"

    def stop_at(self, gate):
        """SIGTERM while one request, or all from it on, are not answered."""
        place, silent = self.place(STOPPED_BATCHES), isinstance(gate, Silence)
        self.script.begin(self.planted, gate)
        process = place.start()
        try:
            if not gate.here_or_ended.wait(PATIENCE_SECONDS):
                raise AssertionError(f"no request {gate.number} was made")
            when = f"stopped at {'silence from' if silent else 'request'} {gate.request}"
            began = time.monotonic()
            process.send_signal(signal.SIGTERM)
            status, stderr = place.finish(process)
            took = time.monotonic() - began
            if took > STOP_SECONDS:
                self.problems.append(f"{when}: ended after {took:.1f} s")
            markers = place.markers()
            locks = {marker for marker in markers if "scan-lock" in marker}
            is_done = len(markers - locks) == place.batches + 1
            if status != (0 if is_done else 1):
                self.problems.append(f"{when}: {len(markers)} markers, {status}: {stderr}")
            if locks and not silent and "scan-lock" not in str(gate.request) + gate.request.text():
                self.problems.append(f"{when}: {locks} are left")
            gate.release()
            self.script.settle()
            self.script.begin(self.planted)
            self.run(place, when + ", run again")
            self.check(place, 2, when)
            return took
        finally:
            gate.release()
            process.kill()
            process.wait()
            place.remove()

    def first_of_each_kind(self):
        """The numbers of requests of a run, the first of each kind, in the order of the kinds: that
        in which they are made differs from run to run."""
        place = self.place(STOPPED_BATCHES)
        try:
            self.script.begin()
            self.run(place, "not stopped")
            kinds = {}
            for number, request in enumerate(self.script.requests):
                text = str(request) + request.text()
                words = [word for word in KINDS if word in text]
                kinds.setdefault((request.method, *words), number)
            return [kinds[kind] for kind in sorted(kinds)]
        finally:
            place.remove()

    def stop_everywhere(self):
        numbers, longest = self.first_of_each_kind(), 0.0
        if len(numbers) < 5:
            self.problems.append(f"only {len(numbers)} kinds of requests were met")
        share, shares = self.options.share
        stops = [gate(number) for number in numbers for gate in (Gate, Silence)][share - 1::shares]
        for stop in stops:
            longest = max(longest, self.stop_at(stop))
        return (f"{len(stops)} stops, share {share} of {shares} at {len(numbers)} requests, "
                f"ended after {longest:.1f} s at most")

    def pair(self, gate):
        """The second one starts when the first makes the gate's request, and that waits until the
        second makes one too, or, if it is the first message, until the second is over."""
        place = self.place(DOUBLED_BATCHES)
        self.script.begin(self.planted, gate)
        try:
            first = place.start()
            waiter = threading.Thread(target=lambda: (first.wait(), gate.here_or_ended.set()))
            waiter.start()
            gate.here_or_ended.wait(PATIENCE_SECONDS)
            overlapped = gate.request is not None
            made = self.script.made()
            second = place.start()
            self.script.wait_for_more_than(made)
            if isinstance(gate, FirstMessage):
                second.wait(PATIENCE_SECONDS)
            gate.release()
            ends = [place.finish(process) for process in (first, second)]
            waiter.join()
            when = f"pair at request {gate.number}"
            if [status for status, _ in ends] != [0, 0]:
                self.problems.append(f"{when}: {ends}")
            self.check(place, 1, when)
            return overlapped
        finally:
            gate.release()
            place.remove()

    def double(self):
        self.plant(NO_LOCK, [lambda: self.pair(FirstMessage())])
        if not self.pair(FirstMessage()):
            self.problems.append("the first message was not met")
        pairs, number, overlaps = self.options.pairs, 0, 0
        for _ in range(pairs):
            overlapped = self.pair(Gate(number))
            overlaps += overlapped
            number = number + 1 if overlapped else 0
        if overlaps < pairs / 2:
            self.problems.append(f"only {overlaps} of {pairs} pairs overlapped")
        return f"{pairs} pairs, of which {overlaps} overlapped"


def share_of(text):
    share, shares = (int(number) for number in text.split("/"))
    if not 1 <= share <= shares:
        raise ValueError(text)
    return share, shares


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--waybill", required=True)
    parser.add_argument("--backend", choices=BACKENDS, required=True)
    parser.add_argument("--pairs", type=int, default=50)
    parser.add_argument("--share", type=share_of, default=(1, 1), metavar="N/M",
                        help="of the stops: every M-th, from the N-th on")
    parser.add_argument("what", choices=("kill", "fail", "stop", "double"))
    options = parser.parse_args()
    try:
        suite = Suite(options)
    except Missing as missing:
        return skipped(missing)
    try:
        done = {"kill": suite.kill_everywhere, "fail": suite.fail_everything,
                "stop": suite.stop_everywhere, "double": suite.double}[options.what]()
    finally:
        suite.clouds.stop()
    for problem in suite.problems:
        print(problem)
    print(f"{options.backend}: {done}, {len(suite.problems)} problems")
    return 1 if suite.problems else 0


if __name__ == "__main__":
    sys.exit(main())
