#!/usr/bin/env python3
"""Definitions over ssh, from a real sshd on a free port, as the user that runs the test."""

import getpass
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import unittest

from upstream import NOOP, Place, Upstream, serving
from serving import until

SSHD = shutil.which("sshd") or ("/usr/sbin/sshd" if os.path.exists("/usr/sbin/sshd") else None)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class SshTest(unittest.TestCase):
    def setUp(self):
        self.upstream = Upstream()
        self.addCleanup(self.upstream.close)
        self.commit = self.upstream.commit({"a.yaml": NOOP % "a"})
        self.top = tempfile.mkdtemp(prefix="waybill-sshd-")
        self.addCleanup(shutil.rmtree, self.top, ignore_errors=True)
        for name in ("host", "robot", "other"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.path(name)],
                           check=True)
        self.port = free_port()
        with open(self.path("config"), "w", encoding="utf-8") as file:
            file.write(f"Port {self.port}\nListenAddress 127.0.0.1\nHostKey {self.path('host')}\n"
                       f"AuthorizedKeysFile {self.path('robot')}.pub\nStrictModes no\nUsePAM no\n"
                       "PasswordAuthentication no\nKbdInteractiveAuthentication no\n"
                       f"PermitRootLogin prohibit-password\nPidFile {self.path('pid')}\n")
        if os.geteuid() == 0:
            os.makedirs("/run/sshd", exist_ok=True)
        self.sshd = subprocess.Popen([SSHD, "-D", "-e", "-f", self.path("config")],
                                     stderr=subprocess.DEVNULL)
        self.addCleanup(self.stop)
        until(self.answers, "sshd")

    def stop(self):
        self.sshd.kill()
        self.sshd.wait()

    def path(self, name):
        return os.path.join(self.top, name)

    def answers(self):
        try:
            with socket.create_connection(("127.0.0.1", self.port), 1) as connection:
                return connection.recv(4) == b"SSH-"
        except OSError:
            return False

    def place(self, key, host):
        place = Place("--definitions-from",
                      f"ssh://{getpass.getuser()}@127.0.0.1:{self.port}{self.upstream.path}#main",
                      "--git-ssh-key-file", self.path(key))
        self.addCleanup(place.close)
        if host:
            with open(self.path(host + ".pub"), encoding="ascii") as file:
                known = file.read()
            path = os.path.join(place.top, "known 'hosts\" %d")
            with open(path, "w", encoding="ascii") as file:
                file.write(f"[127.0.0.1]:{self.port} {known}")
            place.words += ("--git-known-hosts-file", path)
        return place

    def test_a_key_of_a_known_host_is_used(self):
        place = self.place("robot", "host")
        state, = place.sync()
        self.assertEqual(state["commit"], self.commit)
        self.assertEqual(set(place.names()), {("task", "a")})

    def test_strangers_are_not_spoken_to_and_nobody_is_asked(self):
        for key, host in (("robot", None), ("robot", "other"), ("other", "host")):
            state, = self.place(key, host).sync(status=1)
            self.assertIsNone(state["commit"], (key, host))
            self.assertTrue(state["error"])


if __name__ == "__main__":
    if SSHD is None:
        print("left out: there is no sshd (apt-get install openssh-server)")
        sys.exit(77)
    serving.main()
