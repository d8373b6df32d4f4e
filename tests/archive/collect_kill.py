#!/usr/bin/env python3
"""Workers that are killed in the middle of a collection, at a node of IPFS that keeps what it is
given: in the end each URL is there once, none was lost, and none that was written down is fetched
again."""

import base64
import collections
import hashlib
import http.server
import json
import os
import re
import signal
import subprocess
import sys
import threading
import unittest
import urllib.parse

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "workers"))

from place import Place, arguments, until  # noqa: E402

ITEMS = 400
ARGUMENTS = None


def cid_of(content):
    """Version 1, raw, SHA-256, in base32: of what fits into one block."""
    binary = b"\x01\x55\x12\x20" + hashlib.sha256(content).digest()
    return "b" + base64.b32encode(binary).decode().rstrip("=").lower()


class Handler(http.server.BaseHTTPRequestHandler):
    def answer(self, status, body):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Counted:
    """A server on a free port; `seen` counts what was asked."""

    def __init__(self, handler):
        self.seen = collections.Counter()
        self.contents = {}
        self.lock = threading.Lock()
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.server.daemon_threads = True
        self.server.place = self
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def note(self, key):
        with self.lock:
            self.seen[key] += 1

    def total(self):
        with self.lock:
            return sum(self.seen.values())


class Web(Handler):
    def do_GET(self):  # noqa: N802
        place = self.server.place
        place.note(self.path)
        if self.path == "/data.json":
            self.answer(200, place.catalog)
        elif self.path.endswith("00"):
            self.answer(404, b"gone")
        else:
            self.answer(200, f"content of {self.path}".encode())


class Node(Handler):
    def do_POST(self):  # noqa: N802
        body = self.rfile.read(int(self.headers["Content-Length"]))
        path = urllib.parse.urlsplit(self.path).path
        if path != "/api/v0/add":
            self.answer(404, b"404 page not found")
            return
        boundary = re.search("boundary=(.*)$", self.headers["Content-Type"])[1].strip('"')
        content = body.split(b"\r\n\r\n", 1)[1].rsplit(b"\r\n--" + boundary.encode(), 1)[0]
        place = self.server.place
        with place.lock:
            place.contents[cid_of(content)] = content
        self.answer(200, f'{{"Hash":"{cid_of(content)}"}}\n'.encode())


class KillTest(unittest.TestCase):
    def setUp(self):
        self.web = Counted(Web)
        self.addCleanup(self.web.close)
        self.node = Counted(Node)
        self.addCleanup(self.node.close)
        self.place = Place(ARGUMENTS.waybill)
        self.addCleanup(self.place.__exit__, None, None, None)
        self.data = os.path.join(self.place.directory.name, "data")
        distributions = ",".join(
            f'{{"title":"{i}","distribution":[{{"downloadURL":"{self.web.url}/{i}"}}]}}'
            for i in range(1, ITEMS + 1))
        self.web.catalog = f'{{"dataset":[{distributions}]}}'.encode()

    def work(self):
        return self.place.start(
            [ARGUMENTS.waybill, "worker", "--data", self.data, "--poll", "100ms", "--lease", "8s",
             "--beat", "500ms", "--ipfs-api", self.node.url, "--fetch-networks", "127.0.0.1"])

    def ended(self, task_id):
        task = self.place.task(task_id)
        return task if task["state"] in ("succeeded", "failed") else None

    def show(self, collection):
        shown = subprocess.run(
            [ARGUMENTS.waybill, "collection", "show", collection, "--limit", "10000", "--json",
             "--data", self.data], check=True, stdout=subprocess.PIPE, text=True)
        return json.loads(shown.stdout)

    def test_nothing_is_twice_and_nothing_lost(self):
        task = self.place.create(kind="pod.addcatalog", params={
            "url": self.web.url + "/data.json", "crawDelay": 0.01, "Parallelism": 4})
        parallel = 4
        kills = 2  # three would be taken for poison
        for kill in range(1, kills + 1):
            worker = self.work()
            until(f"{kill * 120} URLs were asked for",
                  lambda least=kill * 120: self.web.total() >= least)
            self.place.end(worker, signal.SIGKILL)
        self.work()
        done = until("the task ends", lambda: self.ended(task))
        self.assertEqual(done["state"], "succeeded", done["error"])
        collection = self.show(done["result"]["collection"])
        items = collection["items"]
        self.assertEqual([item["url"] for item in items],
                         [f"{self.web.url}/{i}" for i in range(1, ITEMS + 1)])
        for item in items:
            path = item["url"].removeprefix(self.web.url)
            if path.endswith("00"):
                self.assertEqual((item["failure"], item["cid"]), ("permanent", None))
                continue
            self.assertIsNone(item["failure"], item)
            self.assertEqual(self.node.contents[item["cid"]], f"content of {path}".encode())
            self.assertIn(item["header_cid"], self.node.contents)
        # What an attempt had under way when it was cut off is all that is fetched again.
        cut_off = self.place.happenings(task).count("claimed") - 1
        self.assertGreaterEqual(cut_off, kills)
        again = sum(count - 1 for path, count in self.web.seen.items()
                    if path not in ("/data.json", "/robots.txt"))
        self.assertLessEqual(again, cut_off * parallel)
        index = self.node.contents[collection["index_cid"]].decode().splitlines()
        self.assertEqual(len(index), 1 + ITEMS - ITEMS // 100)
        self.assertEqual(index[1:], sorted(index[1:]))


if __name__ == "__main__":
    ARGUMENTS = arguments()
    unittest.main(argv=[sys.argv[0], "-v"])
