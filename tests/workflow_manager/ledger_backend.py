"""Buckets as directories, and tasks in Waybill's own ledger, for `workflow-manager` and `scan`."""

import os
import shutil
import sqlite3
import tempfile

from file_backend import FileBackend

TASKS = {"intake": "intake-batch", "aggregate": "aggregate"}
DEFINITIONS = """
tasks:
  intake-batch: {shell: 'true'}
  aggregate: {shell: 'true'}
scans:
  drop: {planner: prio, side: second, ingestion: ../ingest-bucket, own: ../own-bucket,
         peer: ../peer-bucket, intake_task: intake-batch, aggregate_task: aggregate}
"""


class LedgerBackend(FileBackend):
    name = "ledger"

    def prepare(self, case):
        super().prepare(case)
        os.makedirs(self._path("definitions"))
        with open(self._path("definitions/prio.yaml"), "w", encoding="utf-8") as file:
            file.write(DEFINITIONS)

    def _path(self, name):
        return os.path.join(self.directory, name)

    def ledger_flags(self):
        return {"data": self._path("data"), "definitions": self._path("definitions")}

    def flags(self, case):
        topics = {f"{topic}-tasks-topic": task for topic, task in TASKS.items()}
        return {**super().flags(case), **topics, **self.ledger_flags(),
                "task-queue-kind": "ledger"}

    def messages(self, topic):
        """Of a copy: who opens a ledger that was left by a killed process tidies it up."""
        with tempfile.TemporaryDirectory(prefix="waybill-ledger-") as copy:
            data = os.path.join(copy, "data")
            ledger = os.path.join(data, "ledger.db")
            if not os.path.exists(self._path("data/ledger.db")):
                return []
            shutil.copytree(self._path("data"), data)
            return params_in(ledger, TASKS[topic])


class ScanBackend(LedgerBackend):
    name = "scan"


def params_in(path, definition):
    ledger = sqlite3.connect(path)
    try:
        if not ledger.execute("SELECT 1 FROM sqlite_schema WHERE name = 'requests'").fetchone():
            return []
        return [params for params, in ledger.execute(
            "SELECT CAST(params AS TEXT) FROM requests WHERE definition = ?", (definition,))]
    finally:
        ledger.close()
