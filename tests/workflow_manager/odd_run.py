"""A run of the real program against a cloud in this process that answers as no real server can be
brought to."""

import json
import os
import subprocess
import time

from expectation import trace_id_of
from odd_cloud import Answer, OddCloud, REGION, TOPICS

PATIENCE_SECONDS = 60
# How long a run may take that is told to come back in an hour, or is given one page for ever.
SOON_SECONDS = 45
PARTS = (".batch", ".batch.avro", ".batch.sig")
KEYS = {"AWS_ACCESS_KEY_ID": "ambient", "AWS_SECRET_ACCESS_KEY": "s"}
LOCK = "task-markers/scan-lock"
ALL = (3, 1)  # messages to intake and to aggregate


def batch(name):
    return [name + part for part in PARTS]


class Run:
    """A cloud with three batches to take in and one to aggregate, and a run of the program."""

    def __init__(self, program, directory):
        self.program, self.directory = program, directory
        self.cloud = OddCloud()
        for number in range(3):
            name = f"kittens/2020/10/31/11/{number:02}/b{number}"
            self.cloud.objects("ingest-bucket", *batch(name))
        self.cloud.objects("ingest-bucket", *batch("kittens/2020/10/31/07/30/summed"))
        self.cloud.objects("peer-bucket", "kittens/2020/10/31/07/30/summed.validity_0.sig")
        self.environment = {"PATH": os.environ["PATH"], "HOME": "/nonexistent",
                            "AWS_ENDPOINT_URL": self.cloud.url}
        self.flags = {"ingestor-input": f"s3://{REGION}/ingest-bucket",
                      "own-validation-input": f"s3://{REGION}/own-bucket",
                      "peer-validation-input": f"s3://{REGION}/peer-bucket",
                      "task-queue-kind": "aws-sns", "aws-sns-region": REGION,
                      "intake-tasks-topic": TOPICS + "intake",
                      "aggregate-tasks-topic": TOPICS + "aggregate",
                      "now": "2020-10-31T12:00:00Z"}
        self.stderr, self.problems, self.took = "", [], 0.0

    def __call__(self, **environment):
        words = [f"--{name}={value}" for name, value in self.flags.items()]
        began = time.monotonic()
        done = subprocess.run([self.program, "workflow-manager", *words], capture_output=True,
                              env={**self.environment, **environment}, check=False,
                              timeout=PATIENCE_SECONDS)
        self.took, self.stderr = time.monotonic() - began, done.stderr.decode()
        return done.returncode

    def expect(self, what, wanted, got):
        if wanted != got:
            self.problems.append(f"{what}: expected {wanted}, is {got}")

    def expect_published(self, counts, copies_max=1):
        """So many tasks; what is published and only that is marked."""
        published = {topic: set(bodies) for topic, bodies in self.cloud.published.items()}
        self.expect("published", counts, (len(published["intake"]), len(published["aggregate"])))
        for bodies in self.cloud.published.values():
            if any(bodies.count(body) > copies_max for body in bodies):
                self.problems.append(f"published more than once: {bodies}")
        ids = {json.loads(body)["trace-id"] for bodies in published.values() for body in bodies}
        for bodies in published.values():
            for body in bodies:
                message = json.loads(body)
                self.expect("trace-id", trace_id_of(message), message.pop("trace-id"))
        markers = [key for key in self.cloud.buckets["own-bucket"]
                   if not key.startswith((LOCK, "task-markers/probe-"))]
        self.expect("markers", len(ids), len(markers))

    def expect_says(self, *words):
        for word in words:
            if word not in self.stderr:
                self.problems.append(f"stderr lacks {word!r}")

    def expect_soon(self):
        if self.took > SOON_SECONDS:
            self.problems.append(f"took {self.took:.1f} s")

    def signers(self, path):
        """Who signed the requests for a bucket, or for SNS."""
        return {request.key_id for request in self.cloud.requests
                if request.path.startswith(path) and (path != "/" or request.form)}

    def file(self, name, text):
        path = os.path.join(self.directory, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path


def times(count, condition, answer):
    """A hook that answers so the first `count` times."""
    left = [count]

    def hook(request):
        if left[0] == 0 or not condition(request):
            return None
        left[0] -= 1
        return answer(request) if callable(answer) else answer
    return hook


def is_list(request):
    return request.is_listing_of("peer-bucket")


def is_marker(request):
    return request.method == "PUT" and "task-markers/intake-" in request.path


def is_lock(request):
    return request.method == "PUT" and request.path.endswith(LOCK)


def is_publish(request):
    return request.form.get("Action") == "PublishBatch"


def is_token_service(request):
    return request.form.get("Action", "").startswith("AssumeRole")


def sns_error(name, status=400):
    return Answer(status, f"<ErrorResponse><Error><Type>Sender</Type><Code>{name}</Code>"
                          "<Message>as told</Message></Error></ErrorResponse>")


WHERE = {"list": is_list, "marker": is_marker, "lock": is_lock, "publish": is_publish}
