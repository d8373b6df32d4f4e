#!/usr/bin/env python3
"""What is too large is refused, and whoever sent it sees why."""

import json
import subprocess
import tempfile
import time

import hostile_test
import serving
from hostile_test import HOST, JSON, SMUGGLED, chunk, post


class LargeTest(hostile_test.Talker):
    def test_what_is_rather_too_large_is_refused_with_a_problem(self):
        long_path = b"GET /v1/queues?x=" + b"y" * 9000 + b" HTTP/1.1\r\n"
        one = b"X: " + b"y" * 17_000 + b"\r\n"
        many = (b"X-Many: " + b"y" * 50 + b"\r\n") * 300
        huge = b"X: " + b"y" * 70_000 + b"\r\n"
        for sent, wanted in ((long_path, "uri-too-long"),
                             (b"GET /" + b"y" * 70_000 + b" HTTP/1.1\r\n", "uri-too-long"),
                             (b"GET /v1/queues HTTP/1.1\r\n" + one, "headers-too-large"),
                             (b"GET /v1/queues HTTP/1.1\r\n" + huge, "headers-too-large"),
                             (b"GET /v1/queues HTTP/1.1\r\n" + many, "headers-too-large")):
            with self.subTest(wanted=wanted):
                answer = self.talk(sent + HOST + b"\r\n", ends=False)
                head, _, body = answer.partition(b"\r\n\r\n")
                self.assertIn(b"application/problem+json", head)
                problem = json.loads(body)
                self.assertEqual(problem["type"], f"urn:waybill:problem:{wanted}")
                self.assertIn(f"HTTP/1.1 {problem['status']} ".encode(), head)
        self.assertEqual(self.serving.get("/v1/queues?x=" + "y" * 8000).status, 400)

    def test_what_is_too_large_is_refused(self):
        huge = b"x" * (1 << 20)
        over = (8 << 20) + 1
        self.refused(b"GET /v1/queues HTTP/1.1\r\n" + HOST + b"X: " + huge + b"\r\n\r\n",
                     400, 413, 431)
        self.refused(b"GET /v1/queues HTTP/1.1\r\n" + HOST + b"X: y\r\n" * 100_000 + b"\r\n",
                     400, 413, 431)
        self.refused(b"GET /" + huge + b" HTTP/1.1\r\n" + HOST + b"\r\n", 400, 414)
        self.refused(post(b"Content-Length: %d\r\n" % over, b" " * over), 413)
        self.refused(post(b"Content-Length: %d\r\n" % over), 413)
        many = chunk(b" " * 65536) * 128 + chunk(b" " * 2) + b"0\r\n\r\n"
        found = self.statuses(self.talk(post(b"Connection: close\r\nTransfer-Encoding: chunked\r\n",
                                             many), ends=False))
        self.assertEqual(found, [413])
        endless = chunk(b" " * 65536) * 1000
        found = self.statuses(self.talk(post(b"Transfer-Encoding: chunked\r\n", endless)))
        self.assertIn(found, ([], [413]))

    def test_the_answer_to_a_body_that_is_too_large_arrives(self):
        """The client reads it, though the server has closed while the body was coming."""
        for size in ((8 << 20) + 1, 20 << 20):
            answer = self.talk(post(b"Content-Length: %d\r\n" % size, b" " * size), ends=False)
            self.assertEqual(self.statuses(answer), [413], answer[:300])

    def assert_too_large(self, status, body):
        problem = json.loads(body)
        self.assertEqual((status, problem["status"], problem["type"]),
                         (413, 413, "urn:waybill:problem:too-large"))
        self.assertIn("8MiB", problem["detail"].replace(" ", ""))

    def test_a_client_that_first_sends_all_finds_the_answer(self):
        """Python's does so: it looks for no answer before, and a broken pipe hides it."""
        megabyte = b" " * (1 << 20)

        def pieces():
            yield from (megabyte for _ in range(20))

        for body, headers in ((megabyte * 20, {}), (pieces(), {"Transfer-Encoding": "chunked"})):
            connection = self.serving.connect()
            self.addCleanup(connection.close)
            connection.request("POST", "/v1/tasks", body, headers={
                "Content-Type": "application/json", **headers}, encode_chunked=bool(headers))
            answer = connection.getresponse()
            self.assertEqual(answer.headers["Connection"], "close")
            self.assert_too_large(answer.status, answer.read())

    def test_curl_shows_why_a_body_was_refused(self):
        with tempfile.NamedTemporaryFile() as file:
            file.write(b" " * (20 << 20))
            file.flush()
            for words in ([], ["-H", "Expect:"], ["-H", "Transfer-Encoding: chunked"],
                          ["-H", "Transfer-Encoding: chunked", "-H", "Expect:"],
                          ["-H", "Expect:", "--limit-rate", "30M"], ["--http1.0"]):
                with self.subTest(words=words):
                    curl = subprocess.run(
                        ["curl", "-sS", "-w", "\n%{http_code}", "--max-time", "50",
                         "-H", "Content-Type: application/json", "--data-binary", "@" + file.name,
                         *words, self.serving.url + "/v1/tasks"],
                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
                    self.assertEqual(curl.returncode, 0, curl)
                    body, _, status = curl.stdout.rpartition(b"\n")
                    self.assert_too_large(int(status), body)

    def test_what_follows_a_refused_body_is_no_request(self):
        size = 10 << 20
        answer = self.talk(post(b"Content-Length: %d\r\n" % size, b" " * size) + SMUGGLED,
                           ends=False)
        self.assertEqual(self.statuses(answer), [413])
        self.assert_nothing_smuggled()

    def test_who_never_comes_to_the_end_of_a_refused_body_is_let_go(self):
        refused = self.serving.metric("waybill_http_refused_total")
        began = time.monotonic()
        with self.serving.socket() as client:
            client.sendall(post(b"Content-Length: %d\r\n" % (9 << 20), b" " * 1000))
            self.assertEqual(self.statuses(client.recv(65536)), [413])
            with self.assertRaises(OSError):
                while time.monotonic() < began + 100:  # more than the server waits
                    client.sendall(b" ")
                    time.sleep(0.2)  # it is its slowness that is tried
        self.assertGreater(time.monotonic() - began, 5)
        self.assertEqual(self.serving.metric("waybill_http_refused_total"), refused + 1)

    def test_who_sends_for_ever_is_not_read_for_ever(self):
        piece, sent = b" " * (1 << 20), 0
        with self.serving.socket() as client:
            client.sendall(post(b"Content-Length: %d\r\n" % (1 << 40)))
            with self.assertRaises(OSError):
                while sent < (1 << 10):
                    client.sendall(piece)
                    sent += 1
        self.assertTrue(60 < sent < 200, sent)  # MiB, with what the sockets hold
        self.assertEqual(self.serving.get("/healthz").status, 200)

    def test_one_that_is_read_on_does_not_hold_up_the_end_of_the_server(self):
        server = serving.Serving("--grace", "60s")
        self.addCleanup(server.close)
        with server.socket() as client:
            client.sendall(post(b"Content-Length: %d\r\n" % (9 << 20), b" " * 1000))
            self.assertEqual(self.statuses(client.recv(65536)), [413])
            began = time.monotonic()
            self.assertEqual(server.terminate(), 0)
            self.assertLess(time.monotonic() - began, 25)  # less than it would be read on for

    def test_what_is_refused_for_its_head_is_read_on_too(self):
        body = b" " * (20 << 20)
        connection = self.serving.connect()
        self.addCleanup(connection.close)
        connection.request("POST", "/v1/tasks/%zz", body)
        self.assertEqual(connection.getresponse().status, 400)

    def test_a_body_of_just_the_size_is_read(self):
        body = json.dumps(self.new_task()).encode()
        body += b" " * ((8 << 20) - len(body))
        self.expect(201, self.serving.post("/v1/tasks", body))


if __name__ == "__main__":
    serving.main()
