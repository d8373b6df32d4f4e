"""Runs `waybill serve` for a test, on a free port of loopback, and speaks HTTP with it."""

import argparse
import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.parse

PATIENCE_SECONDS = 30
WAYBILL = [""]  # the program that is tested


class Answer:
    def __init__(self, response, body):
        self.status, self.headers, self.body = response.status, response.headers, body

    @property
    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"{self.status} {dict(self.headers)} {self.body[:600]}"


def until(wanted, what, seconds=PATIENCE_SECONDS):
    """The first true thing that `wanted` gives; nothing tells when that is."""
    give_up = time.monotonic() + seconds
    while True:
        found = wanted()
        if found:
            return found
        if time.monotonic() > give_up:
            raise AssertionError(f"in vain: {what}")
        time.sleep(0.01)


class Serving:
    """A server, and the directory of its ledger, which outlives each of its runs."""

    def __init__(self, *words, environment=None):
        self.more_environment = environment or {}
        self.top = tempfile.mkdtemp(prefix="waybill-http-")
        self.data = os.path.join(self.top, "data")
        self.words, self.process, self.token, self.port = words, None, None, 0
        self.listening, self.url, self.stderr = {}, "", ""
        try:
            self.start()
        except BaseException:
            self.close()
            raise

    def command(self, *words):
        return [WAYBILL[0], *words, "--data", self.data]

    def run(self, *words):
        """What another command on the same ledger prints."""
        ran = subprocess.run(self.command(*words), env=self.environment(), cwd=self.top,
                             stdin=subprocess.DEVNULL, capture_output=True, text=True,
                             timeout=PATIENCE_SECONDS, check=False)
        if ran.returncode != 0:
            raise AssertionError(f"{words}: {ran.returncode} {ran.stderr}")
        self.stderr = ran.stderr
        return ran.stdout

    def environment(self):
        kept = {name: value for name, value in os.environ.items() if name.endswith("SAN_OPTIONS")}
        return {"PATH": os.environ["PATH"], "HOME": self.top, **kept,
                **self.more_environment}

    def start(self):
        with open(os.path.join(self.top, "stderr"), "ab") as log:
            self.process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", "--",
                 *self.command("serve", "--listen", f"127.0.0.1:{self.port}", "--json",
                               *self.words)],
                env=self.environment(), cwd=self.top, stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE, stderr=log)
        self.listening = {}
        while "url" not in self.listening:  # `up` says first that it has started
            line = self.process.stdout.readline()
            if not line:
                raise AssertionError(f"it did not start: {self.log()}")
            self.listening = json.loads(line)
        self.url = self.listening["url"]
        self.port = urllib.parse.urlsplit(self.url).port

    def log(self):
        with open(os.path.join(self.top, "stderr"), encoding="utf-8", errors="replace") as log:
            return log.read()[-3000:]

    def terminate(self):
        """The exit status after SIGTERM."""
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(PATIENCE_SECONDS)
        self.process.stdout.close()
        return status

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def restart(self):
        self.terminate()
        self.start()

    def close(self):
        try:
            if self.process is not None and self.process.poll() is None:
                self.end()
        finally:
            shutil.rmtree(self.top, ignore_errors=True)

    def end(self):
        """At once; under the address sanitizer as it ends by itself, for leaks are told then."""
        if "ASAN_OPTIONS" not in os.environ:
            return self.kill()
        status = self.terminate()
        if status != 0:
            raise AssertionError(f"it ended with {status}: {self.log()}")

    def connect(self, timeout=PATIENCE_SECONDS):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)

    def socket(self):
        return socket.create_connection(("127.0.0.1", self.port), PATIENCE_SECONDS)

    def call(self, method, target, body=None, token=None, **headers):
        """`body`: what becomes JSON, or bytes. A header's name has _ for -."""
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        if body is not None:
            given.setdefault("Content-Type", "application/json")
        if token or self.token:
            given["Authorization"] = f"Bearer {token or self.token}"
        connection = self.connect()
        try:
            connection.request(method, target, body, given)
            response = connection.getresponse()
            return Answer(response, response.read())
        finally:
            connection.close()

    def get(self, target, **headers):
        return self.call("GET", target, **headers)

    def post(self, target, body, **headers):
        return self.call("POST", target, body, **headers)

    def metric(self, name):
        """The sum of its samples."""
        found = re.findall(rf"^{name}(?:{{.*}})? (\S+)$", self.get("/metrics").body.decode(), re.M)
        return sum(map(float, found))

    def rss_bytes(self):
        with open(f"/proc/{self.process.pid}/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def events(self, target, **headers):
        return Events(self, target, headers)


class Events:
    """A stream of server-sent events, which is read one by one."""

    def __init__(self, serving, target, headers):
        self.connection = serving.connect()
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        self.connection.request("GET", target, headers=given)
        self.response = self.connection.getresponse()
        if self.response.status != 200:
            raise AssertionError(f"{target}: {self.response.status} {self.response.read()}")
        # It begins with a comment: from here on nothing is missed.
        if self.response.readline() != b":\n" or self.response.readline() != b"\n":
            raise AssertionError("the stream does not begin with a comment")

    def next(self):
        """Id, name and data of the next one; none at the end."""
        fields = {}
        while True:
            line = self.response.readline()
            if not line:
                return None
            line = line.decode().rstrip("\n")
            if line:
                name, _, value = line.partition(":")
                fields[name] = value.strip()
            elif "event" in fields:
                return fields.get("id"), fields["event"], json.loads(fields["data"])
            else:
                fields = {}

    def take(self, count):
        return [self.next() for _ in range(count)]

    def close(self):
        self.response.close()
        self.connection.close()


class ServedTest(unittest.TestCase):
    """One server for all tests of a class, in a queue of its own each."""

    words = ()

    @classmethod
    def setUpClass(cls):
        cls.serving = Serving(*cls.words)
        cls.addClassCleanup(cls.serving.close)

    def setUp(self):
        self.queue = self.id().rsplit(".", 1)[-1].replace("_", "-").lower()[:60]

    def expect(self, status, answer):
        self.assertEqual(answer.status, status, answer)
        if status >= 400:
            self.assertEqual(answer.headers["Content-Type"], "application/problem+json")
            problem = answer.json
            self.assertEqual(set(problem), {"type", "title", "status", "detail"})
            self.assertEqual(problem["status"], status)
            return problem
        is_json = answer.headers["Content-Type"] == "application/json"
        return answer.json if is_json and answer.body else None

    def new_task(self, **members):
        return {"kind": "command", "spec": {"command": ["true"]}, "queue": self.queue, **members}

    def create(self, **members):
        answer = self.serving.post("/v1/tasks", self.new_task(**members))
        return self.expect(201, answer)["task"]

    def claim(self, **members):
        answer = self.serving.post("/v1/claims", {"worker": "w", "queues": [self.queue], **members})
        return self.expect(200, answer)["tasks"]

    def state_of(self, task):
        return self.expect(200, self.serving.get(f"/v1/tasks/{task['id']}"))["state"]


def options_of(parser=None):
    """Those of the command line; what is left of it goes to unittest."""
    parser = parser or argparse.ArgumentParser(add_help=False)
    parser.add_argument("--waybill", required=True)
    options, rest = parser.parse_known_args()
    WAYBILL[0] = os.path.abspath(options.waybill)
    sys.argv[1:] = rest
    return options


def main():
    options_of()
    unittest.main()
