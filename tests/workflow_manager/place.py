"""Buckets and topics of one round of runs that are killed, doubled or failed, and what must be
there in the end."""

import os
import subprocess

from expectation import trace_id_of

PATIENCE_SECONDS = 60
SUFFIXES = (".batch", ".batch.avro", ".batch.sig")


def drop(batches):
    """A case of so many batches to take in and one window to aggregate."""
    ingestion = []
    for number in range(batches):
        path = f"kittens/2020/10/31/11/{number:02}/batch-{number}"
        ingestion += [path + suffix for suffix in SUFFIXES]
    summed = "kittens/2020/10/31/07/30/summed"
    ingestion += [summed + suffix for suffix in SUFFIXES]
    return {"ingestion": ingestion, "peer_validation": [summed + ".validity_0.sig"], "flags": {}}


def ids_of(batches):
    """The trace-ids of that drop's tasks."""
    intakes = [{"aggregation-id": "kittens", "batch-id": f"batch-{number}",
                "date": f"2020/10/31/11/{number:02}"} for number in range(batches)]
    summed = {"aggregation-id": "kittens", "aggregation-start": "2020/10/31/06/00",
              "aggregation-end": "2020/10/31/09/00"}
    return {trace_id_of(message) for message in [*intakes, summed]}


class Place:
    def __init__(self, program, backend, batches):
        self.backend, self.batches = backend, batches
        self.case = drop(batches)
        backend.prepare(self.case)
        flags = {**backend.flags(self.case), "now": "2020-10-31T12:00:00Z"}
        words = [f"--{name}={value}" for name, value in flags.items()]
        self.command = [program, "workflow-manager", *words]

    def start(self, *more):
        return subprocess.Popen(
            [*self.command, *more], env={"PATH": os.environ["PATH"], **self.backend.environment()},
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)

    @staticmethod
    def finish(process):
        _, stderr = process.communicate(timeout=PATIENCE_SECONDS)
        return process.returncode, stderr.decode()

    def published(self):
        return self.backend.messages("intake") + self.backend.messages("aggregate")

    def markers(self):
        """Without what a run that was killed while it probed its bucket leaves behind."""
        return {key for key in self.backend.keys("own_validation")
                if not key.startswith("task-markers/probe-")}

    def problems(self, copies_max, when):
        """Every task is marked, published, and under one id; no lock is left."""
        markers, bodies = self.markers(), self.published()
        found = []
        if len(markers) != self.batches + 1 or any("scan-lock" in marker for marker in markers):
            found.append(f"{len(markers)} markers: {sorted(markers)}")
        wanted = ids_of(self.batches)
        if len(set(bodies)) != len(wanted) or {id_in(body) for body in bodies} != wanted:
            found.append(f"{len(set(bodies))} different messages of {len(wanted)}: {bodies}")
        most = max((bodies.count(body) for body in set(bodies)), default=0)
        if most > copies_max:
            found.append(f"a message {most} times")
        return [f"{when}: {problem}" for problem in found]

    def remove(self):
        self.backend.stop()


def id_in(body):
    return body.split('"')[3]
