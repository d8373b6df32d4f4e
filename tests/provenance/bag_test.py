#!/usr/bin/env python3
"""Bags that tasks and runs are exported to: by RFC 8493, by sha256sum, and by npm's bagit-tools."""

import hashlib
import os
import subprocess
import unittest
from urllib.parse import unquote

from place import ODD, Place, ask_npm, main


def manifest(text):
    """{path: SHA-256} of a manifest, RFC 8493, 2.1.3."""
    entries = {}
    for line in text.splitlines():
        digest, path = line.split(None, 1)
        entries[unquote(path)] = digest
    return entries


def sha256(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def files_below(directory):
    return {os.path.relpath(os.path.join(root, name), directory)
            for root, _, names in os.walk(directory) for name in names}


class BagTest(unittest.TestCase):
    def setUp(self):
        self.place = Place()
        self.addCleanup(self.place.close)

    def check(self, bag):
        """What RFC 8493, 3 wants of a valid bag."""
        self.assertEqual(self.place.read(bag, "bagit.txt"),
                         "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n")
        payload = manifest(self.place.read(bag, "manifest-sha256.txt"))
        tags = manifest(self.place.read(bag, "tagmanifest-sha256.txt"))
        there = files_below(self.place.path(bag))
        self.assertEqual(set(payload), {name for name in there if name.startswith("data/")})
        self.assertEqual(set(tags), there - set(payload) - {"tagmanifest-sha256.txt"})
        for name, digest in (payload | tags).items():
            self.assertEqual(sha256(self.place.path(bag, name)), digest, name)
        size = sum(os.path.getsize(self.place.path(bag, name)) for name in payload)
        self.assertIn(f"Payload-Oxum: {size}.{len(payload)}\n",
                      self.place.read(bag, "bag-info.txt"))
        return payload, tags

    def test_a_task_is_a_bag_with_its_artifacts_logs_record_and_provenance(self):
        task = self.place.a_task()
        said = self.place.json("task", "export", task, "--to", "bag")
        self.assertEqual((said["id"], said["artifacts"], said["size_bytes"]), (task, 1, 5))
        payload, tags = self.check("bag")
        self.assertEqual(set(payload), {f"data/{ODD}"})
        self.assertIn("%25 of ö", self.place.read("bag", "manifest-sha256.txt"))
        self.assertEqual(set(tags), {"bagit.txt", "bag-info.txt", "manifest-sha256.txt",
                                     "logs/attempt-1.log", "provenance.json", "task.json"})
        self.assertIn("said\n", self.place.read("bag", "logs", "attempt-1.log"))
        self.place.write("key.pub", self.place.run("provenance", "key"))
        said = self.place.json("provenance", "verify", "bag/provenance.json", "--key", "key.pub",
                               "--artifacts", "bag/data")
        self.assertEqual((said["artifacts"], said["unsaid"]), (1, []))

    def test_a_run_is_one_and_others_take_it_and_refuse_a_damaged_one(self):
        run = self.place.a_run()
        self.place.run("run", "export", run, "--to", "bag")
        payload, tags = self.check("bag")
        self.assertEqual(set(payload), {"data/first/a.txt", "data/second/out/b.txt"})
        self.assertIn("logs/second/attempt-1.log", tags)
        bag = self.place.path("bag")
        for name in ("manifest", "tagmanifest"):
            subprocess.run(["sha256sum", "--check", "--strict", "--quiet", f"{name}-sha256.txt"],
                           cwd=bag, check=True, timeout=60)
        self.assertEqual(ask_npm("bag.mjs", bag), {"valid": True})
        self.place.write("bag/data/first/a.txt", "0ne")
        self.assertEqual(ask_npm("bag.mjs", bag), {"valid": False})
        self.place.write("bag/data/first/a.txt", "one")
        self.assertEqual(ask_npm("bag.mjs", bag), {"valid": True})
        self.place.write("bag/data/more", "not in the manifest")
        self.assertEqual(ask_npm("bag.mjs", bag), {"valid": False})

    def test_what_is_there_stays_and_what_fails_leaves_nothing(self):
        task = self.place.a_task()
        os.mkdir(self.place.path("bag"))
        refused = self.place.run("task", "export", task, "--to", "bag", status=1)
        self.assertIn("bag is there already", refused)
        self.assertEqual(os.listdir(self.place.path("bag")), [])
        store = self.place.path("waybill-data", "artifacts", "sha256")
        content, = files_below(store)
        os.chmod(os.path.join(store, content), 0o600)
        with open(os.path.join(store, content), "w", encoding="utf-8") as file:
            file.write("jello")
        before = set(os.listdir(self.place.directory))
        self.assertIn("damaged", self.place.run("task", "export", task, "--to", "b", status=1))
        self.assertEqual(set(os.listdir(self.place.directory)), before)

    def test_one_that_was_cut_off_is_seen_as_none(self):
        # 20 MB, and 8 MB are what a file may have: more than the ledger's, less than this.
        task = self.place.a_task(name="a", times=4_000_000)
        cut = subprocess.run(
            ["sh", "-c", 'ulimit -f 16384; trap "" XFSZ; exec "$@"', "sh", self.waybill(), "task",
             "export", task, "--to", "bag"],
            cwd=self.place.directory, capture_output=True, text=True, timeout=60, check=False)
        self.assertIn("data/a", cut.stderr)
        self.assertNotEqual(cut.returncode, 0)
        self.assertFalse(os.path.exists(self.place.path("bag")))

    @staticmethod
    def waybill():
        from place import OPTIONS  # pylint: disable=import-outside-toplevel
        return OPTIONS.waybill


if __name__ == "__main__":
    main()
