#!/usr/bin/env python3
"""A server and a worker on a ledger in PostgreSQL under steady load for an hour, for a quarter of
it beside a session that holds a snapshot open. What grows without bound fails. Exit status 77:
PostgreSQL is not here."""

import argparse
import glob
import http.client
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

HERE = os.path.dirname(os.path.abspath(__file__))
for folder in ("../../bench", "../http"):
    sys.path.insert(0, os.path.join(HERE, folder))
import judge  # noqa: E402
import serving  # noqa: E402
from servers import Postgres  # noqa: E402

NOT_HERE = 77
SAMPLES = 60
BATCH = 50
LIVE_MAX = 20_000  # nobody makes tasks faster than they are done for long
KEPT_SHARE = 6  # finished tasks are kept for that part of the time
SIZES = """WITH rows AS (SELECT relname, n_dead_tup FROM pg_stat_user_tables
  WHERE schemaname = 'waybill' AND n_dead_tup > 0), space AS (
  SELECT sum(pg_table_size(oid)) AS tables, sum(pg_indexes_size(oid)) AS indexes FROM pg_class
  WHERE relnamespace = 'waybill'::regnamespace AND relkind = 'r')
SELECT (SELECT count(*) FROM waybill.tasks), (SELECT coalesce(sum(n_dead_tup), 0) FROM rows),
  pg_total_relation_size('waybill.tasks'), tables, indexes,
  (SELECT string_agg(relname || ' ' || n_dead_tup, ', ') FROM (
    SELECT * FROM rows ORDER BY n_dead_tup DESC LIMIT 3) AS most) FROM space"""


class Snapshot:
    """A session that sees the ledger as it was, until it is closed."""

    def __init__(self, postgres):
        self.process = subprocess.Popen(
            [f"{postgres.programs}/psql", "-X", "-q", "-A", "-t", "-d", postgres.url("ledger")],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.process.stdin.write("BEGIN ISOLATION LEVEL REPEATABLE READ;\n"
                                 "SELECT count(*) FROM waybill.tasks;\n")
        self.process.stdin.flush()
        self.process.stdout.readline()

    def close(self):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


class Load:
    """Makes tasks at a steady rate while there are not too many."""

    def __init__(self, url, rate):
        self.place, self.rate = urllib.parse.urlsplit(url), rate
        self.accepted, self.live, self.failure = 0, 0, None
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        try:
            connection = http.client.HTTPConnection(self.place.hostname, self.place.port,
                                                    timeout=60)
            body = json.dumps({"tasks": [{"kind": "noop", "params": {"text": "x" * 100}}] * BATCH})
            began, asked = time.monotonic(), 0
            while not self.ended.is_set():
                ahead = asked / self.rate - (time.monotonic() - began)
                if ahead > 0 or self.live > LIVE_MAX:
                    self.ended.wait(max(ahead, 0.05))
                    continue
                asked += BATCH
                connection.request("POST", "/v1/tasks", body,
                                   {"Content-Type": "application/json"})
                answer = connection.getresponse()
                answer.read()
                if answer.status != 200:
                    raise AssertionError(f"a batch was answered {answer.status}")
                self.accepted += BATCH
        except Exception as error:  # pylint: disable=broad-except
            self.failure = error

    def close(self):
        self.ended.set()
        self.thread.join()


def rss_bytes(pid):
    with open(f"/proc/{pid}/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


class Soak:
    def __init__(self, options, top):
        self.options, self.top = options, top
        self.postgres = Postgres(top, "256MB" if options.seconds > 600 else "64MB")
        self.postgres.fresh("ledger")
        if options.naptime:
            self.postgres.psql("postgres",
                               f"ALTER SYSTEM SET autovacuum_naptime = '{options.naptime}'")
        if options.plant == "no-vacuum":
            self.postgres.psql("postgres", "ALTER SYSTEM SET autovacuum = off")
        self.postgres.psql("postgres", "SELECT pg_reload_conf()")
        self.definitions = os.path.join(top, "definitions")
        os.mkdir(self.definitions)
        kept = max(1, int(options.seconds / KEPT_SHARE))
        with open(f"{self.definitions}/all.yaml", "w", encoding="utf-8") as file:
            file.write(f"queues:\n  default: {{retention: {{succeeded: {kept}s}}}}\n")
        self.server = self.worker = self.load = self.snapshot = None
        self.finished, self.samples = 0, []

    def start(self):
        ledger = self.postgres.url("ledger")
        tidied = max(1, int(self.options.seconds / SAMPLES))
        self.server = serving.Serving("--ledger", ledger, "--definitions", self.definitions,
                                      "--tidy-every", f"{tidied}s")
        log = os.path.join(self.top, "worker.log")
        with open(log, "wb") as file:
            self.worker = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", "--", self.options.waybill, "worker",
                 "--ledger", ledger, "--data", os.path.join(self.top, "worker"), "--slots", "32"],
                stdout=file, stderr=file)
        self.load = Load(self.server.url, self.options.rate)

    def sample(self, at, seconds):
        *numbers, most = self.postgres.psql("ledger", SIZES).split("|")
        live, dead, hot, tables, indexes = map(int, numbers)
        accepted = self.load.accepted
        self.load.live = live
        finished, self.finished = accepted - live - self.finished, accepted - live
        one = {"at": at, "seconds": seconds, "finished": max(0, finished), "live": live,
               "dead": dead, "most": most, "hot_bytes": hot, "table_bytes": tables,
               "index_bytes": indexes, "server_bytes": self.server.rss_bytes(),
               "worker_bytes": rss_bytes(self.worker.pid),
               "snapshot": self.snapshot is not None}
        self.samples.append(one)
        print(f"{at:7.0f} {60 * one['finished'] / seconds:9.0f} {one['live']:7} {one['dead']:9} "
              f"{one['hot_bytes'] >> 20:6} {tables >> 20:7} {indexes >> 20:7} "
              f"{one['server_bytes'] >> 20:7} {one['worker_bytes'] >> 20:7}"
              f"{'  snapshot' if self.snapshot else '':10}  {most}", flush=True)

    def run(self):
        print("   s at  tasks/min    live      dead hot MB tabl MB indx MB serv MB work MB",
              flush=True)
        seconds = self.options.seconds
        began = last = time.monotonic()
        while last - began < seconds:
            time.sleep(max(0.0, last + max(0.5, seconds / SAMPLES) - time.monotonic()))
            now = time.monotonic()
            at = now - began
            held = seconds / 4 < at < seconds / 2
            if held and self.snapshot is None:
                self.snapshot = Snapshot(self.postgres)
            if not held and self.snapshot is not None:
                self.snapshot.close()
                self.snapshot = None
            self.sample(at, now - last)
            last = now
            if self.load.failure or self.worker.poll() is not None:
                raise SystemExit(f"soak: the load ended: {self.load.failure}; the worker: "
                                 f"{self.worker.poll()}\n{self.server.log()}")
        return judge.faults(self.samples, self.options.share)

    def settle(self):
        """Whether what was accepted has ended, and the ledger is whole."""
        self.load.close()
        serving.until(lambda: self.postgres.psql("ledger", "SELECT count(*) FROM waybill.tasks")
                      == "0", "every task ends", 120)
        checked = subprocess.run([self.options.waybill, "db", "check", "--ledger",
                                  self.postgres.url("ledger")], capture_output=True, text=True,
                                 cwd=self.top, check=False)
        return [] if checked.returncode == 0 else [f"db check: {checked.stdout}{checked.stderr}"]

    def close(self):
        if self.load:
            self.load.close()
        if self.snapshot:
            self.snapshot.close()
        if self.worker:
            self.worker.kill()
            self.worker.wait()
        if self.server:
            self.server.close()
        self.postgres.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--waybill", required=True, help="the binary")
    parser.add_argument("--seconds", type=float, default=3600)
    parser.add_argument("--rate", type=float, default=1000, help="tasks made a second")
    parser.add_argument("--share", type=float, default=0.8,
                        help="of the first quarter's throughput, that the last must have")
    parser.add_argument("--naptime", help="of autovacuum, instead of the server's default")
    parser.add_argument("--plant", choices=["no-vacuum"], help="shows what a failure looks like")
    parser.add_argument("--json-file", help="where samples go")
    options = parser.parse_args()
    if not glob.glob("/usr/lib/postgresql/*/bin/initdb"):
        print("PostgreSQL is not installed")
        return NOT_HERE
    options.waybill = os.path.abspath(options.waybill)
    serving.WAYBILL[0] = options.waybill
    top = tempfile.mkdtemp(prefix="waybill-soak-")
    os.chmod(top, 0o711)
    soak = Soak(options, top)
    try:
        soak.start()
        found = soak.run() + soak.settle()
    finally:
        soak.close()
        shutil.rmtree(top, ignore_errors=True)
    if options.json_file:
        with open(options.json_file, "w", encoding="utf-8") as file:
            json.dump({"samples": soak.samples, "faults": found}, file, indent=1)
    for one in found:
        print(f"soak: FAULT: {one}")
    print(f"soak: {soak.finished} tasks in {options.seconds:.0f} s, {len(found)} faults")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
