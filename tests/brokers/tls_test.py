#!/usr/bin/env python3
"""RabbitMQ by TLS: hints go by way of amqps, heartbeats too, and a broker that nobody whom we trust
vouches for hears no password. Exit status 77: a program that this needs is not here."""

import os
import shutil
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
for folder in ("http", "servers"):
    sys.path.insert(0, os.path.join(os.path.dirname(HERE), folder))
import rabbit  # noqa: E402  pylint: disable=wrong-import-position
import serving  # noqa: E402  pylint: disable=wrong-import-position
from certificates import Certificates  # noqa: E402  pylint: disable=wrong-import-position

PATIENCE_SECONDS = 60
SETTINGS = """listeners.ssl.1 = 127.0.0.1:{port}
ssl_options.cacertfile = {top}/ours.pem
ssl_options.certfile = {top}/server.pem
ssl_options.keyfile = {top}/server.key
ssl_options.verify = verify_none
ssl_options.fail_if_no_peer_cert = false
heartbeat = 2
"""
# More than a broker that hears nothing in between would wait for.
BEATS = 4


class Amqps(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.top = tempfile.mkdtemp(prefix="waybill-amqps-")
        cls.addClassCleanup(shutil.rmtree, cls.top, ignore_errors=True)
        cls.certificates = Certificates(cls.top, "waybill")
        cls.port = rabbit.free_port()
        cls.broker = rabbit.Rabbit(SETTINGS.format(port=cls.port, top=cls.top))
        cls.addClassCleanup(cls.broker.__exit__)
        serving.until(lambda: rabbit.accepts(cls.port), "RabbitMQ speaks TLS", PATIENCE_SECONDS)

    def start(self, name, authority, host="localhost"):
        """A server and a worker with hints by way of the broker; their queue has that name."""
        environment = {"WAYBILL_AMQP_URL": f"amqps://guest:guest@{host}:{self.port}/%2f",
                       "SSL_CERT_FILE": self.certificates.path(authority)}
        broker = ("--queue", "amqp", "--queue-prefix", name)
        served = serving.Serving(*broker, environment=environment)
        self.addCleanup(served.close)
        first = self.create(served)  # who has a hint to publish connects
        serving.until(lambda: self.connections() or "dispatch_failed" in served.log(),
                      "the server has met the broker", PATIENCE_SECONDS)
        path = os.path.join(self.top, f"{name}.log")
        with open(path, "wb") as log:
            worker = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", "--", *served.command("worker", *broker)],
                env=served.environment(), cwd=self.top, stdout=log, stderr=log)
        self.addCleanup(worker.wait)
        self.addCleanup(worker.kill)

        def said():
            with open(path, encoding="utf-8", errors="replace") as log:
                return served.log() + log.read()
        return served, said, first

    @staticmethod
    def create(served):
        return served.post("/v1/tasks", {"kind": "noop"}).json["task"]["id"]

    def finish(self, served, made):
        serving.until(lambda: served.get(f"/v1/tasks/{made}").json["state"] == "succeeded",
                      "the task succeeds", PATIENCE_SECONDS)

    def connections(self):
        """Those by TLS: since when, and how many frames or parts of them came."""
        rows = self.broker.control("list_connections", "pid", "ssl", "recv_cnt").splitlines()
        rows = [row.split("\t") for row in rows]
        return {pid: int(count) for pid, ssl, count in rows if ssl == "true"}

    def test_hints_go_by_tls_and_so_do_heartbeats(self):
        served, said, first = self.start("secret", "ours.pem")
        self.finish(served, first)
        serving.until(lambda: len(self.connections()) >= 2, "both are connected", PATIENCE_SECONDS)
        at_first = self.connections()

        def beaten():
            now = self.connections()
            self.assertLessEqual(set(at_first), set(now), said())
            return all(now[one] >= at_first[one] + BEATS for one in at_first)
        serving.until(beaten, "both say that they are there", PATIENCE_SECONDS)
        self.assertNotIn("missed heartbeats from client", self.broker.said())
        self.finish(served, self.create(served))

    def expect_refusal(self, advice, name, *arguments):
        served, said, first = self.start(name, *arguments)
        self.finish(served, first)  # a worker looks into the ledger then
        for event in ("dispatch_failed", "hints_away"):
            serving.until(lambda event=event: event in said(), event, PATIENCE_SECONDS)
        self.assertIn(advice, said())
        self.assertNotIn("guest:guest", said())
        self.assertNotIn(f"{name}.default", self.broker.control("list_queues", "name"))

    def test_a_broker_that_another_authority_vouches_for_is_refused(self):
        self.expect_refusal("with SSL_CERT_FILE", "strange", "strange.pem")

    def test_a_broker_of_another_name_is_refused(self):
        self.expect_refusal("as its certificate does", "misnamed", "ours.pem", "127.0.0.1")


if __name__ == "__main__":
    serving.options_of()
    needed = [name for name in ("openssl", "setpriv") if not shutil.which(name)]
    reason = rabbit.missing() or (f"{', '.join(needed)} not installed" if needed else "")
    if reason:
        print(f"tls_test.py: Skipped\n{reason}")
        sys.exit(77)
    unittest.main()
