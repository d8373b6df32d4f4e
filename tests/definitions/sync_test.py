#!/usr/bin/env python3
"""Definitions of a real git repository at a local path: pinned, kept, and named in each task."""

import json
import os
import shutil
import unittest

from upstream import NOOP, Place, Upstream, serving


class SyncTest(unittest.TestCase):
    def setUp(self):
        self.upstream = Upstream()
        self.addCleanup(self.upstream.close)

    def place(self, *sources, more=()):
        place = Place("--definitions-from", ",".join(sources), *more)
        self.addCleanup(place.close)
        return place

    def test_a_commit_is_pinned_and_named_in_each_task(self):
        first = self.upstream.commit({"tasks/a.yaml": NOOP % "one", "other.yaml": "no: [good"})
        place = self.place(f"{self.upstream.path}#main:tasks")
        self.assertEqual(place.names(), {})
        state, = place.sync()
        self.assertEqual((state["commit"], state["error"], state["problems"]), (first, None, []))
        second = self.upstream.commit({"tasks/a.yaml": NOOP % "one" + "\n# later\n"})
        # Until somebody asks the remote again, the first commit holds.
        self.assertEqual(place.names()[("task", "one")]["commit"], first)
        task = place.json("task", "create", "one")["task"]
        self.assertEqual(task["labels"], {
            "definition.repository": self.upstream.path, "definition.commit": first,
            "definition.file": "tasks/a.yaml"})
        place.sync()
        source = place.names()[("task", "one")]
        self.assertEqual(source, {"repository": self.upstream.path, "commit": second,
                                  "file": "tasks/a.yaml", "line": 1})
        self.assertIn(second, place.run("definitions", "show", "one"))

    def test_nobody_claims_to_be_of_a_repository(self):
        place = self.place(self.upstream.path)
        said = place.run("task", "create", "--label", "definition.commit=x", "--kind", "noop",
                         status=2)
        self.assertIn("the program's own", said)

    def test_a_broken_file_takes_no_other_down(self):
        first = self.upstream.commit({"a.yaml": NOOP % "a", "b.yaml": NOOP % "b"})
        place = self.place(self.upstream.path)
        place.sync()
        second = self.upstream.commit({"a.yaml": "tasks: {a: {kind: noop, pri: 1}}\n",
                                       "b.yaml": NOOP % "bb", "c.yaml": NOOP % "c"})
        state, = place.sync(status=1)
        problem, = state["problems"]
        self.assertEqual(problem["file"], f"{self.upstream.path}@{second[:12]}:a.yaml")
        self.assertEqual((problem["line"], problem["column"]), (1, 25))
        names = place.names()
        self.assertEqual({key: value["commit"] for key, value in names.items()},
                         {("task", "a"): first, ("task", "bb"): second, ("task", "c"): second})
        self.assertIn("a.yaml:1:25", place.run("definitions", "list"))
        third = self.upstream.commit({"a.yaml": NOOP % "a2"})
        state, = place.sync()
        self.assertEqual(place.names()[("task", "a2")]["commit"], third)

    def test_a_new_file_takes_no_name_also_not_for_who_comes_later(self):
        first = self.upstream.commit({"hello.yaml": "tasks: {hello: {shell: 'echo good'}, "
                                                    "other: {kind: noop}}\n"})
        place = self.place(self.upstream.path)
        place.sync()
        self.upstream.commit({"aaa.yaml": "tasks: {hello: {shell: 'echo other'}}\n"})
        for _ in range(2):  # the second time both are at the commit that is pinned
            state, = place.sync(status=1)
            self.assertIn("aaa.yaml", state["problems"][0]["file"])
            names = place.names()
            self.assertEqual(set(names), {("task", "hello"), ("task", "other")})
            self.assertEqual(names[("task", "hello")]["file"], "hello.yaml")
        # A change of the file that has it is taken all the same.
        third = self.upstream.commit({"hello.yaml": "tasks: {hello: {shell: 'echo better'}}\n"})
        place.sync(status=1)
        self.assertEqual({key: (value["file"], value["commit"]) for key, value in
                          place.names().items()}, {("task", "hello"): ("hello.yaml", third)})
        self.assertNotEqual(first, third)

    def test_an_earlier_repository_takes_no_name_from_a_later_one(self):
        self.upstream.commit({"n.yaml": NOOP % "own"})
        later = Upstream()
        self.addCleanup(later.close)
        later.commit({"d.yaml": NOOP % "deploy", "o.yaml": NOOP % "other"})
        place = self.place(self.upstream.path, later.path)
        place.sync()
        self.upstream.commit({"n.yaml": NOOP % "deploy"})
        for _ in range(2):
            place.sync(status=1)
            names = place.names()
            self.assertEqual(names[("task", "deploy")]["repository"], later.path)
            self.assertEqual(set(names), {("task", "own"), ("task", "deploy"), ("task", "other")})

    def test_a_remote_that_is_gone_leaves_what_was_there(self):
        first = self.upstream.commit({"a.yaml": NOOP % "a"})
        place = self.place(self.upstream.path)
        place.sync()
        os.rename(self.upstream.path, self.upstream.path + ".gone")
        state, = place.sync(status=1)
        self.assertEqual(state["commit"], first)
        self.assertIn(self.upstream.path, state["error"])
        self.assertEqual(set(place.names()), {("task", "a")})
        self.assertIn("remote failed", place.run("definitions", "list"))
        os.rename(self.upstream.path + ".gone", self.upstream.path)
        state, = place.sync()
        self.assertIsNone(state["error"])

    def test_history_that_was_written_anew_is_followed(self):
        self.upstream.commit({"a.yaml": NOOP % "a"})
        place = self.place(f"{self.upstream.path}#main")
        place.sync()
        self.upstream.git("checkout", "--quiet", "--orphan", "anew")
        anew = self.upstream.commit({"a.yaml": NOOP % "z"})
        self.upstream.git("branch", "--force", "main", anew)
        state, = place.sync()
        self.assertEqual(state["commit"], anew)
        self.assertEqual(set(place.names()), {("task", "z")})

    def test_tags_and_commits_are_refs_too(self):
        first = self.upstream.commit({"a.yaml": NOOP % "a"})
        self.upstream.git("tag", "--annotate", "-m", "one", "v1")
        self.upstream.commit({"a.yaml": NOOP % "b"})
        for ref in ("v1", "refs/tags/v1", first):
            place = self.place(f"{self.upstream.path}#{ref}")
            state, = place.sync()
            self.assertEqual(state["commit"], first, ref)
            self.assertEqual(set(place.names()), {("task", "a")})
        self.upstream.git("branch", "v1")
        state, = self.place(f"{self.upstream.path}#v1").sync(status=1)
        self.assertIn("refs/heads/v1", state["error"])
        state, = self.place(f"{self.upstream.path}#nobody").sync(status=1)
        self.assertIn('no branch or tag "nobody"', state["error"])
        state, = self.place(f"{self.upstream.path}#main:nowhere").sync(status=1)
        self.assertIn('no directory "nowhere"', state["error"])

    def test_old_versions_stay_for_tasks_that_run_on_them(self):
        script = "tasks: {say: {command: [./say.sh]}}\n"
        self.upstream.commit({"a.yaml": script, "say.sh": "#!/bin/sh\necho first\n"})
        place = self.place(self.upstream.path)
        place.sync()
        old = place.json("task", "create", "say")["task"]
        self.upstream.commit({"say.sh": "#!/bin/sh\necho second\n"})
        place.sync()
        new = place.json("task", "create", "say")["task"]
        self.upstream.commit({"a.yaml": None, "say.sh": None, "b.yaml": NOOP % "b"})
        place.sync()
        place.run("worker", "--until-idle")
        self.assertEqual(place.run("task", "logs", old["id"]).splitlines()[0], "first")
        self.assertEqual(place.run("task", "logs", new["id"]).splitlines()[0], "second")

    def test_a_program_that_is_not_there_is_told_before_it_is_run(self):
        self.upstream.write("plain", "#!/bin/sh\n")
        self.upstream.commit({"a.yaml": "tasks:\n  a: {command: [./nowhere.sh]}\n",
                              "b.yaml": "tasks:\n  b: {command: [./plain]}\n",
                              "c.yaml": "tasks:\n  c: {command: [../../bin/sh]}\n"})
        state, = self.place(self.upstream.path).sync(status=1)
        said = {problem["file"].split(":")[-1]: problem["message"] for problem in state["problems"]}
        self.assertIn("is not there", said["a.yaml"])
        self.assertIn("not executable", said["b.yaml"])
        self.assertIn("leads out", said["c.yaml"])

    def test_several_sources_and_a_directory_share_one_space_of_names(self):
        other = Upstream()
        self.addCleanup(other.close)
        self.upstream.commit({"a.yaml": NOOP % "a"})
        other.commit({"a.yaml": NOOP % "a", "b.yaml": NOOP % "b"})
        place = self.place(self.upstream.path, other.path)
        own = os.path.join(place.top, "own")
        os.mkdir(own)
        with open(os.path.join(own, "c.yaml"), "w", encoding="utf-8") as file:
            file.write(NOOP % "c")
        place.words += ("--definitions", own)
        first, second = place.sync(status=1)
        self.assertEqual(first["problems"], [])
        self.assertIn("defined twice", second["problems"][0]["message"])
        names = place.names()
        self.assertEqual(set(names), {("task", "a"), ("task", "b"), ("task", "c")})
        self.assertEqual(names[("task", "a")]["repository"], self.upstream.path)
        self.assertIsNone(names[("task", "c")]["commit"])

    def test_a_dry_run_changes_nothing(self):
        first = self.upstream.commit({"a.yaml": NOOP % "a"})
        place = self.place(self.upstream.path)
        state, = place.json("definitions", "sync", "--dry-run")["sources"]
        self.assertEqual(state["commit"], first)
        self.assertEqual(place.names(), {})

    def test_what_killed_processes_left_is_swept(self):
        self.upstream.commit({"a.yaml": NOOP % "a"})
        place = self.place(self.upstream.path)
        place.sync()
        kept = os.path.join(place.data, "definitions")
        trees, = [os.path.join(kept, name, "trees") for name in os.listdir(kept) if name != "lock"]
        os.makedirs(os.path.join(trees, ".new-killed", "repository"))
        # Somebody removes what is kept: it is fetched again.
        for name in os.listdir(trees):
            if not name.startswith("."):
                shutil.rmtree(os.path.join(trees, name))
        place.sync()
        self.assertEqual(len(os.listdir(trees)), 1)
        self.assertEqual(set(place.names()), {("task", "a")})

    def test_settings_stand_in_a_file_as_a_list(self):
        self.upstream.commit({"a.yaml": NOOP % "a"})
        place = Place()
        self.addCleanup(place.close)
        with open(os.path.join(place.top, "waybill.yaml"), "w", encoding="utf-8") as file:
            json.dump({"definitions_from": [f"{self.upstream.path}#main"]}, file)
        place.sync()
        self.assertEqual(set(place.names()), {("task", "a")})


if __name__ == "__main__":
    serving.main()
