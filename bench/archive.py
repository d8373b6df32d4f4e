#!/usr/bin/env python3
"""What the archiving kinds take: `make bench-archive`.

Starts `waybill serve` and a worker on a fresh directory beside the figures' file, and servers in
Python on the same machine, whose share of the processors is in every figure.

ipfs_add_1g_rss_mb  most memory of the worker while ipfs.addurl gives 1 GiB to a node. The node is a
                    stand-in that reads all of it and says the CID that a node would; IPFS nodes
                    themselves are what `make ipfs` tests with.
warc_urls_per_s     warc.capture of 10,000 small URLs of one server, from the claim to the end.
zim_unpack          time of zim.unpack over that of zimdump on the same file, which keeps nothing.
"""

import argparse
import base64
import hashlib
import http.server
import json
import os
import re
import shutil
import signal
import statistics
import subprocess
import tempfile
import threading
import time
import urllib.parse
import urllib.request

CHUNK = 262144
LINKS = 174
PIECE = bytes(range(256)) * 4096  # 1 MiB
PNG = ("iVBORw0KGgoAAAANSUhEUgAAADAAAAAwAQAAAAB/ecQqAAAADUlEQVR42mNgGAXUBAABUAABNLg62QAA"
       "AABJRU5ErkJggg==")


def varint(number):
    out = b""
    while number >= 0x80:
        out += bytes([number & 0x7f | 0x80])
        number >>= 7
    return out + bytes([number])


def field(number, content):
    return bytes([number << 3 | 2]) + varint(len(content)) + content


class Dag:
    """The CID of a file as nodes make it: chunks of 256 KiB, 174 links, raw leaves, version 1."""

    def __init__(self):
        self.rest = bytearray()
        self.leaves = []

    def add(self, piece):
        self.rest += piece
        while len(self.rest) >= CHUNK:
            self.leaf(bytes(self.rest[:CHUNK]))
            del self.rest[:CHUNK]

    def leaf(self, chunk):
        cid = b"\x01\x55\x12\x20" + hashlib.sha256(chunk).digest()
        self.leaves.append((cid, len(chunk), len(chunk)))

    def node(self, parts):
        links = b"".join(field(2, field(1, cid) + field(2, b"") + b"\x18" + varint(size))
                         for cid, _, size in parts)
        content = sum(part[1] for part in parts)
        unixfs = b"\x08\x02\x18" + varint(content) + b"".join(
            b"\x20" + varint(part[1]) for part in parts)
        block = links + field(1, unixfs)
        cid = b"\x01\x70\x12\x20" + hashlib.sha256(block).digest()
        return cid, content, len(block) + sum(part[2] for part in parts)

    def cid(self):
        if self.rest or not self.leaves:
            self.leaf(bytes(self.rest))
        level = self.leaves
        while len(level) > 1:
            level = [self.node(level[i:i + LINKS]) for i in range(0, len(level), LINKS)]
        return "b" + base64.b32encode(level[0][0]).decode().rstrip("=").lower()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 1 << 16  # head and body in one write

    def say(self, body, status=200):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Web(Handler):
    def do_GET(self):  # noqa: N802
        site = self.server.site
        if self.path == "/robots.txt":
            self.say(b"", 404)
        elif self.path.startswith("/large"):
            self.send_response(200)
            self.send_header("Content-Length", str(site.large_mib << 20))
            self.end_headers()
            for _ in range(site.large_mib):
                self.wfile.write(PIECE)
        elif self.path == "/file.zim":
            self.say(site.zim)
        else:
            self.say(b"<html><title>" + self.path.encode() + b"</title>" + b"text " * 100)


class Node(Handler):
    def do_POST(self):  # noqa: N802
        if urllib.parse.urlsplit(self.path).path != "/api/v0/add":
            self.say(b"404 page not found", 404)
            return
        boundary = re.search("boundary=(.*)$", self.headers["Content-Type"])[1].strip('"')
        end = len(f"\r\n--{boundary}--\r\n")
        left = int(self.headers["Content-Length"])
        while left > 0:
            line = self.rfile.readline()
            left -= len(line)
            if line == b"\r\n":
                break
        dag = Dag()
        while left > end:
            piece = self.rfile.read(min(left - end, 1 << 20))
            left -= len(piece)
            dag.add(piece)
        self.rfile.read(left)
        self.say(f'{{"Hash":"{dag.cid()}"}}\n'.encode())


class Site:
    def __init__(self, handler):
        self.zim = b""
        self.large_mib = 0
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.server.daemon_threads = True
        self.server.site = self
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


class Bench:
    def __init__(self, options, directory):
        self.options = options
        self.directory = directory
        self.figures = []
        self.web = Site(Web)
        self.node = Site(Node)
        data = os.path.join(directory, "data")
        self.server = self.start("serve", "--listen", "127.0.0.1:0", "--json", "--data", data)
        self.url = json.loads(self.server.stdout.readline())["url"]
        self.worker = None
        self.data = data

    def start(self, command, *arguments):
        return subprocess.Popen([self.options.waybill, command, *arguments], text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                cwd=self.directory)

    def fresh_worker(self):
        self.end(self.worker)
        self.worker = self.start("worker", "--data", self.data, "--poll", "50ms", "--ipfs-api",
                                 self.node.url, "--fetch-networks", "127.0.0.1")

    @staticmethod
    def end(process):
        if process is not None:
            process.send_signal(signal.SIGTERM)
            process.wait(60)

    def close(self):
        self.end(self.worker)
        self.end(self.server)

    def ask(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, method=method,
                                         headers={"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.loads(answer.read())

    def run(self, kind, params, spec=None):
        """The task when it has succeeded, and how long it ran."""
        task = self.ask("POST", "/v1/tasks", {"kind": kind, "params": params,
                                              **({"spec": spec} if spec else {})})["task"]["id"]
        began = None
        while True:
            seen = self.ask("GET", f"/v1/tasks/{task}")
            if began is None and seen["state"] != "ready":
                began = time.monotonic()
            if seen["state"] == "succeeded":
                return seen, time.monotonic() - began
            if seen["state"] in ("failed", "cancelled") or seen["error"]:
                raise SystemExit(f"{kind} failed: {seen['error']}")
            time.sleep(0.02)

    def figure(self, name, unit, samples, goal, floor=None):
        figure = {"name": name, "unit": unit, "value": round(statistics.median(samples), 2),
                  "samples": [round(sample, 2) for sample in samples], "goal": goal,
                  "floor": floor}
        self.figures.append(figure)
        print(f"{name:24} {figure['value']:>12,} {unit:8} goal: {goal}", flush=True)

    def ipfs_add_1g_rss_mb(self):
        self.web.large_mib = 64 if self.options.quick else 1024
        self.fresh_worker()
        done, took = self.run("ipfs.addurl", {"url": self.web.url + "/large"},
                              {"limits": {"artifacts": "2GiB"}})
        if not done["result"]["cid_checked"]:
            raise SystemExit("the CID was not compared")
        with open(f"/proc/{self.worker.pid}/status", encoding="ascii") as status:
            peak = int(re.search(r"VmHWM:\s+(\d+) kB", status.read()).group(1)) / 1024
        self.figure("ipfs_add_1g_rss_mb", "MB", [peak], "64")
        self.figure("ipfs_add_mb_per_s", "MB/s", [self.web.large_mib * 1.048576 / took], "none")

    def warc_urls_per_s(self):
        count = 500 if self.options.quick else 10_000
        urls = [f"{self.web.url}/{i}" for i in range(count)]
        samples = []
        for _ in range(self.options.repetitions):
            self.fresh_worker()
            done, took = self.run("warc.capture", {"urls": urls, "per_host": 8})
            if done["result"]["captured"] != count:
                raise SystemExit(f"not all was captured: {done['result']}")
            samples.append(count / took)
        self.figure("warc_urls_per_s", "1/s", samples, "300")

    def make_zim(self):
        html = os.path.join(self.directory, "html")
        os.makedirs(html)
        with open(os.path.join(html, "i.png"), "wb") as image:
            image.write(base64.b64decode(PNG))
        for i in range(200 if self.options.quick else 4000):
            name = "index.html" if i == 0 else f"{i}.html"
            with open(os.path.join(html, name), "w", encoding="utf-8") as page:
                page.write(f"<html><head><title>{i}</title></head><body>"
                           + f"<p>page {i} says {hash(str(i))}</p>" * 200 + "</body></html>")
        path = os.path.join(self.directory, "file.zim")
        subprocess.run(["zimwriterfs", "--welcome=index.html", "--illustration=i.png",
                        "--language=eng", "--title=Bench", "--description=One", "--creator=us",
                        "--publisher=us", "--withoutFTIndex", html, path],
                       check=True, stdout=subprocess.DEVNULL)
        return path

    def zim_unpack(self):
        if not shutil.which("zimwriterfs"):
            raise SystemExit("zim_unpack needs zimwriterfs of Debian's zim-tools")
        path = self.make_zim()
        with open(path, "rb") as file:
            self.web.zim = file.read()
        self.fresh_worker()
        fetched, _ = self.run("http.fetch", {"url": self.web.url + "/file.zim"})
        ratios = []
        for i in range(self.options.repetitions):
            out = os.path.join(self.directory, f"dump-{i}")
            os.makedirs(out)
            began = time.monotonic()
            subprocess.run(["zimdump", "dump", f"--dir={out}", path], check=True,
                           stdout=subprocess.DEVNULL)
            floor = time.monotonic() - began
            _, took = self.run("zim.unpack", {"sha256": fetched["result"]["sha256"]})
            ratios.append(took / floor)
        self.figure("zim_unpack", "times", ratios, "1.5", floor=1)


def main():
    parser = argparse.ArgumentParser(description="Measure the archiving kinds.")
    parser.add_argument("--waybill", required=True, type=os.path.abspath)
    parser.add_argument("--json-file")
    parser.add_argument("--directory", default="build/bench", help="of the data, on the disk")
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help="less of everything: does it run?")
    parser.add_argument("only", nargs="*", help="ipfs_add_1g_rss_mb, warc_urls_per_s, zim_unpack")
    options = parser.parse_args()
    if options.quick:
        options.repetitions = 1
    os.makedirs(options.directory, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="archive-",
                                     dir=os.path.abspath(options.directory)) as made:
        bench = Bench(options, made)
        try:
            for name in options.only or ("ipfs_add_1g_rss_mb", "warc_urls_per_s", "zim_unpack"):
                getattr(bench, name)()
        finally:
            bench.close()
    if options.json_file:
        with open(options.json_file, "w", encoding="utf-8") as file:
            lines = ",\n  ".join(json.dumps(figure) for figure in bench.figures)
            file.write(f"[\n  {lines}\n]\n")


if __name__ == "__main__":
    main()
