#!/usr/bin/env python3
"""The files that tasks leave behind, over HTTP: listed, downloaded whole and in part, uploaded."""

import hashlib
import os
import unittest
import urllib.parse

import serving
from serving import ServedTest


def digest(text):
    return hashlib.sha256(text).hexdigest()


class ArtifactsTest(ServedTest):
    def ask(self, method, path, body=None, **headers):
        return self.serving.call(method, path, body, **headers)

    def lease(self):
        made = self.create()
        claimed = self.claim(worker="w", queues=[self.queue])[0]
        self.assertEqual(claimed["id"], made["id"])
        return claimed["id"], claimed["fence"]

    def record(self, task, fence, files):
        return self.ask("PUT", f"/v1/tasks/{task}/artifacts", {
            "fence": fence,
            "artifacts": [{"name": name, "sha256": digest(text), "size_bytes": len(text)}
                          for name, text in files.items()]})

    def put(self, task, fence, text, offset=0, sha256=None, whole=None):
        sha256 = sha256 or digest(whole if whole is not None else text)
        return self.ask("PUT", f"/v1/artifacts/sha256/{sha256}?task={task}&fence={fence}"
                               f"&offset={offset}", text, Content_Type="application/octet-stream")

    def finish(self, task, fence):
        answer = self.ask("POST", "/v1/finishes", {
            "tasks": [{"id": task, "fence": fence, "outcome": "succeeded"}]})
        self.assertEqual(answer.json["tasks"][0]["state"], "succeeded", answer)

    def leave(self, files):
        task, fence = self.lease()
        missing = self.record(task, fence, files).json["missing"]
        for text in files.values():
            if digest(text) in missing:
                self.assertTrue(self.put(task, fence, text).json["complete"])
        self.assertEqual(self.record(task, fence, files).json["missing"], [])
        self.finish(task, fence)
        return task

    def get(self, task, name, **headers):
        path = f"/v1/tasks/{task}/artifacts/{urllib.parse.quote(name, safe='')}"
        return self.ask("GET", path, **headers)

    def test_what_is_left_is_listed_and_downloaded(self):
        task, fence = self.lease()
        files = {"out/größe \"x\".html": b"<script>alert(1)</script>", "b": b"", "a": b"same",
                 "c": b"same"}
        answer = self.record(task, fence, files)
        self.assertEqual(answer.status, 200, answer)
        self.assertEqual(sorted(answer.json["missing"]),
                         sorted({digest(text) for text in files.values()}))
        self.assertEqual(self.ask("GET", f"/v1/tasks/{task}/artifacts").json["artifacts"], [])
        for text in set(files.values()):
            answer = self.put(task, fence, text)
            self.assertEqual((answer.status, answer.json),
                             (200, {"received_bytes": len(text), "complete": True}))
        self.assertEqual(self.record(task, fence, files).json["missing"], [])
        self.finish(task, fence)
        page = self.ask("GET", f"/v1/tasks/{task}/artifacts?limit=3").json
        self.assertEqual([each["name"] for each in page["artifacts"]], ["a", "b", "c"])
        rest = self.ask("GET", f"/v1/tasks/{task}/artifacts?limit=3&cursor=" + page["next_cursor"])
        self.assertIsNone(rest.json["next_cursor"])
        (html,) = rest.json["artifacts"]
        got = self.ask("GET", html["url"])
        self.assertEqual((got.status, got.body), (200, files[html["name"]]))
        self.assertEqual(got.headers["content-type"], "text/html")
        self.assertEqual(got.headers["x-content-type-options"], "nosniff")
        self.assertTrue(got.headers["content-disposition"].startswith(
            "attachment; filename=\"gr____e _x_.html\""), got)
        self.assertIn("sandbox", ", ".join(got.headers.get_all("content-security-policy")))
        self.assertEqual(got.headers["etag"], f'"{html["sha256"]}"')
        self.assertEqual(self.get(task, "b").body, b"")

    def test_a_slash_in_its_name_may_stand_as_it_is(self):
        task = self.leave({"out/2026/a b.csv": b"one", "out/b": b"two"})
        top = f"/v1/tasks/{task}/artifacts/"
        for name, text in (("out/2026/a%20b.csv", b"one"), ("out%2F2026/a%20b.csv", b"one"),
                           ("out%2F2026%2Fa%20b.csv", b"one"), ("out/b", b"two")):
            answer = self.ask("GET", top + name)
            self.assertEqual((answer.status, answer.body), (200, text), name)
        for name, status in (("out/../out/b", 400), ("out%2F..%2Fout%2Fb", 400), ("..", 400),
                             ("out//b", 400), ("out/b/", 400), ("out/./b", 400), ("out", 404),
                             ("out/c", 404), ("/out/b", 404), ("", 404)):
            answer = self.ask("GET", top + name)
            self.assertEqual(answer.status, status, (name, answer))
        answer = self.ask("DELETE", top + "out/b")
        self.assertEqual((answer.status, answer.headers["allow"]), (405, "GET, HEAD, OPTIONS"))

    def test_the_server_keeps_a_worker_to_the_limit_of_the_task(self):
        spec = {"command": ["true"], "limits": {"artifacts": "10B"}}
        made = self.create(spec=spec)
        (claimed,) = self.claim(worker="w", queues=[self.queue])
        files = {"a": b"12345", "b": b"123456"}
        answer = self.record(made["id"], claimed["fence"], files)
        self.assertEqual(answer.status, 413, answer)
        self.assertIn("limits.artifacts", answer.json["detail"])
        self.assertEqual(self.put(made["id"], claimed["fence"], files["a"]).status, 404)
        files["b"] = b"12345"
        self.assertEqual(self.record(made["id"], claimed["fence"], files).status, 200)
        unlimited, fence = self.lease()
        answer = self.ask("PUT", f"/v1/tasks/{unlimited}/artifacts", {
            "fence": fence, "artifacts": [
                {"name": str(i), "sha256": digest(b"x"), "size_bytes": 600 << 20} for i in (1, 2)]})
        self.assertEqual(answer.status, 413, answer)

    def test_a_part_of_it_is_sent(self):
        text = bytes(range(256)) * 4000
        task = self.leave({"a": text})
        etag = f'"{digest(text)}"'
        whole = self.get(task, "a")
        self.assertEqual((whole.status, whole.headers["accept-ranges"]), (200, "bytes"))
        self.assertEqual(whole.body, text)
        for asked, status, first, last in (
                ("bytes=0-0", 206, 0, 0), ("bytes=1000-1999", 206, 1000, 1999),
                ("bytes=-5", 206, len(text) - 5, len(text) - 1),
                ("bytes=1023000-9999999", 206, 1023000, len(text) - 1)):
            part = self.get(task, "a", Range=asked)
            self.assertEqual(part.status, status, part.headers)
            self.assertEqual(part.headers["content-range"], f"bytes {first}-{last}/{len(text)}")
            self.assertEqual(part.body, text[first:last + 1])
        outside = self.get(task, "a", Range=f"bytes={len(text)}-")
        self.assertEqual(outside.status, 416)
        self.assertEqual(outside.headers["content-range"], f"bytes */{len(text)}")
        self.assertEqual(self.get(task, "a", Range="bytes=0-1,3-4").status, 200)
        self.assertEqual(self.get(task, "a", Range="bytes=0-1", If_Range=etag).status, 206)
        self.assertEqual(self.get(task, "a", Range="bytes=0-1", If_Range='"x"').status, 200)
        self.assertEqual(self.get(task, "a", If_None_Match=etag).status, 304)
        self.assertEqual(
            self.get(task, "a", If_None_Match=etag, Range=f"bytes={len(text)}-").status, 304)
        for headers in ({}, {"Range": "bytes=0-1"}):
            head = self.ask("HEAD", f"/v1/tasks/{task}/artifacts/a", **headers)
            self.assertEqual((head.status, head.headers["content-length"], head.body),
                             (200, str(len(text)), b""))

    def test_a_content_comes_in_pieces_also_when_one_is_lost_or_repeated(self):
        text = os.urandom(3 << 20)
        task, fence = self.lease()
        self.record(task, fence, {"a": text})
        half = len(text) // 2
        self.assertEqual(self.put(task, fence, text[half:], half, whole=text).json,
                         {"received_bytes": 0, "complete": False})
        for _ in range(2):
            self.assertEqual(self.put(task, fence, text[:half], 0, whole=text).json,
                             {"received_bytes": half, "complete": False})
        self.assertEqual(self.put(task, fence, text[:100], half + 5, whole=text).json,
                         {"received_bytes": half, "complete": False})
        for _ in range(2):
            self.assertEqual(self.put(task, fence, text[half:], half, whole=text).json,
                             {"received_bytes": len(text), "complete": True})
        self.finish(task, fence)
        self.assertEqual(self.get(task, "a").body, text)
        self.assertEqual(os.listdir(os.path.join(self.serving.data, "artifacts", "uploads")), [])

    def test_other_bytes_are_not_taken_for_it(self):
        task, fence = self.lease()
        self.record(task, fence, {"a": b"right"})
        wrong = self.put(task, fence, b"wrong", sha256=digest(b"right"))
        self.assertEqual(wrong.status, 409, wrong)
        self.assertEqual(self.record(task, fence, {"a": b"right"}).json["missing"],
                         [digest(b"right")])
        self.assertEqual(self.put(task, fence, b"right and more", sha256=digest(b"right")).status,
                         413)
        self.assertTrue(self.put(task, fence, b"right").json["complete"])

    def content_file(self, text):
        sha256 = digest(text)
        return os.path.join(self.serving.data, "artifacts", "sha256", sha256[:2], sha256[2:])

    def record_sizes(self, task, fence, text, size):
        return self.ask("PUT", f"/v1/tasks/{task}/artifacts", {
            "fence": fence,
            "artifacts": [{"name": "a", "sha256": digest(text), "size_bytes": size}]})

    def test_a_wrong_size_is_refused_or_never_served(self):
        text = b"eleven byte"
        early, early_fence = self.lease()  # it says so before the content is there
        self.assertEqual(self.record_sizes(early, early_fence, text, 3).status, 200)
        self.leave({"a": text})
        self.finish(early, early_fence)
        for headers in ({}, {"Range": "bytes=0-0"}):
            self.assertEqual(self.get(early, "a", **headers).status, 500)
        task, fence = self.lease()
        for size, status in ((3, 400), (5000, 400), (1 << 62, 413)):
            self.assertEqual(self.record_sizes(task, fence, text, size).status, status, size)
        self.finish(task, fence)
        self.assertEqual(self.ask("GET", f"/v1/tasks/{task}/artifacts").json["artifacts"], [])

    def test_damage_is_said_and_mended_by_who_leaves_the_same(self):
        text = b"the bytes of damage"
        first = self.leave({"a": text})
        os.chmod(self.content_file(text), 0o600)
        with open(self.content_file(text), "r+b") as file:
            file.write(b"XXXXX")
        damaged = self.get(first, "a")
        self.assertEqual(damaged.status, 500, damaged)
        self.assertIn("run its task again", damaged.json["detail"])
        task, fence = self.lease()
        self.assertEqual(self.record(task, fence, {"a": text}).json["missing"], [digest(text)])
        self.assertTrue(self.put(task, fence, text).json["complete"])
        self.assertEqual(self.record(task, fence, {"a": text}).json["missing"], [])
        self.finish(task, fence)
        for each in (first, task):
            self.assertEqual(self.get(each, "a").body, text)

    def test_only_who_holds_the_lease_may_leave_any(self):
        task, fence = self.lease()
        self.assertEqual(self.put(task, fence, b"x").status, 404)
        self.assertEqual(self.record(task, fence + 1, {"a": b"x"}).status, 409)
        self.assertEqual(self.put(task, fence + 1, b"x").status, 409)
        self.record(task, fence, {"a": b"x"})
        self.assertTrue(self.put(task, fence, b"x").json["complete"])
        path = f"/v1/artifacts/sha256/{digest(b'x')}?task={task}&fence="
        self.assertEqual(self.ask("GET", path + str(fence)).body, b"x")
        self.assertEqual(self.ask("GET", path + str(fence + 1)).status, 409)
        self.finish(task, fence)
        self.assertEqual(self.record(task, fence, {}).status, 409)
        self.assertEqual(self.ask("GET", path + str(fence)).status, 409)

    def test_what_is_hostile_is_refused(self):
        task, fence = self.lease()
        for name in ("../a", "/etc/passwd", "a/../../b", "a//b", "a\\b", "a\nb", "\x1b[2J", ".",
                     "x" * 1001):
            answer = self.record(task, fence, {name: b"x"})
            self.assertEqual(answer.status, 400, name)
        for sha256 in ("..", "..%2f..", "A" * 64, "a" * 63):
            path = f"/v1/artifacts/sha256/{sha256}?task={task}&fence={fence}"
            self.assertEqual(self.ask("PUT", path, b"x").status, 404, sha256)
            self.assertEqual(self.ask("GET", path).status, 404, sha256)
        self.finish(task, fence)
        for name in ("..", "..%2F..%2Fledger.db", "%2Fetc%2Fpasswd", "a%5C..%5Cb"):
            self.assertIn(self.ask("GET", f"/v1/tasks/{task}/artifacts/{name}").status, (400, 404))
        self.assertEqual(self.record(task, fence, {"a": b"x"}).status, 409)


if __name__ == "__main__":
    serving.main()
