#!/usr/bin/env python3
"""Random histories of a drop against a model of the documented rules: batches and validations that
come in time, late, in part or ahead of time; runs with downtime between them; markers that the
bucket's lifecycle takes away. After each run: exit status, messages byte for byte, markers,
metrics. The model is written from docs/reference/workflow-manager.md and the facts about the
original, and knows nothing of the program."""

import argparse
import concurrent.futures
import datetime
import json
import random
import subprocess
import sys
import uuid

from expectation import TASKS, go_text, seconds_of
from file_backend import FileBackend
from push_receiver import PushReceiver

PATIENCE_SECONDS = 60
AT_ONCE = 4
MINUTE = 60
HOUR, DAY = 60 * MINUTE, 24 * 60 * MINUTE
RETENTION = 7 * DAY
SHORT_WINDOWS_MAX = 900  # with windows so short, catching up looks at so many of them
YEAR_ONE = int(datetime.datetime(1, 1, 1, tzinfo=datetime.timezone.utc).timestamp())
START = int(datetime.datetime(2020, 10, 31, tzinfo=datetime.timezone.utc).timestamp())
PARTS = (".batch", ".batch.avro", ".batch.sig")
PREFIX = "task-markers/"
PERIODS = [minutes * MINUTE for minutes in (20, 45, 60, 90, 100, 180, 180, 420, 1440)]


def minute(seconds, separator="/"):
    at = datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)
    return separator.join(at.strftime("%Y %m %d %H %M").split())


def duration(seconds):
    return f"{seconds}s" if seconds % MINUTE else f"{seconds // MINUTE}m"


class Model:
    """What is in the buckets, and what a run has to do about it."""

    def __init__(self, flags):
        self.flags = flags
        self.ingestion, self.peer = {}, {}  # (aggregation, time, id) -> parts
        self.markers = set()

    def windows(self, now):
        """Those that may be looked at, the latest last."""
        period = self.flags["period"]

        def begin_of(time):
            return time - (time - YEAR_ONE) % period

        if self.flags["override"] is not None:
            return [begin_of(self.flags["override"])]
        latest = begin_of(now - self.flags["grace"] - period)
        reach = self.flags["catch-up"]
        if reach == "auto":
            reach = min(RETENTION, period * SHORT_WINDOWS_MAX)
        windows = [latest]
        while windows[0] >= now - reach:  # the end of the one before
            windows.insert(0, windows[0] - period)
        return windows

    def window_marker(self, aggregation, begin):
        end = begin + self.flags["period"]
        return f"aggregate-{aggregation}-{minute(begin, '-')}-{minute(end, '-')}"

    def spans(self, aggregation):
        """The begin and end in each aggregate marker, of whatever period."""
        prefix = f"aggregate-{aggregation}-"
        for marker in self.markers:
            rest = marker.removeprefix(prefix)
            if marker.startswith(prefix) and len(rest) == 33:
                yield seconds_of(rest[:16]), seconds_of(rest[17:])

    def taken_in(self, aggregation):
        """The times of batches that have their intake marker."""
        prefix = f"intake-{aggregation}-"
        for marker in self.markers:
            time = seconds_of(marker.removeprefix(prefix)[:16])
            if marker.startswith(prefix) and time is not None:
                yield time

    def looked_at(self, aggregation, now):
        windows, period = self.windows(now), self.flags["period"]
        if len(windows) == 1:
            return windows
        spans = [(begin, end) for begin, end in self.spans(aggregation)
                 if begin >= windows[0] - RETENTION]
        others = [span for span in spans if span[0] not in windows or span[1] - span[0] != period]
        begins = [begin for begin, end in spans if end - begin == period and begin in windows]
        seen_from = min(windows[0], (now - self.flags["max-age"]) // MINUTE * MINUTE)
        taken_in = [time for time in self.taken_in(aggregation) if time >= seen_from]
        kept = []
        for begin in windows[:-1]:
            end = begin + period
            if begin not in begins and any(b < end and begin < e for b, e in others):
                continue
            if self.flags["catch-up"] != "auto":
                kept.append(begin)
                continue
            in_service = (any(other < begin for other in begins) or
                          any(e <= begin for _, e in others) or
                          any(time < end for time in taken_in))
            if in_service and begin not in begins:
                kept.append(begin)
        return kept + windows[-1:]

    def aggregations(self):
        return sorted({key[0] for key in self.ingestion}, key=lambda name: (name + "/").encode())

    def run(self, now):
        """Messages to each topic, and counts. Its markers are written."""
        intake, aggregate, counts = [], [], {}
        for name in self.aggregations():
            tally = dict.fromkeys(("ingestions_found", "incomplete_ingestions_found",
                                   "aggregate_ingestions_found",
                                   "aggregate_incomplete_ingestions_found",
                                   "peer_validations_found",
                                   "incomplete_peer_validations_found"), 0)
            windows = [(begin, self.window_marker(name, begin) in self.markers)
                       for begin in self.looked_at(name, now)]
            intake += self.intake(name, now, tally)
            for begin, marked in windows:
                aggregate += self.aggregate(name, (begin, marked), tally)
            for what, value in tally.items():
                counts[f'{what}{{aggregation_id="{name}"}}'] = float(value)
        return intake, aggregate, counts

    @staticmethod
    def count(tally, what, by=1):
        tally[what] = tally.get(what, 0) + by

    def batches(self, held, name, begin, end):
        return sorted((key for key in held if key[0] == name and begin <= key[1] < end),
                      key=lambda key: (key[1], key[2].encode()))

    def intake(self, name, now, tally):
        begin = (now - self.flags["max-age"]) // MINUTE * MINUTE
        end = (now + DAY) // MINUTE * MINUTE
        messages = []
        for key in self.batches(self.ingestion, name, begin, end):
            _, time, batch = key
            if len(self.ingestion[key]) < 3:
                self.count(tally, "incomplete_ingestions_found")
                continue
            self.count(tally, "ingestions_found")
            marker = f"intake-{name}-{minute(time, '-')}-{batch}"
            if marker in self.markers:
                self.count(tally, "intake_tasks_skipped_due_to_marker")
                continue
            self.count(tally, "intake_tasks_scheduled")
            self.markers.add(marker)
            messages.append(f'{{"trace-id":"{uuid.uuid5(TASKS, marker)}","aggregation-id":'
                            f'{go_text(name)},"batch-id":{go_text(batch)},'
                            f'"date":"{minute(time)}"}}')
        return messages

    def aggregate(self, name, window, tally):
        begin, marked = window
        end = begin + self.flags["period"]
        for key in self.batches(self.ingestion, name, begin, end):
            complete = len(self.ingestion[key]) == 3
            self.count(tally, "aggregate_ingestions_found" if complete
                       else "aggregate_incomplete_ingestions_found")
        for key in self.batches(self.peer, name, begin, end):
            self.count(tally, "peer_validations_found" if ".sig" in self.peer[key]
                       else "incomplete_peer_validations_found")
        ready = [key for key in self.batches(self.ingestion, name, begin, end)
                 if len(self.ingestion[key]) == 3 and ".sig" in self.peer.get(key, ())]
        if not ready:
            return []
        if marked:
            self.count(tally, "aggregation_tasks_skipped_due_to_marker")
            return []
        self.count(tally, "aggregation_tasks_scheduled")
        self.count(tally, "number_of_batches_in_aggregation", len(ready))
        marker = self.window_marker(name, begin)
        self.markers.add(marker)
        batches = ",".join(f'{{"id":{go_text(batch)},"time":"{minute(time)}"}}'
                           for _, time, batch in ready)
        return [f'{{"trace-id":"{uuid.uuid5(TASKS, marker)}","aggregation-id":{go_text(name)},'
                f'"aggregation-start":"{minute(begin)}","aggregation-end":"{minute(end)}",'
                f'"batches":[{batches}]}}']


NAMES = ("kittens", "kittens-2", "foo", "foo-bar", "foobar", "a b", "x<y>&z", "süß",
         "task-markers-2", "back\\slash", 'quo"te', "2020", "+%41", "tab\there", "u\u2028v",
         "a.b", "-", "validity_0.sig")


class History:
    """One drop, its flags, and what happens to it; all of it follows from the seed."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        pick = self.random.choice
        self.flags = {
            "period": pick(PERIODS),
            "grace": pick((0, 0, 30, 60, 60, 90)) * MINUTE + pick((0, 0, 0, 30)),
            "max-age": pick((0, 30, 60, 60, 360, 360, 1440, 4000)) * MINUTE,
            "catch-up": pick(("auto", "auto", "auto", 0, 5 * HOUR, DAY, 9 * DAY)),
            "override": None,
            "first": pick((True, False)),
        }
        self.names = self.random.sample(NAMES, pick((1, 2, 3)))
        self.model = Model(self.flags)
        self.now = START + self.random.randrange(DAY // MINUTE) * MINUTE
        self.new = {"ingestion": [], "peer_validation": []}

    def step(self):
        """Time goes on, at times to just where a window is due, and things come in."""
        pick = self.random.choice
        self.now += pick((10, 10, 10, 60, 60, 180, 600, 1440, 4 * 1440, 8 * 1440)) * MINUTE
        if self.random.random() < 0.5:
            due = self.flags["period"]
            self.now += (YEAR_ONE + self.flags["grace"] - self.now) % due + pick((-1, 0, 0, 1))
        if self.flags["override"] is not None or self.random.random() < 0.1:
            at = self.now - self.random.randrange(2 * DAY)
            self.flags["override"] = None if self.random.random() < 0.7 else at // MINUTE * MINUTE
        if self.random.random() < 0.1:  # somebody chooses another period
            self.flags["period"] = pick(PERIODS)
        for _ in range(self.random.randrange(6)):
            self.batch()
        for key in list(self.model.ingestion):
            if self.random.random() < 0.3:
                self.complete(key)
            if self.random.random() < 0.3:
                self.validate(key)
        if self.random.random() < 0.3:
            self.validate((pick(self.names), self.moment(), "never-ingested"))

    def moment(self):
        """Of a batch: often at an edge of what is looked at."""
        pick, now = self.random.choice, self.now
        edge = pick((now, now, now - self.flags["max-age"], now + DAY,
                     *self.model.windows(now)[-3:],
                     self.model.windows(now)[-1] + self.flags["period"],
                     now - self.random.randrange(9 * DAY)))
        return edge // MINUTE * MINUTE + pick((-2, -1, 0, 0, 0, 1, 2, 59)) * MINUTE

    def batch(self):
        odd = self.random.choice(("", "", "", " <&>", "-x", ".batch.y", "é", "%2F+", "\n"))
        batch = str(uuid.UUID(int=self.random.getrandbits(128), version=4)) + odd
        key = (self.random.choice(self.names), self.moment(), batch)
        if self.random.random() < 0.2 and self.model.ingestion:  # the same minute, or the same id
            other = self.random.choice(list(self.model.ingestion))
            key = self.random.choice(((other[0], other[1], batch),
                                      (other[0], other[1] + MINUTE, other[2])))
        for part in self.random.sample(PARTS, self.random.choice((1, 2, 3, 3, 3, 3))):
            self.add_part(key, part)

    def add_part(self, key, part):
        self.model.ingestion.setdefault(key, set()).add(part)
        self.new["ingestion"].append(f"{key[0]}/{minute(key[1])}/{key[2]}{part}")

    def complete(self, key):
        for part in set(PARTS) - self.model.ingestion[key]:
            self.add_part(key, part)

    def validate(self, key):
        ours = "1" if self.flags["first"] else "0"
        part = self.random.choice((".sig", ".sig", ".sig", ".avro", ""))
        self.model.peer.setdefault(key, set()).add(part)
        name = f"{key[0]}/{minute(key[1])}/{key[2]}.validity_{ours}{part}"
        self.new["peer_validation"].append(name)

    def expired(self):
        """Markers that the bucket's lifecycle takes away: not every run finds it at work."""
        if self.random.random() < 0.7:
            return []
        limit = minute(self.now - RETENTION, "-")
        gone = []
        for marker in sorted(self.model.markers):
            dates = [marker[at:at + 16] for at in range(len(marker) - 15)
                     if marker[at:at + 16].count("-") == 4 and
                     marker[at:at + 16].replace("-", "").isdigit()]
            if dates and dates[-1 if marker.startswith("aggregate-") else 0] < limit:
                gone.append(marker)
        self.model.markers.difference_update(gone)
        return gone

    def arguments(self):
        at = datetime.datetime.fromtimestamp(self.now, datetime.timezone.utc)
        flags = {"now": at.strftime("%Y-%m-%dT%H:%M:%SZ"),
                 "aggregation-period": duration(self.flags["period"]),
                 "grace-period": duration(self.flags["grace"]),
                 "intake-max-age": duration(self.flags["max-age"]),
                 "is-first": str(self.flags["first"]).lower()}
        reach = self.flags["catch-up"]
        flags["catch-up"] = reach if reach == "auto" else duration(reach)
        if self.flags["override"] is not None:
            flags["aggregation-override-timestamp"] = minute(self.flags["override"], "")
        return flags


class Player:
    def __init__(self, program, seed):
        self.program, self.receiver, self.seed = program, PushReceiver(), seed
        self.history = History(seed)
        self.backend = FileBackend()
        self.backend.prepare({"flags": {}})
        self.seen = {"intake": 0, "aggregate": 0}
        self.messages = 0

    def new_messages(self, topic):
        bodies = self.backend.messages(topic)
        new, self.seen[topic] = bodies[self.seen[topic]:], len(bodies)
        return new

    def stop(self):
        self.receiver.stop()
        self.backend.stop()

    def play(self, number):
        history = self.history
        history.step()
        for field, keys in history.new.items():
            self.backend.add(field, keys)
            keys.clear()
        self.backend.remove("own_validation", [PREFIX + marker for marker in history.expired()])
        flags = {**self.backend.flags({"flags": {}}), **history.arguments(),
                 "push-gateway": self.receiver.address, "log-level": "error"}
        command = [self.program, "workflow-manager", *(f"--{n}={v}" for n, v in flags.items())]
        done = subprocess.run(command, capture_output=True, timeout=PATIENCE_SECONDS, check=False,
                              env={"TZ": "America/New_York"})
        intake, aggregate, counts = history.model.run(history.now)
        self.messages += len(intake) + len(aggregate)
        pushes = self.receiver.take()
        pushed = {name.removeprefix("workflow_manager_"): value
                  for push in pushes for name, value in push["metrics"].items()
                  if name.startswith("workflow_manager_") and "{" in name}
        markers = {key.removeprefix(PREFIX) for key in self.backend.keys("own_validation")}
        problems = []
        for what, wanted, got in (
                ("exit status", 0, done.returncode),
                ("intake", sorted(intake), sorted(self.new_messages("intake"))),
                ("aggregate", sorted(aggregate), sorted(self.new_messages("aggregate"))),
                ("markers", history.model.markers, markers),
                ("metrics", counts, pushed)):
            if wanted != got:
                problems.append(f"seed {self.seed}, run {number}: {what}: {differ(wanted, got)}")
        if problems:
            problems += [" ".join(command), done.stderr.decode()]
        return problems


def differ(wanted, got):
    if isinstance(wanted, dict):
        wanted, got = set(wanted.items()), set(got.items())
    if isinstance(wanted, (list, set)):
        return (f"missing {[item for item in wanted if item not in got]}, "
                f"too much {[item for item in got if item not in wanted]}")
    return f"expected {wanted}, is {got}"


def play(options, seed):
    """What is wrong, and how many messages there were."""
    player = Player(options.waybill, seed)
    try:
        for number in range(options.runs):
            problems = player.play(number)
            if problems:
                return problems, player.messages
        return [], player.messages
    finally:
        player.stop()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--waybill", required=True)
    parser.add_argument("--seed", type=int, default=1, help="of the first history")
    parser.add_argument("--histories", type=int, default=10)
    parser.add_argument("--runs", type=int, default=6)
    options = parser.parse_args()
    failed = messages = 0
    seeds = range(options.seed, options.seed + options.histories)
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        for problems, count in pool.map(lambda seed: play(options, seed), seeds):
            failed += bool(problems)
            messages += count
            for problem in problems:
                print(problem)
    print(f"{options.histories} histories, {messages} messages, {failed} failed")
    # A model that finds nothing to do checks nothing.
    return 1 if failed or messages < options.histories else 0


if __name__ == "__main__":
    sys.exit(main())
