"""Golden cases on directories: buckets are directories, topics are files of JSON lines."""

import json
import os
import shutil
import tempfile


RESERVED = ".waybill-"
BUCKETS = {
    "ingestion": "ingest-bucket",
    "own_validation": "own-bucket",
    "peer_validation": "peer-bucket",
}


def path_of_key(key):
    """As src/adapters/file/object_key.h says."""
    parts = []
    for part in key.split("/"):
        odd = part in ("", ".", "..") or "\0" in part or part.startswith(RESERVED)
        escaped = RESERVED + "key-" + part.replace("%", "%25").replace("\0", "%00")
        parts.append(escaped if odd else part)
    return os.path.join(*parts)


def key_of_path(path):
    parts = []
    for part in path.split(os.sep):
        if part.startswith(RESERVED + "key-"):
            part = part[len(RESERVED + "key-"):].replace("%00", "\0").replace("%25", "%")
        parts.append(part)
    return "/".join(parts)


class FileBackend:
    """What golden.py asks of a backend."""

    name = "file"
    # Cases whose fault or refusal this backend cannot bring about.
    cannot = {
        "publish_answer_lost": "appending to a file gives no answer that can be lost",
    }

    # What the log says here where S3 gave its error code.
    words = {"AccessDenied": "Not a directory", "NoSuchBucket": "peer-bucket"}

    @staticmethod
    def start():
        """The servers that all cases share: none."""

    def __init__(self, _servers=None):
        self.directory = tempfile.mkdtemp(prefix="waybill-golden-")

    def prepare(self, case):
        for field, bucket in BUCKETS.items():
            if field not in case.get("missing_buckets", []):
                os.makedirs(self._bucket(bucket))
                self.add(field, case.get(field, []))
        os.makedirs(os.path.join(self.directory, "topics"))
        for fault in case.get("injected_faults", []):
            self._inject(case, fault)

    def _bucket(self, bucket):
        return os.path.join(self.directory, bucket)

    def _inject(self, case, fault):
        path = fault.get("path", "")
        if fault.get("method") == "GET" and path == "^/peer-bucket" and fault["action"] == "status":
            shutil.rmtree(self._bucket("peer-bucket"))
            with open(self._bucket("peer-bucket"), "w", encoding="utf-8"):
                pass  # no directory: it cannot be listed
        elif fault.get("method") == "PUT" and "task-markers/intake-" in path:
            # A directory where the marker would be: it cannot be written.
            for batch in case["refused_markers"]:
                os.makedirs(os.path.join(self._bucket("own-bucket"), batch))

    def add(self, field, keys):
        for key in keys:
            path = os.path.join(self._bucket(BUCKETS[field]), path_of_key(key))
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="utf-8"):
                pass

    def remove(self, field, keys):
        for key in keys:
            os.remove(os.path.join(self._bucket(BUCKETS[field]), path_of_key(key)))

    def flags(self, case):
        missing = case.get("missing_topics", [])
        flags = {
            "ingestor-input": "file://" + self._bucket("ingest-bucket"),
            "own-validation-input": "file://" + self._bucket("own-bucket"),
            "peer-validation-input": "file://" + self._bucket("peer-bucket"),
            "task-queue-kind": "file",
        }
        # A case about the flags of a kind of queue keeps it: it is refused before it is opened.
        if {"aws-sns-region", "gcp-project-id"} & case["flags"].keys():
            flags["task-queue-kind"] = case["task_queue_kind"]
        for topic in ("intake", "aggregate"):
            folder = "missing-topics" if topic in missing else "topics"
            flags[f"{topic}-tasks-topic"] = os.path.join(self.directory, folder, topic)
        return flags

    def environment(self):
        return {}

    def messages(self, topic):
        """All bodies published so far, as text."""
        path = os.path.join(self.directory, "topics", topic)
        if not os.path.exists(path):
            return []
        with open(path, encoding="utf-8") as file:
            lines = [json.loads(line) for line in file]
        for line in lines:
            if json.loads(line["body"])["trace-id"] != line["id"]:
                raise AssertionError(f"a message's id is not its trace-id: {line}")
        return [line["body"] for line in lines]

    def keys(self, field):
        root = self._bucket(BUCKETS[field])
        found = []
        for folder, _, names in os.walk(root):
            for name in names:
                if name.startswith(RESERVED + "new-"):
                    continue  # was being written when its process was killed: no object
                found.append(key_of_path(os.path.relpath(os.path.join(folder, name), root)))
        return found

    def body(self, field, key):
        path = os.path.join(self._bucket(BUCKETS[field]), path_of_key(key))
        with open(path, encoding="utf-8") as file:
            return file.read()

    def check_faults(self, case):
        pass

    def stop(self):
        shutil.rmtree(self.directory)
