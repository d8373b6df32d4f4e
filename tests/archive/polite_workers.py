#!/usr/bin/env python3
"""Several workers on one ledger, two with it and one over the API, and a server that they fetch
from: together they keep to what it bears."""

import collections
import http.server
import os
import signal
import sys
import threading
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "workers"))

from place import Place, arguments, until  # noqa: E402

ARGUMENTS = None


class Web(http.server.BaseHTTPRequestHandler):
    def do_GET(self):  # noqa: N802
        site = self.server.site
        with site.lock:
            site.came.append((time.monotonic(), self.path))
            site.seen[self.path] += 1
            site.under_way += 1
            site.most_at_once = max(site.most_at_once, site.under_way)
        try:
            status, headers, body = site.answer(self.path)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            with site.lock:
                # Before the other side can know that it has ended.
                site.under_way -= 1
            self.end_headers()
            self.wfile.write(body)
        except (BrokenPipeError, ConnectionResetError):
            pass

    def log_message(self, *_):
        pass


class Site:
    def __init__(self):
        self.lock = threading.Lock()
        self.came = []
        self.seen = collections.Counter()
        self.under_way = 0
        self.most_at_once = 0
        self.answer = lambda path: (200, {}, path.encode())
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Web)
        self.server.daemon_threads = True
        self.server.site = self
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def times(self, beginning):
        with self.lock:
            return [at for at, path in self.came if path.startswith(beginning)]


class PoliteTest(unittest.TestCase):
    def setUp(self):
        self.site = Site()
        self.addCleanup(self.site.close)
        self.place = Place(ARGUMENTS.waybill)
        self.addCleanup(self.place.__exit__, None, None, None)
        self.data = os.path.join(self.place.directory.name, "data")

    def work(self, place=None):
        return self.place.start(
            [ARGUMENTS.waybill, "worker", *(place or ["--data", self.data]), "--poll", "100ms",
             "--lease", "8s", "--beat", "500ms", "--slots", "3", "--fetch-networks", "127.0.0.1"])

    def work_by_three(self):
        self.work()
        self.work()
        self.work(["--server", self.place.url])

    def fetch(self, path, **params):
        return self.place.create(kind="http.fetch", params={"url": self.site.url + path, **params})

    def await_end(self, task):
        def ended():
            seen = self.place.task(task)
            return seen if seen["state"] in ("succeeded", "failed") else None
        return until(f"{task} ends", ended)

    def await_success(self, tasks):
        for task in tasks:
            done = self.await_end(task)
            self.assertEqual(done["state"], "succeeded", done["error"])

    def test_never_more_at_once_than_the_host_bears(self):
        def slowly(path):
            time.sleep(0.2)  # what the answer takes
            return 200, {}, path.encode()
        self.site.answer = slowly
        tasks = [self.fetch(f"/{i}", per_host=2) for i in range(24)]
        self.work_by_three()
        self.await_success(tasks)
        self.assertEqual(sum(self.site.seen.values()), 24)
        self.assertLessEqual(self.site.most_at_once, 2)

    def test_requests_keep_their_distance(self):
        tasks = [self.fetch(f"/{i}", delay="300ms") for i in range(12)]
        self.work_by_three()
        self.await_success(tasks)
        times = self.site.times("/")
        # One may come late, so that the next one seems early; all of them together cannot.
        self.assertGreaterEqual(times[-1] - times[0], 0.3 * (len(times) - 2))

    def test_a_crawl_delay_is_of_all_workers(self):
        def answer(path):
            if path == "/robots.txt":
                return 200, {}, b"User-agent: *\nCrawl-delay: 0.4\n"
            return 200, {}, path.encode()
        self.site.answer = answer
        tasks = [self.fetch(f"/page-{i}", robots="honour") for i in range(8)]
        self.work_by_three()
        self.await_success(tasks)
        times = self.site.times("/page")
        self.assertGreaterEqual(times[-1] - times[0], 0.4 * (len(times) - 2))
        self.assertLessEqual(self.site.seen["/robots.txt"], 3, "once for each worker")

    def test_the_retry_after_of_one_is_heeded_by_all(self):
        refused_at = []

        def refuse_once(path):
            if refused_at:
                return 200, {}, path.encode()
            refused_at.append(time.monotonic())
            return 429, {"Retry-After": "6"}, b"slowly"
        self.site.answer = refuse_once
        self.work_by_three()
        first = self.fetch("/first")
        until("the refusal is recorded", lambda: self.place.task(first)["state"] == "scheduled")
        tasks = [self.fetch(f"/more-{i}") for i in range(9)]
        self.await_success([first, *tasks])
        self.assertGreaterEqual(min(self.site.times("/more")) - refused_at[0], 6)

    def test_the_turn_of_a_killed_worker_is_free_soon(self):
        release = threading.Event()
        self.addCleanup(release.set)

        def hold(path):
            if path == "/held":
                release.wait()
            return 200, {}, path.encode()
        self.site.answer = hold
        holder = self.work()
        held = self.fetch("/held", per_host=1)
        until("it is asked for", lambda: self.site.seen["/held"] == 1)
        # It has free slots itself, and a second worker has.
        other = self.fetch("/other", per_host=1)
        self.work()
        until("the other is claimed", lambda: "claimed" in self.place.happenings(other))
        self.assertEqual(self.site.seen["/other"], 0)
        self.place.end(holder, signal.SIGKILL)
        release.set()
        self.await_success([other, held])

    def test_what_robots_refuses_is_not_captured(self):
        def answer(path):
            if path == "/robots.txt":
                return 200, {}, b"User-agent: *\nDisallow: /private\n"
            return 200, {}, path.encode()
        self.site.answer = answer
        self.work()
        urls = [self.site.url + path for path in ("/public", "/private/a", "/private/b")]
        done = self.await_end(self.place.create(kind="warc.capture", params={"urls": urls}))
        self.assertEqual(done["state"], "succeeded", done["error"])
        self.assertEqual((done["result"]["captured"], done["result"]["failed"]), (1, 2))
        self.assertEqual(self.site.seen, {"/robots.txt": 1, "/public": 1})
        done = self.await_end(self.place.create(
            kind="warc.capture", params={"urls": urls, "robots": "ignore"}))
        self.assertEqual(done["result"]["captured"], 3)
        refused = self.await_end(self.fetch("/private/a", robots="honour"))
        self.assertEqual(refused["state"], "failed")
        self.assertIn("asks not to fetch", refused["error"])

    def test_a_robots_file_that_cannot_be_had_allows_nothing_now(self):
        self.site.answer = lambda path: (503, {}, b"busy") if path == "/robots.txt" else (
            200, {}, path.encode())
        self.work()
        task = self.fetch("/page", robots="honour")
        until("the attempt fails for now", lambda: self.place.task(task)["state"] == "scheduled")
        self.assertIn("nothing may be fetched", self.place.task(task)["error"])
        self.assertEqual(self.site.seen["/page"], 0)


if __name__ == "__main__":
    ARGUMENTS = arguments()
    unittest.main(argv=[sys.argv[0], "-v"])
