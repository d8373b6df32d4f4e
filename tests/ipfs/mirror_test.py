#!/usr/bin/env python3
"""The example that everybody asks for, examples/pipelines/wikipedia-mirror.yaml, end to end: a ZIM
file of Debian's zim-tools, served with a listing and a digest as Kiwix does, real nodes of IPFS,
a real mail server, and podman or bubblewrap. Where neither runs, the same program is a command, and
it is said at the end that the sandbox was left out (77)."""

import argparse
import hashlib
import http.server
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import threading
import unittest
import zlib

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
for folder in ("ipfs", "servers", "notify", "http"):
    sys.path.insert(0, os.path.join(os.path.dirname(HERE), folder))

import npm_packages  # noqa: E402
import place as notify_place  # noqa: E402  (of notify)
import serving  # noqa: E402
from ipfs_node import IpfsNode  # noqa: E402
from ipfs_rpc import Rpc  # noqa: E402
from sandbox import Sandbox  # noqa: E402
from serving import until  # noqa: E402

ARGUMENTS = argparse.Namespace()
PATIENCE_SECONDS = 120
ZIM = "wikipedia_en_small_mini_2026-11.zim"
STEPS = ["resolve", "fetch", "check", "add_file", "unpack", "process", "add_directory", "tell"]
ADDED = b"<p>A copy on IPFS.</p>\n"


def skip(reason):
    print(f"{os.path.basename(sys.argv[0])}: Skipped\n{reason}")
    sys.exit(77)


def make_png():
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(
            ">I", zlib.crc32(kind + data))
    lines = b"".join(b"\0" + bytes(6) for _ in range(48))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 48, 48, 1, 0, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b""))


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


def make_zim(files, top):
    """A ZIM file of these files: its bytes."""
    html = os.path.join(top, "html")
    for name, content in files.items():
        path = os.path.join(html, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(content)
    path = os.path.join(top, "made.zim")
    subprocess.run(["zimwriterfs", "--welcome=index.html", "--illustration=i.png",
                    "--language=eng", "--title=Small", "--description=One", "--creator=us",
                    "--publisher=us", "--withoutFTIndex", html, path],
                   check=True, stdout=subprocess.DEVNULL)
    with open(path, "rb") as file:
        return file.read()


def publish(folder, name, content):
    """With its digest beside it, as Kiwix does."""
    path = os.path.join(folder, name)
    with open(path + ".sha256", "w", encoding="ascii") as file:
        file.write(f"{hashlib.sha256(content).hexdigest()}  {name}\n")
    with open(path, "wb") as file:
        file.write(content)


class MirrorTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if not shutil.which("zimwriterfs"):
            skip("zim-tools are not installed")
        # npm ci takes the lock that npm has written itself to lack an optional package.
        npm_packages.install(os.path.join(HERE, "npm"), ARGUMENTS.directory, "ipfs",
                             patience_seconds=600, command="install")
        cls.top = tempfile.mkdtemp(prefix="waybill-mirror-")
        cls.addClassCleanup(shutil.rmtree, cls.top, ignore_errors=True)
        cls.make_dump()
        cls.sandbox = Sandbox(cls.top, ("sh", "find", "mkdir", "grep", "cat"),
                              ARGUMENTS.sandbox)
        cls.make_definitions()
        cls.nodes = []
        for name in ("ours", "theirs"):
            node = IpfsNode(ARGUMENTS.directory, os.path.join(cls.top, name))
            cls.addClassCleanup(node.close)
            cls.nodes.append(node)
        cls.ours, cls.theirs = (Rpc(node.url) for node in cls.nodes)
        cls.web = http.server.ThreadingHTTPServer(
            ("127.0.0.1", 0), lambda *words: Quiet(*words, directory=os.path.join(cls.top, "www")))
        cls.addClassCleanup(cls.web.server_close)
        threading.Thread(target=cls.web.serve_forever, daemon=True).start()
        cls.addClassCleanup(cls.web.shutdown)

    @classmethod
    def make_dump(cls):
        folder = os.path.join(cls.top, "www", "zim", "wikipedia")
        os.makedirs(folder)
        cls.files = {
            "index.html": b"<html><head><title>Main</title></head><body>"
                          b"<a href=\"sub/b.html\">b</a></body></html>",
            "sub/b.html": b"<html><head><title>B</title></head><body>B</body></html>",
            "i.png": make_png()}
        cls.zim = make_zim(cls.files, cls.top)
        publish(folder, ZIM, cls.zim)

    @classmethod
    def make_definitions(cls):
        """The example, with an image of this machine where yours belongs."""
        cls.definitions = os.path.join(cls.top, "definitions")
        os.mkdir(cls.definitions)
        with open(os.path.join(ROOT, "examples/pipelines/wikipedia-mirror.yaml"),
                  encoding="utf-8") as file:
            text = file.read()
        text, count = re.subn(r"(?m)^( +image: )localhost/mirror@sha256:0{64}$",
                              rf"\g<1>{cls.sandbox.image}", text)
        assert count == 1, "the example names no image to replace"
        if cls.sandbox.missing:
            text = cls.without_sandbox(text)
        with open(os.path.join(cls.definitions, "mirror.yaml"), "w", encoding="utf-8") as file:
            file.write(text)

    @staticmethod
    def without_sandbox(text):
        """The same program as a command: its fields stand in the definition itself."""
        begin = text.index("    kind: container\n")
        end = text.index("  add-file:\n")
        block = text[begin:end].replace("    kind: container\n", "").replace("    spec:\n", "")
        block = re.sub(r"(?m)^ +image: .*\n", "", block)
        block = block.replace("limits: {memory: 2GiB, scratch: 1GiB, ", "limits: {")
        return text[:begin] + re.sub(r"(?m)^      ", "    ", block) + text[end:]

    def setUp(self):
        self.mail = notify_place.MailServer(login="", tls=False)
        self.addCleanup(self.mail.close)
        self.server = notify_place.Up(
            "--definitions", self.definitions, *self.sandbox.options, "--poll", "100ms",
            "--lease", "3s", "--beat", "1s", "--ipfs-api", self.nodes[0].url,
            "--fetch-networks", "127.0.0.1", "--mail-url", self.mail.url,
            "--mail-from", "waybill@example.org", "--mail-tls", "none")
        self.addCleanup(self.server.close)

    def start(self):
        params = {"base": f"http://127.0.0.1:{self.web.server_port}/zim/", "language": "en",
                  "selection": "small", "flavour": "mini", "copies": 1, "look_every": "1s",
                  "nodes": [self.nodes[1].url]}
        answer = self.server.post("/v1/runs", {"pipeline": "wikipedia-mirror", "params": params})
        self.assertEqual(answer.status, 201, answer)
        return answer.json["id"]

    def run_of(self, run):
        return self.server.get(f"/v1/runs/{run}").json

    def states(self, run):
        nodes = self.server.get(f"/v1/runs/{run}/nodes?limit=100").json["nodes"]
        return {node["path"]: node["state"] for node in nodes}

    def ended(self, run):
        def is_over():
            state = self.run_of(run)["state"]
            return state if state in ("succeeded", "failed", "cancelled") else None
        try:
            return until(is_over, f"run {run} ends", PATIENCE_SECONDS)
        except AssertionError as error:
            raise AssertionError(f"{error}: {self.states(run)} {self.server.log()}") from error

    def told(self, run):
        try:
            (line, message), *again = until(self.mail.mails, "a mail", PATIENCE_SECONDS)
        except AssertionError as error:
            raise AssertionError(f"{error}: {self.states(run)} {self.server.log()}") from error
        # One that was killed before it had written down that a mail is sent sends the same again.
        for _, same in again:
            self.assertEqual(same["Message-ID"], message["Message-ID"])
            self.assertEqual(same.get_content(), message.get_content())
        self.assertEqual(line["to"], ["maintainers@example.org"])
        self.assertEqual(message["Subject"], ZIM + " is on IPFS")
        cids = re.findall(r"ipfs://(\S+)", message.get_content())
        self.assertEqual(len(cids), 2, message.get_content())
        return cids

    def processed(self):
        """The files as they are added: the container has put a line below each page."""
        return {name: content + ADDED if b"</html>" in content else content
                for name, content in self.files.items()}

    def expected(self):
        """What the other node makes of the same content; with it in hand, that has a copy."""
        files = {f"d/{name}": content for name, content in sorted(self.processed().items())}
        return [self.theirs.add({ZIM: self.zim}), self.theirs.add(files)]

    def check_clean(self, cids):
        for cid in cids:
            self.assertFalse(self.ours.pins(cid))
            self.assertFalse(self.ours.has(cid))

    def test_a_dump_is_mirrored_told_of_held_and_let_go(self):
        run = self.start()
        cids = self.told(run)
        for cid in cids:
            self.assertTrue(self.ours.pins(cid))
        self.assertEqual(self.ours.call("cat", arg=cids[1] + "/sub/b.html"),
                         self.processed()["sub/b.html"])
        until(lambda: self.states(run).get("hold_directory") == "running", "the lease", 60)
        self.assertEqual(self.run_of(run)["state"], "running")
        self.assertEqual(self.expected(), cids)
        self.assertEqual(self.ended(run), "succeeded", self.states(run))
        self.assertEqual(self.run_of(run)["outputs"], {"file": cids[0], "directory": cids[1]})
        self.check_clean(cids)
        for cid in cids:
            self.assertTrue(self.theirs.pins(cid))

    def test_what_fails_on_the_way_leaves_nothing_pinned(self):
        self.mail.behave(data="554 no")
        run = self.start()
        self.assertEqual(self.ended(run), "failed")
        states = self.states(run)
        self.assertEqual((states["tell"], states["hold_file"], states["collect"]),
                         ("failed", "skipped", "succeeded"), states)
        self.check_clean(self.expected())

    def test_killed_at_every_boundary_of_steps_it_goes_on(self):
        run = self.start()
        for step in STEPS:
            until(lambda wanted=step: self.states(run).get(wanted) == "succeeded", f"step {step}",
                  PATIENCE_SECONDS)
            self.server.kill()
            self.server.start()
        self.nodes[0].restart()
        cids = self.told(run)
        self.assertEqual(self.expected(), cids)
        self.assertEqual(self.ended(run), "succeeded", self.states(run))
        self.check_clean(cids)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--waybill", required=True)
    parser.add_argument("--directory", required=True)
    parser.add_argument("--sandbox", choices=("podman", "bubblewrap"),
                        help="podman, or bubblewrap where there is none, if not said")
    ARGUMENTS, rest = parser.parse_known_args()
    serving.WAYBILL[0] = ARGUMENTS.waybill
    if subprocess.run([notify_place.PYTHON, "-c", "import aiosmtpd"], check=False,
                      stderr=subprocess.DEVNULL).returncode != 0:
        skip("there is no aiosmtpd (python3-aiosmtpd)")
    done = unittest.main(argv=[sys.argv[0], *rest], verbosity=2, exit=False).result
    if not done.wasSuccessful():
        sys.exit(1)
    if MirrorTest.sandbox.missing:
        skip(f"all but the sandbox was tested: {MirrorTest.sandbox.missing}")
