#!/usr/bin/env python3
"""The fault proxy does what each action says, by counting what reached the server behind it."""

import http.client
import http.server
import threading
import time
import unittest

from fault_proxy import FaultProxy, Script

ANSWER = b"0123456789"


class Upstream:
    def __init__(self):
        seen = self.seen = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                seen.append((self.command, self.path, self.headers.get("X-Mark"), body))
                self.send_response(200)
                self.send_header("X-Answer", "yes")
                self.send_header("Content-Length", str(len(ANSWER)))
                self.end_headers()
                self.wfile.write(ANSWER)

            do_POST = do_GET

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    def stop(self):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


class FaultProxyTest(unittest.TestCase):
    def setUp(self):
        self.upstream = Upstream()
        self.addCleanup(self.upstream.stop)
        self.script = Script()
        self.proxy = FaultProxy(self.upstream.url, self.script)
        self.addCleanup(self.proxy.stop)

    def ask(self, target="/a", method="GET", body=b""):
        """Status and body, or the name of how the connection ended."""
        connection = http.client.HTTPConnection(self.proxy.host, timeout=20)
        try:
            connection.request(method, target, body, {"X-Mark": "m"})
            response = connection.getresponse()
            self.headers = response.headers
            return response.status, response.read()
        except (ConnectionError, http.client.HTTPException) as error:
            return type(error).__name__
        finally:
            connection.close()

    def paths(self):
        return [path for _, path, _, _ in self.upstream.seen]

    def test_carries_out_what_no_rule_is_for(self):
        self.script.begin([{"action": "status", "status": 500, "method": "PUT"}])
        self.assertEqual(self.ask("/x%2Fy?q=%20", "POST", b"body"), (200, ANSWER))
        self.assertEqual(self.upstream.seen, [("POST", "/x%2Fy?q=%20", "m", b"body")])
        self.assertEqual(self.script.taken(), 0)

    def test_answers_a_status_without_carrying_out(self):
        self.script.begin([{"action": "status", "status": 403, "code": "No"}])
        self.assertEqual(self.ask(), (403, b"403 No"))
        self.assertEqual(self.paths(), [])

    def test_says_how_long_to_keep_away(self):
        self.script.begin([{"action": "status", "status": 429, "retry_after": 7}])
        self.assertEqual(self.ask(), (429, b"429 "))
        self.assertEqual(self.headers["Retry-After"], "7")

    def test_cuts_before_and_after_carrying_out(self):
        self.script.begin([{"action": "drop_before", "path": "^/before"},
                           {"action": "drop_after", "path": "^/after"}])
        self.assertEqual(self.ask("/before"), "RemoteDisconnected")
        self.assertEqual(self.ask("/after"), "RemoteDisconnected")
        self.assertEqual(self.paths(), ["/after"])

    def test_cuts_in_the_middle_of_an_answer(self):
        self.script.begin([{"action": "cut_half"}])
        self.assertEqual(self.ask(), "IncompleteRead")
        self.assertEqual(self.paths(), ["/a"])

    def test_lies(self):
        self.script.begin([{"action": "lie"}])
        self.assertEqual(self.ask(), (200, b"{}"))
        self.assertEqual(self.paths(), [])

    def test_waits_and_carries_out_or_refuses_or_cuts(self):
        self.script.begin([{"action": action, "seconds": 0.05, "path": action}
                           for action in ("delay", "blackhole", "hold")])
        began = time.monotonic()
        self.assertEqual(self.ask("/delay"), (200, ANSWER))
        self.assertEqual(self.ask("/blackhole"), (503, b"503 "))
        self.assertEqual(self.ask("/hold"), "RemoteDisconnected")
        self.assertGreaterEqual(time.monotonic() - began, 0.15)
        self.assertEqual(self.paths(), ["/delay"])

    def test_skips_and_takes_so_many(self):
        self.script.begin([{"action": "status", "status": 500, "skip": 1, "times": 2}])
        self.assertEqual([self.ask()[0] for _ in range(4)], [200, 500, 500, 200])
        self.assertEqual(self.script.taken(), 2)

    def test_a_barrier_waits_for_the_others(self):
        self.script.begin([{"action": "barrier", "parties": 2, "seconds": 20}])
        first = threading.Thread(target=self.ask, args=("/first",))
        first.start()
        self.script.wait_for_more_than(0)
        self.assertEqual(self.paths(), [])
        self.ask("/second")
        first.join()
        self.assertEqual(sorted(self.paths()), ["/first", "/second"])

    def test_a_barrier_gives_up(self):
        self.script.begin([{"action": "barrier", "parties": 2, "seconds": 0.01}])
        self.assertEqual(self.ask(), (200, ANSWER))

    def test_a_gate_holds_a_request_and_decides(self):
        here, go = threading.Event(), threading.Event()

        def gate(number, request):
            if number != 1:
                return None
            here.set()
            go.wait(20)
            return {"action": "drop_before"} if request.path == "/held" else None

        self.script.begin(gate=gate)
        self.assertEqual(self.ask("/first"), (200, ANSWER))
        answers = []
        held = threading.Thread(target=lambda: answers.append(self.ask("/held")))
        held.start()
        self.assertTrue(here.wait(20))
        self.script.settle(held=1)
        self.assertEqual(self.ask("/third"), (200, ANSWER))
        go.set()
        held.join()
        self.script.settle()
        self.assertEqual(answers, ["RemoteDisconnected"])
        self.assertEqual(self.paths(), ["/first", "/third"])

    def test_refuses_a_rule_that_is_none(self):
        for fault in ({"action": "status", "pth": "x"}, {"path": "x"}, {"action": "explode"}):
            with self.assertRaises(ValueError):
                self.script.begin([fault])


if __name__ == "__main__":
    unittest.main()
