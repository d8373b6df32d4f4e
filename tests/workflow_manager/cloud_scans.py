#!/usr/bin/env python3
"""Scans of definitions whose buckets are in a cloud: `waybill scan` and `waybill up` make a task of
each batch, once, and write its marker there."""

import argparse
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import unittest

from google_backend import StorageBuckets, StorageStandIn
from moto_backend import Moto, S3Store
from radosgw_backend import RadosGateway, SignedStore
from server import Missing, skipped

CLOUDS = {"moto": (Moto, S3Store), "radosgw": (RadosGateway, SignedStore),
          "google": (StorageStandIn, StorageBuckets)}
ARGUMENTS = argparse.Namespace()
PATIENCE_SECONDS = 60
BATCHES = 40
MISSING_BUCKET = "nobody-has-this-one"


class Direct:
    """What a server's environment() asks of a proxy, where there is none."""

    def __init__(self, server):
        self.url = server.url
        self.host = server.url.removeprefix("http://")


class CloudScans(unittest.TestCase):
    server = store = None  # started once

    def setUp(self):
        self.bucket = f"drop-{self.id().rsplit('.', 1)[1].replace('_', '-')}"[:60].rstrip("-")
        self.markers = "m-" + self.bucket[:58].rstrip("-")
        for bucket in (self.bucket, self.markers):
            self.store.create(bucket)
        place = tempfile.TemporaryDirectory(prefix="waybill-cloud-scans-")
        self.addCleanup(place.cleanup)
        self.place = place.name
        self.environment = {"PATH": os.environ["PATH"], "HOME": self.place,
                            "AWS_EC2_METADATA_DISABLED": "true",
                            **self.server.environment(Direct(self.server))}

    def define(self, source=None, markers=None):
        definitions = {
            "tasks": {"sum": {"command": ["true"], "params": {"type": "object"}}},
            "scans": {"drop": {"planner": "batches", "task": "sum", "parts": ["data", "sig"],
                               "sources": {"drop": source or self.store.bucket_url(self.bucket)},
                               "path": "in/{yyyy}/{MM}/{dd}/{batch}.{part}", "every": "1s",
                               "markers": markers or self.store.bucket_url(self.markers)}}}
        os.makedirs(os.path.join(self.place, "definitions"), exist_ok=True)
        with open(os.path.join(self.place, "definitions", "d.yaml"), "w", encoding="utf-8") as file:
            json.dump(definitions, file)  # which is YAML

    def drop(self, batches):
        for batch in batches:
            for part in ("data", "sig"):
                self.store.put(self.bucket, f"in/2026/11/28/{batch}.{part}")

    def command(self, *words):
        return [ARGUMENTS.waybill, *words, "--definitions", "definitions", "--data", "data"]

    def run_waybill(self, *words, status=0):
        done = subprocess.run(self.command(*words), cwd=self.place, env=self.environment, text=True,
                              capture_output=True, timeout=PATIENCE_SECONDS, check=False)
        self.assertEqual(done.returncode, status, (words, done.stdout, done.stderr))
        return done

    def tasks(self):
        listed = self.run_waybill("task", "list", "--json", "--limit", "1000").stdout
        return [json.loads(line) for line in listed.splitlines()] if "\n{" in listed else (
            json.loads(listed)["tasks"])

    def test_each_batch_is_a_task_once_and_has_its_marker(self):
        self.define()
        names = [f"b{number:03}" for number in range(BATCHES)]
        self.drop(names)
        self.store.put(self.bucket, "in/2026/11/28/half.data")
        dry = json.loads(self.run_waybill("scan", "--dry-run", "--json").stdout)
        self.assertEqual(self.store.keys(self.markers), [], dry)
        self.run_waybill("scan", "--once")
        tasks = self.tasks()
        self.assertEqual(len(tasks), BATCHES)
        markers = self.store.keys(self.markers)
        self.assertEqual(len(markers), BATCHES)
        self.assertTrue(all(key.startswith("task-markers/") for key in markers), markers)
        self.run_waybill("scan", "--once")
        self.assertEqual(len(self.tasks()), BATCHES)
        self.assertEqual(self.store.keys(self.markers), markers)
        self.drop(["late"])
        self.run_waybill("up", "--until-idle")
        states = [task["state"] for task in self.tasks()]
        self.assertEqual(states, ["succeeded"] * (BATCHES + 1))

    def test_a_lost_ledger_makes_no_task_again(self):
        self.define()
        self.drop(["one", "two"])
        self.run_waybill("scan", "--once")
        os.rename(os.path.join(self.place, "data"), os.path.join(self.place, "lost"))
        self.run_waybill("scan", "--once")
        self.assertEqual(self.tasks(), [])

    def test_a_bucket_that_is_not_there_is_told_of(self):
        self.define(source=self.store.bucket_url(MISSING_BUCKET))
        told = self.run_waybill("scan", "--once", status=1).stderr
        self.assertIn(self.store.bucket_url(MISSING_BUCKET), told)
        self.assertIn("listing", told)

    def test_a_url_that_can_be_no_buckets_is_refused_before_anything_is_made(self):
        for url, why in (("s3://only-a-region", "s3://REGION/NAME"), ("gs://", "gs://NAME"),
                         ("https://bucket.example.org/", "unrecognized Bucket URL")):
            self.define(source=url)
            told = self.run_waybill("config", "check", status=2).stderr
            self.assertIn("definitions/d.yaml:1:", told)
            self.assertIn(why, told)

    def test_sigterm_ends_a_scan_whose_cloud_does_not_answer(self):
        self.define()
        with socket.create_server(("127.0.0.1", 0)) as silent:
            silent.settimeout(PATIENCE_SECONDS)
            url = f"http://127.0.0.1:{silent.getsockname()[1]}"
            deaf = {"AWS_ENDPOINT_URL": url, "AWS_ENDPOINT_URL_S3": url,
                    "STORAGE_EMULATOR_HOST": url.removeprefix("http://")}
            for words in (("scan", "--once"), ("scan",), ("up",)):
                process = subprocess.Popen(self.command(*words), cwd=self.place, text=True,
                                           env={**self.environment, **deaf},
                                           stdout=subprocess.PIPE, stderr=subprocess.PIPE)
                self.addCleanup(process.kill)
                client, _ = silent.accept()
                with client:
                    client.recv(1)  # its request has come, and gets no answer
                    process.send_signal(signal.SIGTERM)
                    closing = threading.Timer(PATIENCE_SECONDS / 2, client.close)
                    closing.start()
                    stdout, stderr = process.communicate(timeout=PATIENCE_SECONDS)
                    in_time = closing.is_alive()
                    closing.cancel()
                self.assertTrue(in_time, (words, stdout, stderr))
                self.assertNotIn('"level":"error"', stderr)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--waybill", required=True)
    parser.add_argument("--backend", required=True, choices=CLOUDS)
    ARGUMENTS, rest = parser.parse_known_args()
    ARGUMENTS.waybill = os.path.abspath(ARGUMENTS.waybill)
    start_server, open_store = CLOUDS[ARGUMENTS.backend]
    try:
        CloudScans.server = start_server()
    except Missing as missing:
        sys.exit(skipped(missing))
    try:
        CloudScans.store = open_store(CloudScans.server)
        unittest.main(argv=[sys.argv[0], *rest], verbosity=2)
    finally:
        CloudScans.server.stop()
