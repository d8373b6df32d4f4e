#!/usr/bin/env python3
"""Servers and workers behind a pooler in transaction mode that gives each transaction another of a
few sessions. Exit status 77: a program that this needs is not here."""

import glob
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "http"))
import serving  # noqa: E402  pylint: disable=wrong-import-position
import pooler  # noqa: E402  pylint: disable=wrong-import-position
from servers import Postgres  # noqa: E402  pylint: disable=wrong-import-position

SESSIONS = 3
TASKS = 400
BATCH = 50
ENDED = ("succeeded", "failed", "cancelled")
LEFT_BEHIND = """SELECT (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted),
  (SELECT count(*) FROM pg_stat_activity WHERE datname = 'ledger' AND state LIKE 'idle in%')"""


class Behind(unittest.TestCase):
    def setUp(self):
        self.top = tempfile.mkdtemp(prefix="waybill-pooler-")
        self.addCleanup(shutil.rmtree, self.top, ignore_errors=True)
        os.chmod(self.top, 0o711)
        self.postgres = Postgres(self.top, "32MB")
        self.addCleanup(self.postgres.close)
        self.postgres.fresh("ledger")
        self.pooler = pooler.Pooler(self.top, self.postgres.port, SESSIONS)
        self.addCleanup(self.pooler.close)
        self.ledger = self.pooler.url("ledger")
        self.definitions = f"{self.top}/definitions"
        os.mkdir(self.definitions)
        with open(f"{self.definitions}/all.yaml", "w", encoding="utf-8") as file:
            file.write("tasks:\n  twice:\n    command: [sh, -c, 'test \"$WAYBILL_ATTEMPT\" = 2']\n"
                       "    retry: {attempts: 3, first_delay: 1s}\n"
                       "schedules:\n  often:\n    cron: '* * * * * *'\n    task: twice\n")

    def command(self, *words):
        return subprocess.run([serving.WAYBILL[0], *words], cwd=self.top, capture_output=True,
                              text=True, check=False, timeout=serving.PATIENCE_SECONDS)

    def serve(self):
        served = serving.Serving("--ledger", self.ledger, "--definitions", self.definitions)
        self.addCleanup(served.close)
        return served

    def work(self, *words):
        log = open(f"{self.top}/worker.log", "ab")  # pylint: disable=consider-using-with
        self.addCleanup(log.close)
        process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "--", serving.WAYBILL[0], "worker", "--ledger",
             self.ledger, "--data", f"{self.top}/worker", "--definitions", self.definitions,
             *words], cwd=self.top, stdout=log, stderr=log)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    @staticmethod
    def create(served, count, **members):
        ids = []
        for _ in range(0, count, BATCH):
            answer = served.post("/v1/tasks:batch", {"tasks": [members] * min(BATCH, count)})
            ids += [one["task"]["id"] for one in answer.json["results"]]
        return ids

    def await_ended(self, served, ids):
        left = set(ids)

        def all_ended():
            listed = served.get("/v1/tasks?limit=1000&" + "&".join(
                f"state={state}" for state in ENDED)).json["tasks"]
            states = {task["id"]: task["state"] for task in listed}
            return left <= set(states) and [states[one] for one in ids]
        return serving.until(all_ended, "the tasks end", 120)


if __name__ == "__main__":
    serving.options_of()
    absent = [name for name in ("psql", "setpriv") if not shutil.which(name)]
    if not glob.glob("/usr/lib/postgresql/*/bin/initdb"):
        absent.append("PostgreSQL")
    reason = pooler.missing() or (f"{', '.join(absent)} not installed" if absent else "")
    if reason:
        print(f"pooler_test.py: Skipped\n{reason}")
        sys.exit(77)
    unittest.main()
