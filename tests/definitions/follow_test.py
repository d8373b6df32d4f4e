#!/usr/bin/env python3
"""A server follows a repository while it runs: tasks, pipelines, schedules and rules are those of
the latest commit, and two servers on one data directory see the same."""

import os
import unittest

from upstream import NOOP, Upstream, serving
from serving import Serving, until

DAILY = "schedules: {%s: {cron: '@daily', task: %s}}\n"


class FollowTest(unittest.TestCase):
    def setUp(self):
        self.upstream = Upstream()
        self.addCleanup(self.upstream.close)

    def serve(self, *more):
        server = Serving("--definitions-from", f"{self.upstream.path}#main",
                         "--definitions-every", "1s", *more)
        self.addCleanup(server.close)
        return server

    @staticmethod
    def definitions(server):
        listed = server.get("/v1/definitions").json["definitions"]
        return {each["name"]: each["source"]["commit"] for each in listed}

    def test_what_is_merged_runs_without_a_restart(self):
        first = self.upstream.commit({"a.yaml": NOOP % "a"})
        server = self.serve()
        self.assertEqual(self.definitions(server), {"a": first})
        second = self.upstream.commit({
            "a.yaml": NOOP % "a" + DAILY % ("day", "a"),
            "p.yaml": "pipelines: {p: {steps: {one: {task: a}}}}\n", "b.yaml": NOOP % "b"})
        until(lambda: self.definitions(server) == {"a": second, "b": second}, "the second commit")
        task = server.post("/v1/tasks", {"definition": "b"}).json["task"]
        self.assertEqual(task["labels"]["definition.commit"], second)
        self.assertEqual(task["labels"]["definition.file"], "b.yaml")
        self.assertEqual(server.get("/v1/definitions/b").json["source"], {
            "repository": self.upstream.path, "commit": second, "file": "b.yaml", "line": 1})
        run = server.post("/v1/runs", {"pipeline": "p"}).json
        steps = until(lambda: server.get("/v1/tasks?label=pipeline.file%3Dp.yaml").json["tasks"],
                      "a step")
        self.assertEqual(steps[0]["labels"]["pipeline.commit"], second, run)
        schedule, = server.get("/v1/schedules").json["schedules"]
        self.assertEqual(schedule["source"], f"{self.upstream.path}#main@{second[:12]}:a.yaml")
        self.upstream.commit({"a.yaml": NOOP % "a"})
        until(lambda: not server.get("/v1/schedules").json["schedules"], "no schedule")

    def test_a_repeat_is_the_same_request_over_commits(self):
        self.upstream.commit({"a.yaml": NOOP % "a"})
        server = self.serve()
        asked = {"id": "0192f3c1-7a52-7000-8000-000000000001", "definition": "a"}
        self.assertEqual(server.post("/v1/tasks", asked).status, 201)
        second = self.upstream.commit({"a.yaml": "# later\n" + NOOP % "a"})
        until(lambda: self.definitions(server) == {"a": second}, "the second commit")
        again = server.post("/v1/tasks", asked)
        self.assertEqual(again.status, 200, again)
        forged = server.post("/v1/tasks", {"definition": "a",
                                           "labels": {"definition.commit": "x"}})
        self.assertEqual(forged.status, 400, forged)

    def test_what_is_wrong_is_seen_and_harms_nobody(self):
        first = self.upstream.commit({"a.yaml": NOOP % "a"})
        server = self.serve()
        self.assertEqual(server.metric("waybill_definitions_source_well"), 1)
        self.upstream.commit({"a.yaml": "tasks: [no"})
        until(lambda: server.metric("waybill_definitions_problems") == 1, "a problem")
        self.assertEqual(server.metric("waybill_definitions_source_well"), 0)
        self.assertEqual(self.definitions(server), {"a": first})
        self.assertEqual(server.post("/v1/tasks", {"definition": "a"}).status, 201)
        self.assertIn("definitions_wrong", server.log())
        server.restart()
        self.assertEqual(self.definitions(server), {"a": first})
        third = self.upstream.commit({"a.yaml": NOOP % "a"})
        until(lambda: self.definitions(server) == {"a": third}, "the mended file")
        self.assertEqual(server.metric("waybill_definitions_source_well"), 1)

    def test_rules_come_with_definitions(self):
        self.upstream.commit({"a.yaml": NOOP % "a"})
        server = self.serve()
        until(lambda: server.get("/v1/definitions/a").json["may"] is None, "no rule")
        self.upstream.commit({"a.yaml": "tasks: {a: {kind: noop, who_may: {role: admin}}}\n"})
        until(lambda: server.get("/v1/definitions/a").json["may"] is not None, "a rule")

    def test_a_sync_by_hand_is_seen_by_a_server_that_asks_rarely(self):
        first = self.upstream.commit({"a.yaml": NOOP % "a"})
        server = Serving("--definitions-from", self.upstream.path, "--definitions-every", "1h")
        self.addCleanup(server.close)
        self.assertEqual(self.definitions(server), {"a": first})
        second = self.upstream.commit({"a.yaml": NOOP % "b"})
        server.run("definitions", "sync", "--definitions-from", self.upstream.path)
        until(lambda: self.definitions(server) == {"b": second}, "what was synced by hand")

    def test_files_of_ones_own_may_lean_on_a_repository(self):
        commit = self.upstream.commit({"a.yaml": NOOP % "a"})
        own = os.path.join(self.upstream.top, "own")
        os.mkdir(own)
        with open(os.path.join(own, "when.yaml"), "w", encoding="utf-8") as file:
            file.write(DAILY % ("day", "a"))
        server = self.serve("--definitions", own)
        schedule, = server.get("/v1/schedules").json["schedules"]
        self.assertEqual(schedule["source"], os.path.join(own, "when.yaml"))
        self.assertEqual(self.definitions(server), {"a": commit})

    def test_schedules_of_a_repository_that_is_followed_no_more_go(self):
        self.upstream.commit({"a.yaml": NOOP % "a" + DAILY % ("day", "a")})
        server = self.serve()
        self.assertEqual(len(server.get("/v1/schedules").json["schedules"]), 1)
        server.terminate()
        server.words = ()
        server.start()
        self.assertEqual(server.get("/v1/schedules").json["schedules"], [])
        self.assertEqual(self.definitions(server), {})

    def test_two_servers_on_one_directory_agree(self):
        self.upstream.commit({"a.yaml": NOOP % "a"})
        one = self.serve()
        two = Serving.__new__(Serving)
        two.__dict__.update(one.__dict__, process=None, port=0, token=None)
        two.start()
        self.addCleanup(two.kill)
        for number in range(3):
            commit = self.upstream.commit({"a.yaml": NOOP % f"a{number}"})
            for server in (one, two):
                until(lambda at=server, wanted={f"a{number}": commit}:
                      self.definitions(at) == wanted, f"commit {number}")


if __name__ == "__main__":
    serving.main()
