#!/usr/bin/env python3
"""What a ledger on PostgreSQL and a queue on RabbitMQ do: `make bench-scale`.

Starts a PostgreSQL and a RabbitMQ of its own, on free ports, with default durability, in a
directory that has to be on the disk to measure. `floor` is what the bare statements, or a bare
publisher, reach in the same run; `ratio` is the value over that; `peer` is what the best peer
reached on this class of machine on 2026-11-22 (docs/reference/benchmarks.md says how).
"""

import argparse
import glob
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time

from servers import Postgres, Rabbit, ticks, until

NOT_HERE = 77  # a test that is to be skipped


class Bench:
    def __init__(self, options, directory, postgres):
        self.options = options
        self.directory = directory
        self.postgres = postgres
        self.figures = []

    def load(self, load, place, **settings):
        arguments = [f"{name}={value}" for name, value in settings.items()]
        ran = subprocess.run([self.options.load, load, place, *arguments], capture_output=True,
                             text=True)
        if ran.returncode != 0:
            raise SystemExit(f"scale_load {load} failed: {ran.stderr}")
        return json.loads(ran.stdout)

    def rate(self, load, place, **settings):
        run = self.load(load, place, **settings)
        return run["tasks"] / run["seconds"]

    def figure(self, name, unit, samples, floors=None, peer=None, goal="none", note=None):
        value = statistics.median(samples)
        floor = statistics.median(floors) if floors else None
        made = {"name": name, "unit": unit, "value": round(value, 4), "min": round(min(samples), 4),
                "max": round(max(samples), 4), "n": len(samples),
                "floor": None if floor is None else round(floor, 4),
                "ratio": None if floor is None else round(value / floor, 4), "peer": peer}
        if note:
            made["note"] = note
        self.figures.append(made)
        beside = "" if floor is None else f"  floor {floor:,.1f}, ratio {value / floor:.2f}"
        print(f"{name:24} {value:>12,.3f} {unit:8} ({min(samples):,.3f} to {max(samples):,.3f}; "
              f"goal: {goal}){beside}", flush=True)

    def repeat(self, measure):
        """Lists of what `measure` gives, one for each of its values."""
        return list(zip(*(measure() for _ in range(self.options.repetitions))))

    def enqueue(self):
        tasks = self.options.tasks

        def thousands():
            url = self.postgres.fresh("bench")
            return (self.rate("bare_enqueue", url, tasks=tasks, batch=1000),
                    self.rate("enqueue", url, tasks=tasks, batch=1000))

        def single():
            url = self.postgres.fresh("bench")
            return (self.rate("bare_enqueue", url, tasks=tasks // 2, callers=16),
                    self.rate("enqueue", url, tasks=tasks // 2, callers=16))

        floors, samples = self.repeat(thousands)
        self.figure("pg_enqueue_1000", "tasks/s", samples, floors, peer=49_500,
                    goal="49,500 and ratio 0.6")
        floors, samples = self.repeat(single)
        self.figure("pg_enqueue_16x1", "tasks/s", samples, floors, peer=2_100, goal="15,000")

    def worker(self, url):
        return subprocess.Popen(
            [self.options.waybill, "worker", "--ledger", url, "--data", f"{self.directory}/data",
             "--log-level", "error", "--quiet", "--slots", "4"],
            env={"PATH": os.environ["PATH"]}, cwd=self.directory, stdout=subprocess.DEVNULL)

    def await_drained(self, database, worker):
        """What it took of the worker's CPU; it is ended then."""
        def is_drained():
            if worker.poll() is not None:
                raise SystemExit(f"the worker ended with status {worker.returncode}")
            return self.postgres.psql(
                database, "SELECT NOT EXISTS (SELECT FROM waybill.tasks)") == "t"
        end = time.monotonic() + 600
        while not is_drained():
            if time.monotonic() > end:
                raise SystemExit("the worker did not end its tasks within ten minutes")
            time.sleep(0.5)
        spent = ticks(worker.pid)[0]
        worker.send_signal(signal.SIGTERM)
        worker.wait(60)
        return spent

    def drained(self, database, tasks):
        """Tasks a second and CPU seconds a thousand, from the worker's start."""
        url = self.postgres.url(database)
        last = int(self.postgres.psql(database, "SELECT last_value FROM waybill.handles"))
        before = self.postgres.cpu_seconds()
        begin = time.time()
        spent = self.await_drained(database, self.worker(url))
        spent += self.postgres.cpu_seconds() - before
        end, count = self.postgres.psql(
            database, "SELECT max(finished_at), count(*) FROM waybill.finished "
            f"WHERE handle > {last - tasks}").split("|")
        if int(count) != tasks:
            raise SystemExit(f"{count} of {tasks} tasks are finished")
        return tasks / (int(end) / 1e6 - begin), spent / tasks * 1000

    def drain(self):
        tasks = self.options.tasks

        def once():
            url = self.postgres.fresh("bench")
            bare = []
            for keep in ("no", "yes"):
                self.load("bare_enqueue", url, tasks=tasks, batch=1000)
                bare.append(self.rate("bare_drain", url, batch=100, keep=keep))
            self.load("enqueue", url, tasks=tasks, batch=1000)
            return (*bare, *self.drained("bench", tasks))

        dropped, kept, samples, spent = self.repeat(once)
        note = "the same run: what is finished is always kept until retention removes it"
        self.figure("pg_drain", "tasks/s", samples, dropped, peer=37_500, goal="36,000", note=note)
        self.figure("pg_drain_keep", "tasks/s", samples, kept, peer=28_300, goal="ratio 0.7")
        self.figure("pg_cpu_s_per_1000", "s", spent, peer=0.034, goal="0.036",
                    note="server and worker, while draining")

    def end_to_end(self):
        tasks = self.options.tasks

        def once():
            url = self.postgres.fresh("bench")
            self.load("enqueue", url, tasks=1)
            worker = self.worker(url)
            until(lambda: self.postgres.psql("bench", "SELECT count(*) FROM waybill.finished")
                  == "2", "the worker's start")
            begin = time.time()
            self.load("enqueue", url, tasks=tasks, batch=1000)
            self.await_drained("bench", worker)
            end = int(self.postgres.psql("bench", "SELECT max(finished_at) FROM waybill.finished"))
            return (tasks / (end / 1e6 - begin),)

        self.figure("pg_end_to_end", "tasks/s", self.repeat(once)[0], peer=18_700,
                    goal="28,000", note="from the producer's start to the last end")

    def start(self):
        def once():
            url = self.postgres.fresh("bench")
            run = self.load("start", url, tasks=self.options.paced, rate=50,
                            directory=tempfile.mkdtemp(dir=self.directory))
            return run["p50_ms"], run["p99_ms"]

        halves, tails = self.repeat(once)
        self.figure("pg_start_p50_ms", "ms", halves, peer=3.0, goal="2")
        self.figure("pg_start_p99_ms", "ms", tails, peer=5.4, goal="5")

    def history(self):
        tasks = self.options.tasks

        def drained(database):
            self.load("enqueue", self.postgres.url(database), tasks=tasks, batch=1000)
            return self.drained(database, tasks)[0]

        for database in ("unfilled", "filled"):
            self.load("enqueue", self.postgres.fresh(database), tasks=1000, batch=100)
            self.drained(database, 1001)
        began = time.monotonic()
        self.fill("filled", self.options.history)
        print(f"{self.options.history:,} finished tasks stored in "
              f"{time.monotonic() - began:.0f} s", flush=True)
        self.postgres.psql("postgres", "CHECKPOINT")
        full, empty = self.repeat(lambda: (drained("filled"), drained("unfilled")))
        samples = [one / other for one, other in zip(full, empty)]
        self.figure("pg_history_10m_ratio", "ratio", samples, goal="0.9",
                    note=f"drain with {self.options.history} finished tasks kept over drain "
                         "without; the peer: pg-boss with 1,000,000 kept", peer=0.97)

    def fill(self, database, count):
        """Finished tasks as a worker left them, with ids that grow as real ones do."""
        columns = [row for row in self.postgres.psql(
            database, "SELECT attname FROM pg_attribute WHERE attrelid = "
            "'waybill.finished'::regclass AND attnum > 0 ORDER BY attnum").split("\n")]
        given = ", ".join({"handle": "new.handle", "id": "new.id"}.get(name, f"one.{name}")
                          for name in columns)
        first = int(self.postgres.psql(database, "SELECT last_value FROM waybill.handles")) + 1
        last = first + count - 1
        self.postgres.psql(database, f"SELECT setval('waybill.handles', {last})")
        for span in range(first // 500_000, last // 500_000 + 1):
            self.postgres.psql(database, f"SELECT waybill.make_partition({span})")
        for begin in range(first, last + 1, 500_000):
            end = min(begin + 499_999, last)
            self.postgres.psql(database, f"""
                WITH new AS (
                  INSERT INTO waybill.ids (id, handle)
                  SELECT (lpad(to_hex(h), 12, '0') || '7' || substr(md5(h::text), 1, 3) || '8' ||
                    substr(md5(h::text), 4, 15))::uuid, h
                  FROM generate_series({begin}, {end}) AS h RETURNING id, handle
                ), one AS (SELECT * FROM waybill.finished WHERE handle < {first} LIMIT 1)
                INSERT INTO waybill.finished ({", ".join(columns)})
                SELECT {given} FROM new, one""")
        self.postgres.psql(database, "VACUUM ANALYZE")

    def publish(self):
        rabbit = Rabbit(self.directory)
        if rabbit.url is None:
            print("amqp_publish is not measured: RabbitMQ is not installed")
            return
        try:
            messages = self.options.tasks // 2
            floors, samples = self.repeat(lambda: (
                self.rate("bare_publish", rabbit.url, tasks=messages),
                self.rate("publish", rabbit.url, tasks=messages, batch=500)))
        finally:
            rabbit.close()
        self.figure("amqp_publish", "messages/s", samples, floors, goal="ratio 0.5")


LOADS = ("enqueue", "drain", "end_to_end", "start", "history", "publish")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--waybill", required=True)
    parser.add_argument("--load", required=True, help="the program scale_load")
    parser.add_argument("--json-file", help="where the figures go")
    parser.add_argument("--directory", help="on the disk to measure, where the user postgres may "
                        "go (the system's for temporary files)")
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--tasks", type=int, default=100_000, help="of each run")
    parser.add_argument("--history", type=int, default=10_000_000)
    parser.add_argument("--only", action="append", choices=LOADS)
    parser.add_argument("--quick", action="store_true", help="that it works; figures mean little")
    options = parser.parse_args()
    options.waybill = os.path.abspath(options.waybill)
    options.load = os.path.abspath(options.load)
    options.paced = 1000
    if options.quick:
        options.repetitions, options.tasks, options.paced, options.history = 1, 2000, 50, 600_000
    if not glob.glob("/usr/lib/postgresql/*/bin/initdb"):
        print("PostgreSQL is not installed")
        return NOT_HERE
    with tempfile.TemporaryDirectory(prefix="scale-", dir=options.directory) as made:
        os.chmod(made, 0o711)
        postgres = Postgres(made, "64MB" if options.quick else "1GB")
        try:
            bench = Bench(options, made, postgres)
            for name in options.only or LOADS:
                getattr(bench, name)()
        finally:
            postgres.close()
    if options.json_file:
        os.makedirs(os.path.dirname(os.path.abspath(options.json_file)), exist_ok=True)
        with open(options.json_file, "w") as file:
            lines = ",\n  ".join(json.dumps(figure) for figure in bench.figures)
            file.write(f"[\n  {lines}\n]\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
