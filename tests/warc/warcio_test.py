#!/usr/bin/env python3
"""What warc.capture writes, read by npm's warcio, and its package by Python's zipfile."""

import argparse
import hashlib
import http.server
import json
import os
import subprocess
import sys
import tempfile
import threading
import unittest
import zipfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "servers"))

import npm_packages  # noqa: E402

OPTIONS = argparse.Namespace()
PAGE = b"<html><title>A</title>hello</html>"
DEFINITIONS = """
tasks:
  capture: {kind: warc.capture, spec: {per_host: 4, package: warc}}
  pack: {kind: warc.capture}
"""


class Site(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):  # noqa: N802
        if self.path == "/moved":
            self.answer(302, b"", Location="/a")
        elif self.path == "/none":
            self.answer(404, b"nothing")
        elif self.path == "/chunked":
            self.send_response(200)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            self.wfile.write(b"6\r\nin two\r\n7\r\n pieces\r\n0\r\n\r\n")
        else:
            self.answer(200, PAGE, Content_Type="text/html; charset=utf-8")

    def answer(self, status, body, **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class WarcioTest(unittest.TestCase):
    def setUp(self):
        npm_packages.install(os.path.join(HERE, "npm"), OPTIONS.directory, "warcio")
        self.directory = tempfile.TemporaryDirectory(prefix="waybill-warcio-")
        self.addCleanup(self.directory.cleanup)
        os.mkdir(self.path("definitions"))
        with open(self.path("definitions", "a.yaml"), "w", encoding="utf-8") as file:
            file.write(DEFINITIONS)
        self.site = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Site)
        threading.Thread(target=self.site.serve_forever, daemon=True).start()
        self.addCleanup(self.site.server_close)
        self.addCleanup(self.site.shutdown)

    def path(self, *names):
        return os.path.join(self.directory.name, *names)

    def url(self, path):
        return f"http://127.0.0.1:{self.site.server_port}{path}"

    def run_waybill(self, *arguments):
        ran = subprocess.run(
            [OPTIONS.waybill, *arguments], cwd=self.directory.name, capture_output=True,
            timeout=120, check=False,
            env={"PATH": os.environ["PATH"], "HOME": self.directory.name,
                 "WAYBILL_DEFINITIONS": self.path("definitions")})
        self.assertEqual(ran.returncode, 0, ran.stdout + ran.stderr)
        return ran.stdout

    def capture(self, definition, *paths):
        """The result, and a directory with the artifacts."""
        params = json.dumps({"urls": [self.url(path) for path in paths]})
        made = json.loads(self.run_waybill("task", "create", definition, "--params", params,
                                           "--json"))
        task = made["task"]["id"]
        self.run_waybill("worker", "--until-idle", "--fetch-networks", "127.0.0.1")
        shown = json.loads(self.run_waybill("task", "show", task, "--json"))
        self.assertEqual(shown["state"], "succeeded", shown)
        listed = json.loads(self.run_waybill("artifact", "list", task, "--json"))["artifacts"]
        into = self.path(definition)
        os.mkdir(into)
        for artifact in listed:
            with open(os.path.join(into, artifact["name"]), "wb") as file:
                file.write(self.run_waybill("artifact", "get", task, artifact["name"]))
        return shown, into

    def test_warcio_reads_every_record_and_makes_the_same_index(self):
        paths = ("/a", "/b", "/chunked", "/moved", "/none")
        shown, into = self.capture("capture", *paths)
        self.assertEqual(shown["result"]["failed"], 0, shown["result"])
        files = sorted(name for name in os.listdir(into) if name.endswith(".warc.gz"))
        ran = subprocess.run(
            ["node", os.path.join(OPTIONS.directory, "read.mjs"),
             *(os.path.join(into, name) for name in files)],
            capture_output=True, text=True, timeout=120, check=False)
        self.assertEqual(ran.returncode, 0, ran.stderr)
        read = json.loads(ran.stdout)
        by_type = {}
        for record in read["records"]:
            by_type.setdefault(record["type"], []).append(record)
        self.assertEqual({kind: len(them) for kind, them in by_type.items()},
                         {"warcinfo": 1, "response": 4, "revisit": 1, "request": 5})
        answers = {record["url"]: record for record in by_type["response"]}
        for record in by_type["response"]:
            self.assertEqual(record["said"], record["payload"], record)
        self.assertEqual(answers[self.url("/chunked")]["payload"],
                         "sha256:" + hashlib.sha256(b"in two pieces").hexdigest())
        self.assertEqual((answers[self.url("/moved")]["status"],
                          answers[self.url("/none")]["status"]), (302, 404))
        revisit, = by_type["revisit"]
        self.assertEqual({revisit["url"], revisit["refersTo"]}, {self.url("/a"), self.url("/b")})
        self.assert_same_index(into, read["index"])

    def assert_same_index(self, into, theirs):
        with open(os.path.join(into, "capture.cdxj"), encoding="utf-8") as file:
            lines = file.read().splitlines()
        self.assertEqual(lines, sorted(lines))
        ours = {}
        for line in lines:
            key, timestamp, fields = line.split(" ", 2)
            fields = json.loads(fields)
            ours[(fields["filename"], int(fields["offset"]))] = (
                key, timestamp, fields["url"], int(fields["length"]),
                fields["digest"].removeprefix("sha256:"))
        self.assertEqual(ours, {
            (line["filename"], int(line["offset"])): (
                line["urlkey"], line["timestamp"], line["url"], int(line["length"]),
                line["digest"].removeprefix("sha256:")) for line in theirs})

    def test_a_package_holds_what_its_list_says(self):
        _, into = self.capture("pack", "/a", "/none")
        with zipfile.ZipFile(os.path.join(into, "capture.wacz")) as package:
            self.assertIsNone(package.testzip())
            self.assertEqual({info.compress_type for info in package.infolist()
                              if info.filename.startswith("archive/")}, {zipfile.ZIP_STORED})
            said = package.read("datapackage.json")
            for resource in json.loads(said)["resources"]:
                content = package.read(resource["path"])
                self.assertEqual((resource["bytes"], resource["hash"]),
                                 (len(content), "sha256:" + hashlib.sha256(content).hexdigest()))
            digest = json.loads(package.read("datapackage-digest.json"))["hash"]
            self.assertEqual(digest, "sha256:" + hashlib.sha256(said).hexdigest())
            pages = package.read("pages/pages.jsonl").decode().splitlines()
        self.assertEqual([json.loads(page).get("url") for page in pages], [None, self.url("/a")])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--waybill", required=True)
    parser.add_argument("--directory", required=True, help="for npm's packages")
    _, rest = parser.parse_known_args(namespace=OPTIONS)
    OPTIONS.waybill = os.path.abspath(OPTIONS.waybill)
    unittest.main(argv=[sys.argv[0], *rest])


if __name__ == "__main__":
    main()
