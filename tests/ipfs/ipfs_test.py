#!/usr/bin/env python3
"""Kinds ipfs.* of `waybill worker` at real nodes of IPFS: npm's js-ipfs."""

import argparse
import hashlib
import http.server
import os
import random
import sys
import tempfile
import threading
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
for folder in ("workers", "servers"):
    sys.path.insert(0, os.path.join(os.path.dirname(HERE), folder))

import npm_packages  # noqa: E402
from ipfs_node import IpfsNode  # noqa: E402
from ipfs_rpc import Rpc  # noqa: E402
from place import Place, until  # noqa: E402

ARGUMENTS = argparse.Namespace()
CHUNK = 262_144


def some_bytes(size):
    return random.Random(size).randbytes(size)


class Files(http.server.BaseHTTPRequestHandler):
    """Serves /SIZE: bytes that are always the same."""

    def do_GET(self):  # noqa: N802
        body = some_bytes(int(self.path.strip("/").split(".")[0]))
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class IpfsPlace(Place):
    """A server and a worker that has a node."""

    def __init__(self, waybill, node):
        self.node = node
        super().__init__(waybill)
        self.work()

    def work(self):
        data = os.path.join(self.directory.name, "data")
        self.worker = self.start([self.waybill, "worker", "--data", data, "--poll", "100ms",
                                  "--ipfs-api", self.node.url, "--fetch-networks", "127.0.0.1"])

    def outcome(self, task_id):
        def ended():
            task = self.task(task_id)
            return task if task["state"] in ("succeeded", "failed", "cancelled") else None
        return until(f"task {task_id} ends", ended)

    def run(self, kind, **params):
        spec = {"limits": {"artifacts": "2GiB"}} if kind in ("http.fetch", "ipfs.addurl") else {}
        task = self.outcome(self.create(kind=kind, spec=spec, params=params))
        if task["state"] != "succeeded":
            raise AssertionError(f"{kind} {params}: {task['state']}: {task['error']}")
        return task["result"]


class IpfsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        # npm ci takes the lock that npm has written itself to lack an optional package.
        npm_packages.install(os.path.join(HERE, "npm"), ARGUMENTS.directory, "ipfs",
                             patience_seconds=600, command="install")
        cls.temporary = tempfile.TemporaryDirectory(prefix="waybill-ipfs-")
        cls.addClassCleanup(cls.temporary.cleanup)
        cls.nodes = []
        for name in ("ours", "theirs"):
            node = IpfsNode(ARGUMENTS.directory, os.path.join(cls.temporary.name, name))
            cls.addClassCleanup(node.close)
            cls.nodes.append(node)
        cls.ours, cls.theirs = (Rpc(node.url) for node in cls.nodes)
        cls.place = IpfsPlace(ARGUMENTS.waybill, cls.nodes[0])
        cls.addClassCleanup(cls.place.__exit__, None, None, None)
        cls.web = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Files)
        cls.addClassCleanup(cls.web.server_close)
        threading.Thread(target=cls.web.serve_forever, daemon=True).start()
        cls.addClassCleanup(cls.web.shutdown)
        cls.base = f"http://127.0.0.1:{cls.web.server_port}/"

    def fetched(self, size):
        """An artifact of so many bytes: its SHA-256."""
        return self.place.run("http.fetch", url=f"{self.base}{size}.bin")["sha256"]

    def test_a_url_is_added_under_both_names_in_four_steps(self):
        content = some_bytes(3_000_000)
        for kind in ("ipfs.addurl", "ipfs.add"):
            made = self.place.create(kind=kind, params={
                "url": self.base + "3000000.bin", "ipfsApiServerUrl": "http://elsewhere",
                "checksum": hashlib.sha256(content).hexdigest()})
            task = self.place.outcome(made)
            self.assertEqual(task["state"], "succeeded", task["error"])
            result = task["result"]
            self.assertEqual(result["cid"],
                             self.theirs.add({"xx": content}, **{"only-hash": "true"}))
            self.assertTrue(result["cid_checked"])
            self.assertTrue(self.ours.pins(result["cid"]))
            self.assertEqual(result["options"],
                             {"cid_version": 1, "raw_leaves": True, "hash": "sha2-256",
                              "chunker": "size-262144", "layout": "balanced"})
            progress = self.place.ask("GET", f"/v1/tasks/{made}/progress")["progress"]
            self.assertEqual((progress["percent"], progress["step"], progress["steps"],
                              progress["status"], progress["dest"]),
                             (1.0, 4, 4, "adding file to IPFS node", "/content/" + result["cid"]))
            self.assertEqual(self.ours.call("cat", arg=result["cid"]), content)

    def test_what_is_empty_is_no_content(self):
        task = self.place.outcome(self.place.create(kind="ipfs.addurl",
                                                    params={"url": self.base + "0.bin"}))
        self.assertEqual(task["state"], "failed")
        self.assertIn("returned empty response", task["error"])

    def test_cids_of_files_are_those_of_the_node(self):
        for size in (1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK):
            result = self.place.run("ipfs.addfile", sha256=self.fetched(size), name="a b+c")
            self.assertTrue(result["cid_checked"], size)
            self.assertEqual(result["size_bytes"], size)
            self.assertEqual(result["cid"],
                             self.theirs.add({"xx": some_bytes(size)}, **{"only-hash": "true"}))

    def test_a_second_level_of_links_is_as_the_nodes(self):
        size = 175 * 1000
        result = self.place.run("ipfs.addfile", sha256=self.fetched(size), chunker="size-1000")
        self.assertTrue(result["cid_checked"])
        self.assertEqual(result["options"]["chunker"], "size-1000")

    def test_what_is_not_computed_here_is_said_to_be_unchecked(self):
        result = self.place.run("ipfs.addfile", sha256=self.fetched(CHUNK * 3), trickle=True)
        self.assertFalse(result["cid_checked"])
        self.assertEqual(result["options"]["layout"], "trickle")

    def test_a_directory_is_added_with_names_as_they_are(self):
        small, large = self.fetched(10), self.fetched(CHUNK + 5)
        names = {"a": small, "b.txt": large, "b/ü ö.txt": small, "b/c/d%41": large, "z+1": small}
        result = self.place.run("ipfs.adddir", files=[{"name": name, "sha256": digest}
                                                      for name, digest in names.items()])
        self.assertTrue(result["cid_checked"])
        self.assertEqual(result["files"], 5)
        for name, digest in names.items():
            got = self.ours.call("cat", arg=result["cid"] + "/" + name)
            self.assertEqual(hashlib.sha256(got).hexdigest(), digest, name)

    def test_a_lease_ends_when_another_has_it_and_the_rest_is_collected(self):
        content = some_bytes(77_777)
        cid = self.place.run("ipfs.addurl", url=self.base + "77777.bin")["cid"]
        lease = self.place.create(kind="ipfs.pin", params={
            "cid": cid, "name": "wikipedia 2026-11", "copies": 1, "every": "1s",
            "nodes": [self.nodes[1].url]})
        second = self.place.create(kind="ipfs.pin", params={"cid": cid, "name": "for good"})
        self.assertEqual(self.place.outcome(second)["result"]["held"], "for good")
        until("the lease is given back", lambda: self.place.task(lease)["state"] != "leased"
              and "snoozed" in self.place.happenings(lease))
        pins = self.place.run("ipfs.pins")["pins"]
        self.assertEqual({(pin["name"], pin["cid"], pin["held"]) for pin in pins},
                         {("wikipedia 2026-11", cid, "until 1 other has it"),
                          ("for good", cid, "for good")})
        self.assertEqual(self.theirs.add({"xx": content}), cid)
        ended = self.place.outcome(lease)
        self.assertEqual((ended["state"], ended["result"]["held"], ended["result"]["unpinned"]),
                         ("succeeded", "copies", False))
        self.assertTrue(self.ours.pins(cid), "another lease holds it")
        self.assertTrue(self.place.run("ipfs.unpin", name="for good")["unpinned"])
        self.assertFalse(self.ours.pins(cid))
        self.assertEqual(self.place.run("ipfs.pins")["pins"], [])
        self.assertGreater(self.place.run("ipfs.gc")["blocks_removed"], 0)
        self.assertFalse(self.ours.has(cid))
        self.assertTrue(self.theirs.has(cid))

    def test_a_lease_ends_with_its_time(self):
        cid = self.place.run("ipfs.addurl", url=self.base + "55.bin")["cid"]
        result = self.place.run("ipfs.pin", cid=cid, **{"for": "2s"})
        self.assertEqual((result["held"], result["unpinned"]), ("time", True))
        self.assertFalse(self.ours.pins(cid))

    def test_what_others_did_not_take_in_time_stays_pinned(self):
        cid = self.place.run("ipfs.addurl", url=self.base + "66.bin")["cid"]
        task = self.place.outcome(self.place.create(kind="ipfs.pin", params={
            "cid": cid, "copies": 2, "for": "1s", "every": "1s", "name": "kept"}))
        self.assertEqual(task["state"], "failed")
        self.assertIn("it stays pinned as kept", task["error"])
        self.assertTrue(self.ours.pins(cid))
        self.assertEqual(self.place.run("ipfs.unpin", cid=cid),
                         {"unpinned": False, "leases_ended": 0, "held_by": ["kept"]})
        self.assertTrue(self.ours.pins(cid))
        ended = {"unpinned": True, "leases_ended": 1, "held_by": []}
        self.assertEqual(self.place.run("ipfs.unpin", cid=cid, name="kept"), ended)
        self.assertFalse(self.place.run("ipfs.unpin", cid=cid)["unpinned"])

    def test_a_lease_that_somebody_ended_is_not_taken_again(self):
        cid = self.place.run("ipfs.addurl", url=self.base + "88.bin")["cid"]
        lease = self.place.create(kind="ipfs.pin", params={
            "cid": cid, "name": "ended", "copies": 3, "every": "1s"})
        until("it is given back", lambda: "snoozed" in self.place.happenings(lease))
        self.assertTrue(self.place.run("ipfs.unpin", name="ended")["unpinned"])
        self.assertEqual(self.place.outcome(lease)["result"]["held"], "until somebody ended it")
        self.assertFalse(self.ours.pins(cid))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--waybill", required=True)
    parser.add_argument("--directory", required=True)
    ARGUMENTS, rest = parser.parse_known_args()
    unittest.main(argv=[sys.argv[0], *rest], verbosity=2)
