"""Golden cases on Cloud Storage and Pub/Sub: the stand-in of tests/servers and Google's emulator.
"""

import base64
import glob
import json
import os
import re
import shutil
import sys
import urllib.parse

from cloud_backend import SERVERS, CloudBackend, Clouds, recorded_name
from file_backend import BUCKETS
from server import Missing, Server, ask, call

PROJECT = "waybill-tests"
JARS = "/usr/lib/google-cloud-sdk/platform/pubsub-emulator/lib/cloud-pubsub-emulator-*-all.jar"
STORAGE_PATH = re.compile(r"(/(?:upload/)?storage/v1/b/)([^/]+)(/o.*)?", re.DOTALL)
UPLOADED_NAME = re.compile(r'"name":("(?:[^"\\]|\\.)*")')
JSON = {"Content-Type": "application/json"}


def refusal(status, code, reason):
    message = f"{code or 'refused'}, as the test wants it"
    error = {"code": status, "message": message, "status": code,
             "errors": [{"message": message, "domain": "global", "reason": reason}]}
    return "application/json", json.dumps({"error": error}).encode()


class StorageDialect:
    def descriptions(self, request):
        own = {"service": "storage", "method": request.method, "path": request.path,
               "query": request.query, "body": request.text()}
        parts = STORAGE_PATH.fullmatch(request.path)
        if not parts:
            return [own]
        head, bucket, rest = parts[1], recorded_name(parts[2]), parts[3] or ""
        own["path"] = head + bucket + rest
        # As cases that were recorded on S3 name it.
        method, key = request.method, rest[len("/o"):]
        if head.startswith("/upload/"):
            name = UPLOADED_NAME.search(own["body"])
            method, key = "PUT", "/" + json.loads(name[1]) if name else ""
        return [own, {**own, "service": "s3", "method": method, "path": f"/{bucket}{key}"}]

    def refusal(self, _request, status, code):
        return refusal(status, code, "forbidden" if status == 403 else "backendError")


class PubSubDialect:
    def descriptions(self, request):
        own = {"service": "pubsub", "method": request.method, "path": request.path,
               "query": request.query, "body": request.text()}
        if not request.path.endswith(":publish"):
            return [own]
        bodies = [base64.b64decode(message["data"]).decode(errors="replace")
                  for message in json.loads(request.body)["messages"]]
        return [own, {**own, "service": "sns", "path": "/", "body": "\n".join(bodies)}]

    def refusal(self, _request, status, code):
        return refusal(status, "PERMISSION_DENIED" if status == 403 else "UNAVAILABLE", code)


class StorageStandIn(Server):
    dialect = StorageDialect()

    def __init__(self):
        program = os.path.join(SERVERS, "gcs_stand_in.py")
        super().__init__(lambda port, _: [sys.executable, "-B", program, "--port", str(port)], "/")

    def environment(self, proxy):
        return {"STORAGE_EMULATOR_HOST": proxy.host}


class PubSubEmulator(Server):
    dialect = PubSubDialect()

    def __init__(self):
        jars, java = glob.glob(JARS), shutil.which("java")
        if not jars or not java:
            raise Missing("Google's Pub/Sub emulator (java and its jar) is not installed")
        super().__init__(
            lambda port, directory: [java, "-Xmx512m", f"-Djava.io.tmpdir={directory}", "-jar",
                                     jars[0], "--host=127.0.0.1", f"--port={port}"], "/")

    def environment(self, proxy):
        return {"PUBSUB_EMULATOR_HOST": proxy.host}


class StorageBuckets:
    def __init__(self, server):
        self.url = server.url

    @staticmethod
    def bucket_url(bucket):
        return f"gs://{bucket}"

    @staticmethod
    def _object(bucket, key):
        return f"/storage/v1/b/{bucket}/o/" + urllib.parse.quote(key, safe="")

    def create(self, bucket):
        ask(self.url, "POST", f"/storage/v1/b?project={PROJECT}", JSON,
            json.dumps({"name": bucket}).encode())

    def put(self, bucket, key):
        ask(self.url, "POST", f"/upload/storage/v1/b/{bucket}/o?uploadType=media&name="
            + urllib.parse.quote(key, safe=""), {"Content-Type": "text/plain"})

    def get(self, bucket, key):
        return ask(self.url, "GET", self._object(bucket, key) + "?alt=media").decode()

    def keys(self, bucket):
        found, token = [], ""
        while True:
            page = json.loads(ask(self.url, "GET", f"/storage/v1/b/{bucket}/o?pageToken=" + token))
            found += [item["name"] for item in page.get("items", [])]
            token = urllib.parse.quote(page.get("nextPageToken", ""), safe="")
            if not token:
                return found


class PubSubTopics:
    """Topics with a subscription each of the same name."""

    def __init__(self, emulator):
        self.url = emulator.url

    @staticmethod
    def _path(kind, name):
        return f"/v1/projects/{PROJECT}/{kind}/{name}"

    def create(self, name):
        topic = self._path("topics", name)
        ask(self.url, "PUT", topic, JSON, b"{}")
        ask(self.url, "PUT", self._path("subscriptions", name), JSON,
            json.dumps({"topic": topic[len("/v1/"):], "ackDeadlineSeconds": 600}).encode())

    def exists(self, name):
        return call(self.url, "GET", self._path("topics", name))[0] == 200

    def flags(self, topics):
        return {"task-queue-kind": "gcp-pubsub", "gcp-project-id": PROJECT,
                **{f"{topic}-tasks-topic": name for topic, name in topics.items()}}

    def receive(self, name):
        subscription = self._path("subscriptions", name)
        bodies = []
        while True:
            answer = json.loads(ask(self.url, "POST", subscription + ":pull", JSON,
                                    b'{"maxMessages":1000,"returnImmediately":true}'))
            received = answer.get("receivedMessages", [])
            if not received:
                return bodies
            bodies += [base64.b64decode(one["message"]["data"]).decode() for one in received]
            receipts = {"ackIds": [one["ackId"] for one in received]}
            ask(self.url, "POST", subscription + ":acknowledge", JSON,
                json.dumps(receipts).encode())


class GoogleBackend(CloudBackend):
    name = "google"
    # What the log says here where S3 gave its error code.
    words = {"AccessDenied": "forbidden", "NoSuchBucket": "The specified bucket does not exist"}

    @staticmethod
    def start():
        return Clouds([StorageStandIn, PubSubEmulator])

    def parts(self):
        storage, emulator = self.clouds.servers
        return dict.fromkeys(BUCKETS, StorageBuckets(storage)), PubSubTopics(emulator)
