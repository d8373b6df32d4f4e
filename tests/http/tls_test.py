"""HTTPS: the certificate comes from files, and from then on from what the files hold."""

import http.client
import json
import os
import re
import socket
import ssl
import subprocess
import tempfile
import threading
import time
import unittest

import serving
from serving import Serving, until


def openssl(*words):
    subprocess.run(["openssl", *words], check=True, capture_output=True)


class Papers:
    """Self-signed certificates, each for a name of its own."""

    def __init__(self):
        self.directory = tempfile.mkdtemp(prefix="waybill-tls-")
        self.certificate = os.path.join(self.directory, "tls.crt")
        self.key = os.path.join(self.directory, "tls.key")

    def make(self, name, kind):
        made = os.path.join(self.directory, name)
        algorithm = ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"] if kind == "ec" else ["rsa:2048"]
        openssl("req", "-x509", "-newkey", *algorithm, "-nodes", "-days", "2", "-subj",
                f"/CN={name}", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
                "-keyout", made + ".key", "-out", made + ".crt")
        return made

    def install(self, made, *kinds):
        for kind, path in (("crt", self.certificate), ("key", self.key)):
            if kinds and kind not in kinds:
                continue
            with open(f"{made}.{kind}", "rb") as source, open(path + ".new", "wb") as target:
                target.write(source.read())
            os.replace(path + ".new", path)


class Tls(unittest.TestCase):
    def setUp(self):
        self.papers = Papers()
        self.first = self.papers.make("first", "rsa")
        self.papers.install(self.first)
        self.server = Serving("--tls-certificate-file", self.papers.certificate, "--tls-key-file",
                              self.papers.key)
        self.addCleanup(self.server.close)

    def connect(self, **settings):
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        for name, value in settings.items():
            setattr(context, name, value)
        plain = socket.create_connection(("127.0.0.1", self.server.port), 30)
        return context.wrap_socket(plain, server_hostname="localhost")

    def shown(self):
        with self.connect() as secured:
            return ssl.DER_cert_to_PEM_cert(secured.getpeercert(True))

    def wanted(self, made):
        with open(made + ".crt", encoding="ascii") as file:
            return file.read()

    def get(self, secured, target="/v1/queues", body=""):
        head = f"{'POST' if body else 'GET'} {target} HTTP/1.1\r\nHost: localhost\r\n"
        if body:
            head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        secured.sendall(f"{head}\r\n{body}".encode())
        response = http.client.HTTPResponse(secured)
        response.begin()
        response.body = response.read()
        return response

    def get_once(self, target):
        with self.connect() as secured:
            return self.get(secured, target).body

    def test_requests_are_answered_over_it(self):
        with self.connect() as secured:
            self.assertIn(secured.version(), ("TLSv1.2", "TLSv1.3"))
            answer = self.get(secured)
        self.assertEqual(answer.status, 200)
        self.assertNotIn("Strict-Transport-Security", answer.headers)  # on loopback
        self.assertEqual(self.server.terminate(), 0)

    def test_what_the_library_refuses_is_answered_over_it(self):
        for sent in (b"GET /\r\n\r\n",
                     b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: abc\r\n\r\n"):
            with self.connect() as secured:
                secured.sendall(sent)
                answer = b""
                while part := secured.recv(65536):
                    answer += part
                self.assertEqual(answer.count(b"HTTP/1.1 "), 1, answer)
                self.assertIn(b"application/problem+json", answer)

    def test_a_client_that_first_sends_all_of_a_large_body_finds_the_answer(self):
        with self.connect() as secured:
            answer = self.get(secured, "/v1/tasks", " " * (20 << 20))
        self.assertEqual((answer.status, answer.headers["Connection"]), (413, "close"))
        self.assertEqual(json.loads(answer.body)["type"], "urn:waybill:problem:too-large")

    def test_a_client_that_trusts_it_is_content(self):
        done = subprocess.run(
            ["curl", "-sS", "--cacert", self.papers.certificate,
             f"https://localhost:{self.server.port}/healthz", "--resolve",
             f"localhost:{self.server.port}:127.0.0.1"],
            capture_output=True, text=True, check=False)
        self.assertEqual((done.returncode, done.stdout), (0, "ok\n"), done.stderr)

    def test_a_worker_works_over_it(self):
        body = json.dumps({"kind": "command", "spec": {"command": ["true"]}})
        with self.connect() as secured:
            created = self.get(secured, "/v1/tasks", body)
        self.assertEqual(created.status, 201)
        worker = subprocess.Popen(
            self.server.command("worker", "--server", f"https://localhost:{self.server.port}"),
            env={**self.server.environment(), "SSL_CERT_FILE": self.papers.certificate},
            cwd=self.papers.directory, stderr=subprocess.DEVNULL)
        self.addCleanup(worker.wait)
        self.addCleanup(worker.kill)
        task = created.headers["Location"]
        until(lambda: json.loads(self.get_once(task))["state"] == "succeeded", "the task's success")

    def test_it_tells_when_the_certificate_ends(self):
        text = self.get_once("/metrics").decode()
        ends = re.search(r"^waybill_tls_certificate_not_after_seconds (\S+)$", text, re.M)
        self.assertAlmostEqual(float(ends[1]) - time.time(), 2 * 86400, delta=3600)

    def test_what_is_older_than_tls_1_2_is_refused(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
        with self.assertRaises((ssl.SSLError, ConnectionError)):
            with socket.create_connection(("127.0.0.1", self.server.port), 30) as plain:
                context.wrap_socket(plain)

    def test_plain_http_gets_no_answer(self):
        with socket.create_connection(("127.0.0.1", self.server.port), 30) as plain:
            plain.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            try:
                answer = plain.recv(1000)
            except ConnectionError:
                answer = b""
        self.assertNotIn(b"HTTP/1.1 200", answer)

    def test_a_new_certificate_is_shown_to_those_who_come_then(self):
        self.assertEqual(self.shown(), self.wanted(self.first))
        with self.connect() as before:
            self.assertEqual(self.get(before).status, 200)
            second = self.papers.make("second", "ec")
            self.papers.install(second)
            until(lambda: self.shown() == self.wanted(second), "the second certificate")
            self.assertEqual(self.get(before).status, 200, "the old connection lives")

    def test_what_does_not_belong_together_is_not_taken(self):
        second = self.papers.make("second", "rsa")
        self.papers.install(second, "crt")
        until(lambda: "certificate_not_taken" in self.server.log(), "a line of the log")
        self.assertEqual(self.shown(), self.wanted(self.first))
        self.papers.install(second, "key")
        until(lambda: self.shown() == self.wanted(second), "the second certificate")

    def test_handshakes_go_on_while_the_files_change(self):
        makes = [self.papers.make(f"n{i}", "ec" if i % 2 else "rsa") for i in range(4)]
        failed, stop = [], threading.Event()

        def shake():
            while not stop.is_set():
                try:
                    with self.connect() as secured:
                        self.get(secured, "/healthz")
                except OSError as error:
                    failed.append(repr(error))

        threads = [threading.Thread(target=shake) for _ in range(4)]
        for thread in threads:
            thread.start()
        for made in makes:
            self.papers.install(made)
            until(lambda made=made: self.shown() == self.wanted(made), made)
        stop.set()
        for thread in threads:
            thread.join()
        self.assertEqual(failed, [])

    def test_wrong_files_are_told_at_the_start(self):
        for words, wanted in (
            (["--tls-certificate-file", self.papers.certificate], "belong together: give both"),
            (["--tls-certificate-file", self.papers.certificate, "--tls-key-file", "/nowhere"],
             "opening /nowhere"),
            (["--tls-certificate-file", self.papers.certificate, "--tls-key-file",
              self.papers.certificate], "no certificate and key that belong together")):
            done = subprocess.run(
                self.server.command("serve", "--listen", "127.0.0.1:0", *words),
                capture_output=True, text=True, check=False, timeout=30)
            self.assertNotEqual(done.returncode, 0)
            self.assertIn(wanted, done.stderr)


if __name__ == "__main__":
    serving.main()
