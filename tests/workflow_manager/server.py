"""Starts a server for a test, on a free port of loopback, and speaks HTTP with it."""

import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse

PATIENCE_SECONDS = 60


def skipped(missing):
    """Says so in the words that scripts/left_out.py looks for; the exit status of CTest's."""
    print(f"{os.path.basename(sys.argv[0])}: Skipped\n{missing}")
    return 77


class Missing(Exception):
    """What is not installed on this machine, as a sentence."""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def call(base, method, target, headers=(), body=b""):
    """Status and body of one request."""
    url = urllib.parse.urlsplit(base)
    connection = http.client.HTTPConnection(url.hostname, url.port, timeout=PATIENCE_SECONDS)
    try:
        connection.request(method, target, body, dict(headers))
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def ask(base, method, target, headers=(), body=b""):
    """The body of a request that must succeed."""
    status, answer = call(base, method, target, headers, body)
    if status not in (200, 201, 202, 204):
        raise AssertionError(f"{method} {target}: {status} {answer[:500]}")
    return answer


class Server:
    """A process in a group of its own, which ends with this one whatever happens."""

    def __init__(self, command, ready_path, environment=None):
        """`command`: a function of port and directory. `ready_path` is answered when it is up."""
        self.directory = tempfile.mkdtemp(prefix="waybill-server-")
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = os.path.join(self.directory, "server.log")
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", "--", *command(self.port, self.directory)],
                env={"PATH": os.environ["PATH"], "HOME": self.directory,
                     "TMPDIR": self.directory, **(environment or {})},
                stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
                start_new_session=True)
        try:
            self._wait_until_up(ready_path)
        except BaseException:
            self.stop()
            raise

    def _wait_until_up(self, path):
        give_up = time.monotonic() + PATIENCE_SECONDS
        while self.process.poll() is None and time.monotonic() < give_up:
            try:
                call(self.url, "GET", path)
                return
            except (OSError, http.client.HTTPException):
                time.sleep(0.02)  # nothing tells when a server begins to listen
        with open(self.log, encoding="utf-8", errors="replace") as log:
            raise AssertionError(f"{self.process.args} did not start:\n{log.read()[-2000:]}")

    def stop(self):
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        shutil.rmtree(self.directory, ignore_errors=True)
