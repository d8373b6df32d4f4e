#!/usr/bin/env python3
"""A pipeline that goes through each new dump of a listing of Kiwix: `for_each` over what
kiwix.updateSources tells. The listing is a real server's, the ZIM files Debian's zim-tools make.
"""

import argparse
import http.server
import os
import shutil
import sys
import tempfile
import threading
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
for folder in ("ipfs", "servers", "notify", "http"):
    sys.path.insert(0, os.path.join(os.path.dirname(HERE), folder))

import place as notify_place  # noqa: E402  (of notify)
import serving  # noqa: E402
from mirror_test import PATIENCE_SECONDS, Quiet, make_png, make_zim, publish, skip  # noqa: E402
from serving import until  # noqa: E402

FOLLOW = """
tasks:
  look: {kind: kiwix.updateSources}
  fetch: {kind: http.fetch}
  check: {kind: zim.check}
pipelines:
  one-dump:
    params: {type: object, required: [url, sha256]}
    steps:
      fetch:
        task: fetch
        with: {url: "${{ params.url }}", sha256: "${{ params.sha256 }}"}
      check:
        needs: fetch
        task: check
        with: {sha256: "${{ steps.fetch.outputs.sha256 }}"}
    outputs: {name: "${{ steps.fetch.outputs.name }}"}
  follow:
    params: {type: object, required: [base]}
    steps:
      look:
        task: look
        with: {base: "${{ params.base }}", projects: [wikipedia], remember: true}
      dumps:
        needs: look
        for_each: ${{ steps.look.outputs.new }}
        pipeline: one-dump
        with: {url: "${{ item.url }}", sha256: "${{ item.sha256 }}"}
    outputs: {names: "${{ steps.dumps.outputs.*.name }}"}
"""


class FollowTest(unittest.TestCase):
    """Each new dump of a listing goes through a pipeline, once."""

    def setUp(self):
        self.top = tempfile.mkdtemp(prefix="waybill-follow-")
        self.addCleanup(shutil.rmtree, self.top, ignore_errors=True)
        with open(os.path.join(self.top, "follow.yaml"), "w", encoding="utf-8") as file:
            file.write(FOLLOW)
        self.folder = os.path.join(self.top, "www", "zim", "wikipedia")
        os.makedirs(self.folder)
        web = http.server.ThreadingHTTPServer(
            ("127.0.0.1", 0), lambda *words: Quiet(*words, directory=os.path.join(self.top, "www")))
        self.addCleanup(web.server_close)
        threading.Thread(target=web.serve_forever, daemon=True).start()
        self.addCleanup(web.shutdown)
        self.base = f"http://127.0.0.1:{web.server_port}/zim/"
        self.server = notify_place.Up("--definitions", self.top, "--poll", "100ms",
                                      "--fetch-networks", "127.0.0.1")
        self.addCleanup(self.server.close)

    def follow(self):
        """State and outputs of a run."""
        answer = self.server.post("/v1/runs", {"pipeline": "follow", "params": {"base": self.base}})
        self.assertEqual(answer.status, 201, answer)

        def ended():
            run = self.server.get(f"/v1/runs/{answer.json['id']}").json
            return run if run["state"] in ("succeeded", "failed", "cancelled") else None
        run = until(ended, "the run ends", PATIENCE_SECONDS)
        return run["state"], run["outputs"]

    def test_each_new_dump_goes_through_a_pipeline_once(self):
        zim = make_zim({"index.html": b"<html>one</html>", "i.png": make_png()}, self.top)
        names = [f"wikipedia_{language}_all_mini_2026-10.zim" for language in ("de", "en", "fr")]
        for name in names:
            publish(self.folder, name, zim)
        state, outputs = self.follow()
        self.assertEqual((state, sorted(outputs["names"])), ("succeeded", names))
        self.assertEqual(self.follow(), ("succeeded", {"names": []}))
        newer = "wikipedia_en_all_mini_2026-11.zim"
        publish(self.folder, newer, zim)
        self.assertEqual(self.follow(), ("succeeded", {"names": [newer]}))
        # One that is no ZIM file fails its own pipeline, and no other.
        publish(self.folder, "wikipedia_it_all_mini_2026-11.zim", b"no ZIM file")
        publish(self.folder, "wikipedia_pl_all_mini_2026-11.zim", zim)
        self.assertEqual(self.follow()[0], "failed")
        checks = self.server.get("/v1/tasks?kind=zim.check&state=failed").json["tasks"]
        self.assertEqual(len(checks), 1)
        self.assertEqual(self.follow(), ("succeeded", {"names": []}))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--waybill", required=True)
    parser.add_argument("--directory")  # of what other tests here fetch
    known, rest = parser.parse_known_args()
    serving.WAYBILL[0] = known.waybill
    if not shutil.which("zimwriterfs"):
        skip("zim-tools are not installed")
    unittest.main(argv=[sys.argv[0], *rest], verbosity=2)
