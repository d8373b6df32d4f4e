#!/usr/bin/env python3
"""What no good client sends: each is refused or served, and the server lives on and leaks nothing.

What is refused is answered once, and its connection closed: no part of a body is ever read as the
next request."""

import json
import re
import socket
import struct
import unittest

import serving
from serving import ServedTest

HOST = b"Host: localhost\r\n"
JSON = b"Content-Type: application/json\r\n"
TASK = b'{"kind":"noop","spec":{},"queue":"smuggled"}'
SMUGGLED = (b"POST /v1/tasks HTTP/1.1\r\n" + HOST + JSON +
            b"Content-Length: %d\r\n\r\n%s" % (len(TASK), TASK))
VANISHING = 1000
CLOSED_SECONDS = 2


def post(headers, body=b""):
    return b"POST /v1/tasks HTTP/1.1\r\n" + HOST + JSON + headers + b"\r\n" + body


def chunk(data):
    return b"%x\r\n%s\r\n" % (len(data), data)


class Talker(ServedTest):
    """Talks to the server byte by byte."""

    def tearDown(self):
        self.assertIsNone(self.serving.process.poll(), self.serving.log())

    def assert_nothing_smuggled(self):
        tasks = self.serving.get("/v1/tasks?queue=smuggled&state=ready").json["tasks"]
        self.serving.post("/v1/bulk/cancel", {"filter": {"queue": "smuggled"}})
        self.assertEqual(len(tasks), 0)

    def talk(self, sent, ends=True):
        """All that comes until the server closes. `ends`: the client shuts down its side."""
        with self.serving.socket() as client:
            client.settimeout(CLOSED_SECONDS)
            try:
                client.sendall(sent)
                if ends:
                    client.shutdown(socket.SHUT_WR)
            except (BrokenPipeError, ConnectionResetError):
                pass  # it was closed before all was sent
            return self.read_all(client, keeps=ends)

    @staticmethod
    def read_all(client, keeps=False):
        """`keeps`: the server may keep what the client has shut down for its time of idleness."""
        answer = b""
        try:
            while part := client.recv(65536):
                answer += part
        except ConnectionResetError:
            pass
        except TimeoutError:
            if not keeps:
                raise
        return answer

    @staticmethod
    def statuses(answer):
        return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d{3})", answer)]

    def refused(self, sent, *wanted):
        """It is answered once at most, with one of these, and the server closes by itself."""
        answer = self.talk(sent + SMUGGLED, ends=False)
        found = self.statuses(answer)
        self.assertLessEqual(len(found), 1, (sent[:200], answer))
        if found:
            self.assertIn(found[0], wanted or (400,), sent[:200])
            head, _, body = answer.partition(b"\r\n\r\n")
            length = re.search(rb"\r\nContent-Length: (\d+)", head)
            self.assertEqual(int(length[1]), len(body), answer)
            self.assertIn(b"application/problem+json", head, (sent[:200], answer))
        self.assert_nothing_smuggled()
        return answer

    def refused_with_a_problem(self, sent, *wanted):
        answer = self.refused(sent, *wanted)
        head, _, body = answer.partition(b"\r\n\r\n")
        self.assertIn(b"application/problem+json", head, (sent[:200], answer))
        problem = json.loads(body)
        self.assertIn(f"HTTP/1.1 {problem['status']} ".encode(), head)
        return problem

    def answered(self, head, body=b""):
        return self.talk(head + b"Connection: close\r\n\r\n" + body, ends=False)


class HostileTest(Talker):
    def test_a_length_in_doubt_is_refused(self):
        length = b"Content-Length: %d\r\n" % len(TASK)
        chunked = b"Transfer-Encoding: chunked\r\n"
        for headers in (length + chunked, chunked + length, length + length,
                        length + b"Content-Length: 0\r\n", b"Content-Length: 0\r\n" + length,
                        b"Transfer-Encoding: xchunked\r\n", b"Transfer-Encoding: gzip, chunked\r\n",
                        b"Transfer-Encoding: chunked, identity\r\n",
                        b"Transfer-Encoding: identity\r\n", chunked + chunked,
                        b"Transfer-Encoding:\x0bchunked\r\n", b"Transfer-Encoding : chunked\r\n",
                        length + b"Transfer-Encoding:\r\n",
                        b"Content-Length: +5\r\n", b"Content-Length: -1\r\n",
                        b"Content-Length: 0x10\r\n", b"Content-Length: 5, 5\r\n",
                        b"Content-Length: 1 0\r\n", b"Content-Length:\r\n",
                        b"Content-Length: 99999999999999999999999\r\n"):
            with self.subTest(headers=headers):
                self.refused_with_a_problem(post(headers), 400, 413)

    def test_what_another_reader_may_read_otherwise_is_refused(self):
        get = b"GET /v1/queues HTTP/1.1\r\n"
        for headers in (HOST + HOST, HOST + b"Host: other\r\n", b"Host : localhost\r\n", b"",
                        b"Host: localhost\0.example\r\n", HOST + b"X: a\0b\r\n",
                        HOST + b"X: a\0b\r\nY: c\r\n", HOST + b"X: a\0\r\nY: c\r\n",
                        HOST + b"X: a\x01\r\n", HOST + b"X: a\x7fb\r\n",
                        HOST + b"X: a\rContent-Length: 5\r\nY: b\r\n",
                        HOST + b"X: a\r\n b\r\nY: c\r\n", HOST + b"X y: a\r\n",
                        HOST + b"Authorization: Bearer a\r\n" * 2,
                        HOST + b"Content-Type: application/json\r\n" * 2,
                        HOST + b"Idempotency-Key: a\r\n" * 2):
            with self.subTest(headers=headers):
                self.refused_with_a_problem(get + headers + b"\r\n", 400)
        self.refused_with_a_problem(b"GET /v1/a b HTTP/1.1\r\n" + HOST + b"\r\n", 400)

    def test_no_nul_cuts_a_request_line(self):
        for line in (b"GET /v1/queues\0/../../secrets HTTP/1.1", b"GET /v1/queues\0 HTTP/1.1",
                     b"GET /v1/queues?a=b\0 HTTP/1.1", b"GET /v1/tasks?limit=1\x001 HTTP/1.1",
                     b"GET /v1/tasks?\0limit=0 HTTP/1.1", b"GET \0/v1/queues HTTP/1.1",
                     b"GET /healthz\0 HTTP/1.0", b"GET\0 /v1/queues HTTP/1.1",
                     b"GET\0X /v1/queues HTTP/1.1", b"GET \0 /v1/queues HTTP/1.1",
                     b"GET /v1/queues HTTP/1.1\0", b"GET /v1/queues \0HTTP/1.1"):
            with self.subTest(line=line):
                self.refused_with_a_problem(line + b"\r\n" + HOST + b"\r\n", 400)
        task = b"POST /v1/tasks\0/none HTTP/1.1\r\n" + HOST + JSON
        self.refused_with_a_problem(task + b"Content-Length: %d\r\n\r\n%s" % (len(TASK), TASK), 400)
        # One that is written as RFC 3986 has it is no character of any path either.
        for target in ("/v1/queues/a%00b", "/v1/queues%00", "/v1/tasks?queue=a%00b", "/v1/%2500"):
            problem = self.expect(404 if "%25" in target else 400, self.serving.get(target))
            self.assertTrue(problem["detail"])
        answer = self.answered(b"GET   /healthz HTTP/1.1\r\n" + HOST)
        self.assertEqual(self.statuses(answer), [200])

    def test_a_bad_length_is_refused_once_also_over_what_a_connection_kept_alive(self):
        with self.serving.socket() as client:
            for _ in range(2):
                client.sendall(b"GET /healthz HTTP/1.1\r\n" + HOST + b"\r\n")
                self.assertIn(b"HTTP/1.1 200 ", client.recv(65536))
            client.sendall(b"POST /v1/tasks HTTP/1.1\r\n" + HOST)
            client.sendall(b"Content-Length: abc\r\n\r\n")
            answer = self.read_all(client)
            self.assertEqual(self.statuses(answer), [400])
            self.assertIn(b"Content-Length", answer.partition(b"\r\n\r\n")[2])

    def test_padding_is_no_part_of_a_value(self):
        answer = self.answered(b"GET /v1/queues HTTP/1.1\r\nHost: \t localhost \t\r\n"
                               b"X:\r\nY: \r\nCookie: " + b"a=b; " * 300 + b"\r\n")
        self.assertEqual(self.statuses(answer), [200], answer)
        for key in (b"padded", b"padded \t"):
            task = TASK.replace(b"smuggled", b"padded")
            answer = self.answered(post(b"Idempotency-Key: " + key + b"\r\n"
                                        b"Content-Length: %d\r\n" % len(task))[:-2], task)
            self.assertEqual(self.statuses(answer), [201], answer)
        self.assertIn(b"Idempotent-Replayed", answer)

    def test_many_parameters_and_cookies_do_not_hang(self):
        for head in (b"GET /v1/queues?" + b"a&" * 4000 + b" HTTP/1.1\r\n" + HOST,
                     b"GET /v1/queues HTTP/1.1\r\n" + HOST + b"Cookie: " + b"a=b;" * 3000 +
                     b"\r\n"):
            self.assertEqual(len(self.statuses(self.answered(head))), 1)
        cookie = b"Cookie: " + b"a" * 33_000 + b"\r\n"
        self.refused_with_a_problem(b"GET /v1/queues HTTP/1.1\r\n" + HOST + cookie + b"\r\n", 431)

    def test_a_target_may_name_the_host(self):
        for target, status in ((b"http://localhost/v1/queues", 200),
                               (b"HTTP://127.0.0.1:1/v1/queues", 200),
                               (b"http://evil.example/v1/queues", 421),
                               (b"http://localhost", 302 if self.has_console() else 404)):
            answer = self.answered(b"GET " + target + b" HTTP/1.1\r\nHost: localhost\r\n")
            self.assertEqual(self.statuses(answer), [status], answer)
        # What the target says goes before the header.
        answer = self.answered(b"GET http://localhost/v1/queues HTTP/1.1\r\nHost: evil.example\r\n")
        self.assertEqual(self.statuses(answer), [200])

    def has_console(self):
        return self.serving.get("/console/").status == 200

    def test_chunks_that_are_none_are_refused(self):
        chunked = b"Transfer-Encoding: chunked\r\n"
        for body in (b"FFFFFFFFFFFFFFFFF\r\n", b"10000000000000000\r\n",
                     b"-1\r\n", b"0x5\r\n", b"x\r\n", b"\r\n", b"5;" + b"a" * 100_000,
                     b"5\r\nabcdefgh\r\n", b" 5\r\nabcde\r\n0\r\n\r\n"):
            with self.subTest(body=body[:40]):
                self.refused_with_a_problem(post(chunked, body), 400, 413)

    def test_what_follows_chunks_on_their_connection_is_never_read(self):
        # For a reader that ends the lines of chunks at CRLF alone, all of it is one body.
        headers = b"Transfer-Encoding: chunked\r\n"
        hidden = post(b"Content-Length: %d\r\n" % len(TASK), TASK)
        padding = b"A" * 10
        data = padding + b"\r\n0\r\n\r\n" + hidden
        size = b"%x\r\n" % len(data)
        body = b"2;\nxx\r\n%x\r\n%s%s\r\n0\r\n\r\n" % (len(size) + len(padding), size, data)
        self.assertEqual(len(self.statuses(self.talk(post(headers, body), ends=False))), 1)
        self.assert_nothing_smuggled()

    def test_a_chunked_body_is_a_body(self):
        with self.serving.socket() as client:
            task = TASK.replace(b"smuggled", b"chunks")
            body = b"".join(chunk(task[i:i + 7]) for i in range(0, len(task), 7)) + b"0\r\n\r\n"
            client.sendall(post(b"Transfer-Encoding: chunked\r\n", body))
            answer = self.read_all(client)
            self.assertEqual(self.statuses(answer), [201])
            self.assertIn(b"\r\nconnection: close\r\n", answer.lower())

    def test_targets_and_lines_that_are_none_are_refused(self):
        for line in (b"GET /v1/tasks/%zz HTTP/1.1", b"GET /v1/tasks/%4 HTTP/1.1",
                     b"GET /v1/tasks/%00 HTTP/1.1", b"GET /v1/tasks?text=%ff HTTP/1.1",
                     b"GET /v1/tasks?text=%0a HTTP/1.1", b"GET /v1/\xff HTTP/1.1",
                     b"GET http:///v1/queues HTTP/1.1", b"GET http://a@localhost/ HTTP/1.1",
                     b"GET ftp://localhost/v1/queues HTTP/1.1", b"GET * HTTP/1.1",
                     b"CONNECT localhost:80 HTTP/1.1", b"GET v1/queues HTTP/1.1"):
            with self.subTest(line=line):
                answer = self.talk(line + b"\r\n" + HOST + b"Connection: close\r\n\r\n",
                                   ends=False)
                self.assertEqual(self.statuses(answer), [400], answer[:200])
        for text in (b"GET /v1/queues\r\n\r\n", b"GET /v1/queues HTTP/2.0\r\n" + HOST + b"\r\n",
                     b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"):
            self.refused_with_a_problem(text, 400)
        for text in (b"GET /v1/queues HTTP/1.1\r\nHost: local\x00host\r\n\r\n",
                     b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", b"GET\r\n\r\n",
                     b"GET /v1/queues\r\n\r\n", b"GET /v1/queues HTTP/2.0\r\n" + HOST + b"\r\n",
                     b"GET /v1/queues HTTP/9.9\r\n" + HOST + b"\r\n",
                     b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"GET /v1/queues HTTP/1.1\n\n",
                     b"GET /v1/queues HTTP/1.1\r\n\r\n", b"\r\n" * 100, b"GET " * 1000):
            with self.subTest(text=text[:40]):
                found = self.statuses(self.talk(text))
                self.assertTrue(len(found) <= 1 and 200 not in found, (text[:60], found))

    def test_a_first_line_of_one_word_ends_the_connection_without_a_word(self):
        """It is no HTTP of any version, and libmicrohttpd asks nobody then (ADR 0035)."""
        ok = b"GET /healthz HTTP/1.1\r\n" + HOST + b"\r\n"
        for line in (b"GET", b"nonsense", b"/v1/queues", b"\x16\x03\x01", b"a" * 9000):
            for before in (b"", b"\r\n", ok):
                with self.subTest(line=line[:40], before=before):
                    sent = before + line + b"\r\n" + HOST + b"\r\n" + SMUGGLED
                    answer = self.talk(sent, ends=False)
                    self.assertEqual(self.statuses(answer), [200] if before == ok else [])
                    self.assert_nothing_smuggled()

    def test_lines_that_end_with_a_bare_feed_hide_no_request(self):
        found = self.statuses(self.talk(
            b"GET /v1/queues HTTP/1.1\r\nHost: localhost\r\nX: a\nContent-Length: %d\r\n\r\n"
            % len(SMUGGLED) + SMUGGLED.replace(b"smuggled", b"feeds")))
        self.assertLessEqual(len(found), 1)

    def test_http_1_0_is_answered_and_closed(self):
        answer = self.talk(b"GET /healthz HTTP/1.0\r\n" + HOST + b"\r\n", ends=False)
        self.assertEqual(self.statuses(answer.replace(b"HTTP/1.0", b"HTTP/1.1")), [200])

    def test_requests_in_a_row_are_answered_in_order(self):
        targets = [b"/v1/queues", b"/v1/none", b"/healthz", b"/v1/tasks?limit=0", b"/v1/kinds"] * 2
        answer = self.talk(b"".join(b"GET " + target + b" HTTP/1.1\r\n" + HOST + b"\r\n"
                                    for target in targets[:-1]) + b"GET " + targets[-1] +
                           b" HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n", ends=False)
        self.assertEqual(self.statuses(answer), [200, 404, 200, 400, 200] * 2)

    def test_one_who_has_sent_all_and_shut_down_his_side_is_answered_or_let_go(self):
        """libmicrohttpd 0.9.75 closes if it sees the end while a handler works."""
        for request in (b"GET /v1/queues HTTP/1.1\r\n" + HOST + b"\r\n",
                        post(b"Content-Length: 2\r\n", b"{}")):
            self.assertLessEqual(len(self.statuses(self.talk(request))), 1)

    def test_a_request_byte_by_byte_is_served(self):
        task = TASK.replace(b"smuggled", b"slowly")
        request = post(b"Connection: close\r\nContent-Length: %d\r\n" % len(task), task)
        with self.serving.socket() as client:
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for byte in request:
                client.sendall(bytes([byte]))
            self.assertEqual(self.statuses(self.read_all(client)), [201])

    def test_an_unfinished_request_is_let_go_without_an_answer_or_with_one_refusal(self):
        for half in (b"", b"G", b"GET /v1/queues HTTP/1.1\r\n",
                     post(b"Content-Length: 50\r\n", b"{"),
                     post(b"Transfer-Encoding: chunked\r\n", b"5\r\nab")):
            found = self.statuses(self.talk(half))
            self.assertTrue(not found or found == [400], (half, found))

    def test_what_is_refused_before_its_body_came_closes(self):
        body = SMUGGLED
        for line in (b"POST /v1/tasks/%zz HTTP/1.1", b"GET http:///x HTTP/1.1"):
            sent = line + b"\r\n" + HOST + JSON + b"Content-Length: %d\r\n\r\n" % len(body) + body
            self.assertEqual(self.statuses(self.talk(sent, ends=False)), [400])
        # Here the body is read to its end, and the connection may go on.
        sent = b"POST /v1/none HTTP/1.1\r\n" + HOST + b"Content-Length: %d\r\n\r\n" % len(body)
        self.assertIn(self.statuses(self.talk(sent + body)), ([404], []))
        sent = b"GET /healthz HTTP/1.1\r\n" + HOST + b"Content-Length: %d\r\n\r\n" % len(body)
        self.assertEqual(self.statuses(self.talk(sent + body)), [200])
        sent = post(b"Expect: 100-continue\r\nContent-Length: 9000000\r\n")
        self.assertEqual(self.statuses(self.talk(sent, ends=False)), [413])


class VanishingTest(ServedTest):
    def vanish(self, sent, answered=False):
        """A client that is gone, with a reset, as soon as it has sent this."""
        with self.serving.socket() as client:
            client.sendall(sent)
            if answered:
                client.recv(1)
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def test_clients_that_vanish_leave_nothing(self):
        claim = json.dumps({"worker": "w", "queues": [self.queue], "wait": "1s"}).encode()
        shapes = ((b"GET /v1/qu", False), (post(b"Content-Length: 500\r\n", b"{"), False),
                  (post(b"Content-Length: abc\r\n"), False), (b"nonsense\r\n\r\n", False),
                  (post(b"Transfer-Encoding: chunked\r\n", b"x\r\n"), False),
                  (b"POST /v1/claims HTTP/1.1\r\n" + HOST + JSON +
                   b"Content-Length: %d\r\n\r\n" % len(claim) + claim, False),
                  (b"GET /v1/events HTTP/1.1\r\n" + HOST + b"\r\n", False),
                  (b"GET /v1/events HTTP/1.1\r\n" + HOST + b"\r\n", True),
                  (b"GET /v1/openapi.json HTTP/1.1\r\n" + HOST + b"\r\n", False))
        sizes = []
        for _ in range(3):
            for number in range(VANISHING):
                self.vanish(*shapes[number % len(shapes)])
            self.create()  # wakes the streams, so that they find out
            serving.until(self.nobody_is_there, "connections and streams end")
            sizes.append(self.serving.rss_bytes())
        self.assertLess(sizes[2] - sizes[1], 16 << 20, sizes)
        # Nobody is counted who is gone: there is nothing to wait for.
        began = serving.time.monotonic()
        self.assertEqual(self.serving.terminate(), 0)
        self.assertLess(serving.time.monotonic() - began, 10)
        self.serving.start()

    def nobody_is_there(self):
        return (self.serving.metric("waybill_http_connections") <= 1 and
                self.serving.metric("waybill_http_streams") == 0 and
                self.serving.metric("waybill_http_claims_waiting") == 0)


if __name__ == "__main__":
    serving.options_of()
    unittest.main()
