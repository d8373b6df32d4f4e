"""A `waybill serve` of a test, on a free port of loopback, and words with it."""

import argparse
import json
import os
import signal
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
import uuid

PATIENCE_SECONDS = 60


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--waybill", required=True)
    parser.add_argument("--source", required=True)
    return parser.parse_args()


class Place:
    def __init__(self, waybill):
        self.waybill = waybill
        self.directory = tempfile.TemporaryDirectory(prefix="waybill-workers-")
        self.log = open(os.path.join(self.directory.name, "log"), "ab")
        self.listen = "127.0.0.1:0"
        self.started = []
        self.token = ""
        self.serve()

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        for process in self.started:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        self.log.close()
        if kind is not None:
            with open(self.log.name, encoding="utf-8", errors="replace") as log:
                print("".join(log.readlines()[-60:]))
        self.directory.cleanup()

    def start(self, command, environment=None, out=None, err=None):
        process = subprocess.Popen(command, stdout=out or self.log, stderr=err or self.log,
                                   text=True, env={**os.environ, **(environment or {})},
                                   cwd=self.directory.name, start_new_session=True)
        self.started.append(process)
        return process

    def serve(self):
        data = os.path.join(self.directory.name, "data")
        self.server = self.start([self.waybill, "serve", "--json", "--listen", self.listen,
                                  "--data", data], out=subprocess.PIPE)
        self.url = json.loads(self.server.stdout.readline())["url"]
        self.listen = self.url.removeprefix("http://")

    def make_token(self, role):
        data = os.path.join(self.directory.name, "data")
        command = [self.waybill, "token", "create", "--name", role, "--role", role, "--data", data]
        made = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=self.log,
                              text=True)
        return made.stdout.strip()

    def end(self, process, how=signal.SIGTERM):
        process.send_signal(how)
        process.wait(PATIENCE_SECONDS)

    def ask(self, method, path, body=None):
        headers = {"Content-Type": "application/json", "Idempotency-Key": str(uuid.uuid4())}
        if self.token:
            headers["Authorization"] = "Bearer " + self.token
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS) as answer:
                text = answer.read()
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{method} {path}: {error.code} {error.read()[:500]}") from error
        return json.loads(text) if text else None

    def create(self, **task):
        return self.ask("POST", "/v1/tasks", task)["task"]["id"]

    def task(self, task_id):
        return self.ask("GET", f"/v1/tasks/{task_id}")

    def happenings(self, task_id):
        history = self.ask("GET", f"/v1/tasks/{task_id}/history")["history"]
        return [entry["happening"] for entry in history]

    def output(self, task_id):
        chunks = self.ask("GET", f"/v1/tasks/{task_id}/logs")["chunks"]
        return "".join(chunk["text"] for chunk in chunks if chunk["stream"] == "stdout")

    def count(self, *states):
        query = "&".join(f"state={state}" for state in states)
        return len(self.ask("GET", f"/v1/tasks?limit=1000&{query}")["tasks"])


def until(what, condition):
    """Waits until `condition` answers something true, and answers that."""
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end:
        answer = condition()
        if answer:
            return answer
        time.sleep(0.05)
    raise AssertionError(f"in {PATIENCE_SECONDS} s it did not come to this: {what}")


def expect(got, wanted, what):
    if got != wanted:
        raise AssertionError(f"{what}: {got!r}, not {wanted!r}")
