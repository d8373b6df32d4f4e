#!/usr/bin/env python3
"""Servers and workers behind a pooler in transaction mode that gives each transaction another of a
few sessions. Exit status 77: a program that this needs is not here."""

import glob
import os
import shutil
import subprocess
import sys
import tempfile
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
            file.write("tasks:\n  twice:\n    shell: test $WAYBILL_ATTEMPT -ge 2 || exit 75\n"
                       "    retry: {backoff: 100ms}\n")

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
            answer = served.post("/v1/tasks", {"tasks": [members] * min(BATCH, count)})
            if answer.status != 200:
                raise AssertionError(answer)
            ids += [task["id"] for task in answer.json["tasks"]]
        return ids

    def await_ended(self, served, ids):
        left = set(ids)

        def all_ended():
            listed = served.get("/v1/tasks?limit=1000&" + "&".join(
                f"state={state}" for state in ENDED)).json["tasks"]
            states = {task["id"]: task["state"] for task in listed}
            return left <= set(states) and [states[one] for one in ids]
        return serving.until(all_ended, "the tasks end", 120)

    def test_servers_and_workers_rely_on_no_session(self):
        migrated = self.command("db", "migrate", "--ledger", self.ledger)
        self.assertEqual(migrated.returncode, 0, migrated.stderr)
        first, second = self.serve(), self.serve()
        workers = [self.work("--slots", "4"), self.work("--slots", "4")]
        ids = self.create(first, TASKS, kind="noop") + self.create(
            second, BATCH, definition="twice")
        late = self.create(second, BATCH, kind="noop", delay="1s")
        states = self.await_ended(first, ids + late)
        self.assertEqual(set(states), {"succeeded"}, [
            first.get(f"/v1/tasks/{one}").json for one, state in zip(ids, states)
            if state != "succeeded"][:1])
        for task in ids[-BATCH:]:
            self.assertGreaterEqual(first.get(f"/v1/tasks/{task}").json["attempt"], 2)
        # Each got whichever session's turn it was, and left nothing on it.
        users = self.postgres.psql(
            "postgres", "SELECT count(*) FROM pg_stat_activity WHERE datname = 'ledger'")
        self.assertLessEqual(int(users), SESSIONS)
        serving.until(lambda: self.postgres.psql("postgres", LEFT_BEHIND) == "0|0",
                      "no lock and no transaction is left behind")
        self.assertEqual([process.poll() for process in workers], [None, None])
        self.check()

    def check(self):
        """By way of the pooler too."""
        checked = self.command("db", "check", "--ledger", self.ledger)
        self.assertEqual(checked.returncode, 0, checked.stdout + checked.stderr)

    def test_followers_hear_of_others_commits_by_looking(self):
        first, second = self.serve(), self.serve()
        # A session that another one's LISTEN stands on tells whom it tells: nobody may wait for it.
        events = first.events("/v1/events")
        self.addCleanup(events.close)
        for _ in range(20):
            began = time.monotonic()
            [made] = self.create(second, 1, kind="noop")
            event = serving.until(lambda: self.next_of(events, made), "the event")
            self.assertLess(time.monotonic() - began, 10)
            self.assertEqual(event["state"], "ready")

    @staticmethod
    def next_of(events, task):
        _, _, data = events.next()
        return data if data.get("task", data.get("id")) == task else None

    def test_a_pooler_and_sessions_that_die_cost_time_only(self):
        served = self.serve()
        worker = self.work("--slots", "4")
        ids = self.create(served, TASKS, kind="noop")
        self.postgres.psql("postgres", "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                           "WHERE datname = 'ledger'")
        ids += self.create(served, BATCH, kind="noop")
        self.pooler.kill()
        self.pooler.start()
        ids += self.create(served, BATCH, kind="noop")
        self.assertEqual(set(self.await_ended(served, ids)), {"succeeded"})
        self.assertIsNone(worker.poll())
        self.check()

    def test_db_copy_by_way_of_it_is_refused_with_words(self):
        self.serve()
        files = f"{self.top}/files"
        made = self.command("task", "create", "--kind", "noop", "--data", files)
        self.assertEqual(made.returncode, 0, made.stderr)
        copied = self.command("db", "copy", "--from", f"sqlite:{files}", "--to", self.ledger)
        self.assertEqual(copied.returncode, 1, copied.stderr)
        self.assertIn("another program is connected", copied.stderr)
        self.assertIn("name the database itself", copied.stderr)


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
