#!/usr/bin/env python3
"""Repositories by people who mean harm: nothing of theirs is run, written elsewhere, or taken down
with what others have."""

import os
import subprocess
import time
import unittest

from upstream import GIT_ENVIRONMENT, NOOP, Place, Upstream, serving


class HostileTest(unittest.TestCase):
    def setUp(self):
        self.upstream = Upstream()
        self.addCleanup(self.upstream.close)
        self.place = Place("--definitions-from", self.upstream.path)
        self.addCleanup(self.place.close)

    def raw(self, *entries):
        """A commit whose tree git itself would not make: (mode, name, content) each."""
        tree = b""
        for mode, name, content in entries:
            made = subprocess.run(["git", "hash-object", "-w", "--stdin", "-t",
                                   "tree" if mode == "40000" else "blob", "--literally"],
                                  cwd=self.upstream.path, env=GIT_ENVIRONMENT, input=content,
                                  capture_output=True, check=True)
            tree += f"{mode} {name}\0".encode() + bytes.fromhex(made.stdout.decode().strip())
        top = subprocess.run(["git", "hash-object", "-w", "--stdin", "-t", "tree", "--literally"],
                             cwd=self.upstream.path, env=GIT_ENVIRONMENT, input=tree,
                             capture_output=True, check=True).stdout.decode().strip()
        commit = self.upstream.git("commit-tree", top, "-m", "raw")
        self.upstream.git("update-ref", "refs/heads/main", commit)
        return commit

    def test_links_and_submodules_are_left_out_and_told(self):
        self.upstream.commit({"good.yaml": NOOP % "good"})
        os.symlink("/etc/passwd", os.path.join(self.upstream.path, "link.yaml"))
        os.symlink("/etc", os.path.join(self.upstream.path, "etc"))
        self.upstream.git("add", "--all")
        self.upstream.git("update-index", "--add", "--cacheinfo",
                          "160000,0123456789012345678901234567890123456789,module.yaml")
        self.upstream.git("commit", "--quiet", "-m", "links")
        state, = self.place.sync(status=1)
        self.assertEqual(sorted(state["left_out"]), ["etc", "link.yaml", "module.yaml"])
        told = sorted(problem["file"].split(":")[-1] for problem in state["problems"])
        self.assertEqual(told, ["link.yaml", "module.yaml"])
        self.assertEqual(set(self.place.names()), {("task", "good")})
        for directory, directories, files in os.walk(os.path.join(self.place.data, "definitions")):
            for name in directories + files:
                self.assertFalse(os.path.islink(os.path.join(directory, name)))

    def test_names_that_lead_out_are_refused(self):
        good = self.upstream.commit({"good.yaml": NOOP % "good"})
        self.place.sync()
        bytes_of_tree = self.raw(("100644", "x.yaml", b"")) and self.upstream.git(
            "rev-parse", "main^{tree}")
        inner = subprocess.run(["git", "cat-file", "tree", bytes_of_tree], cwd=self.upstream.path,
                               env=GIT_ENVIRONMENT, capture_output=True, check=True).stdout
        for name in ("..", ".git", "..evil/../../x"):
            self.raw(("40000", name, inner))
            state, = self.place.sync(status=1)
            self.assertNotEqual(state["error"], None, name)
            self.assertEqual(state["commit"], good)
        self.assertEqual(set(self.place.names()), {("task", "good")})
        self.assertFalse(os.path.exists(os.path.join(self.place.data, "x.yaml")))

    def test_a_name_that_no_file_may_have_costs_that_file_alone(self):
        commit = self.raw(("100644", "good.yaml", (NOOP % "good").encode()),
                          ("100644", "line\nbreak.yaml", (NOOP % "bad").encode()))
        state, = self.place.sync(status=1)
        self.assertEqual((state["error"], state["commit"]), (None, commit))
        problem, = state["problems"]
        self.assertTrue(problem["file"].endswith(":line\\x0abreak.yaml"), problem)
        self.assertIn("rename it", problem["message"])
        self.assertEqual(set(self.place.names()), {("task", "good")})

    def test_what_is_too_big_is_refused_and_leaves_nothing(self):
        good = self.upstream.commit({"good.yaml": NOOP % "good"})
        self.place.sync()
        # Shrinks to nothing on the way, and is over the limit here.
        self.upstream.commit({"zeros.bin": b"\0" * (40 << 20)})
        state, = self.place.sync(status=1)
        self.assertIn("MiB", state["error"])
        self.assertEqual(state["commit"], good)
        self.upstream.commit({"zeros.bin": None, "random.bin": os.urandom(70 << 20)})
        state, = self.place.sync(status=1)
        self.assertIn("MiB", state["error"])
        self.assertEqual(set(self.place.names()), {("task", "good")})
        taken = sum(os.path.getsize(os.path.join(directory, name))
                    for directory, _, files in os.walk(self.place.data) for name in files)
        self.assertLess(taken, 1 << 20)

    def test_too_many_files_are_refused(self):
        self.upstream.commit({f"d/{number}": "x" for number in range(10_001)})
        state, = self.place.sync(status=1)
        self.assertIn("10000 files", state["error"])

    def test_of_any_number_of_mistakes_few_are_kept(self):
        self.upstream.commit({"good.yaml": NOOP % "good", "bad.yaml": "".join(
            f"x{number}: 1\n" for number in range(5000)), **{
                f"many{number:03}.yaml": "" for number in range(300)}})
        state, = self.place.sync(status=1)
        self.assertEqual(len(state["problems"]), 101)
        said = [problem["message"] for problem in state["problems"]]
        self.assertIn("more;", " ".join(said))
        self.assertEqual(set(self.place.names()), {("task", "good")})
        self.upstream.commit({"bad.yaml": None})
        state, = self.place.sync(status=1)
        problem, = state["problems"]
        self.assertIn("256 files", problem["message"])

    def test_bombs_of_yaml_cost_their_own_file_alone(self):
        bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
            f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 10))
        deep = "tasks: " + "[" * 5000 + "]" * 5000
        self.upstream.commit({"good.yaml": NOOP % "good", "bomb.yaml": bomb, "deep.yaml": deep,
                              "long.yaml": "x: " + "y" * (10 << 20), "twice.yaml": "a: 1\na: 2\n",
                              "bytes.yaml": b"\xff\xfe\x00tasks"})
        began = time.monotonic()
        state, = self.place.sync(status=1)
        self.assertLess(time.monotonic() - began, 30)
        told = {problem["file"].split(":")[-1] for problem in state["problems"]}
        self.assertLessEqual({"bomb.yaml", "deep.yaml", "long.yaml", "twice.yaml",
                              "bytes.yaml"}, told)
        self.assertEqual(set(self.place.names()), {("task", "good")})

    def test_pipelines_that_lead_astray_cost_their_own_file_alone(self):
        step = "tasks: {%s: {command: [echo]}}\npipelines: {%s: {steps: {s: %s}}}\n"
        wrong = {
            "cycle.yaml": ("pipelines:\n  a: {steps: {s: {pipeline: b}}}\n"
                           "  b: {steps: {s: {pipeline: c}}}\n"
                           "  c: {steps: {s: {pipeline: a}}}\n", "leads back into this pipeline"),
            "escape.yaml": (step % ("e", "e", "{task: e, inputs: {../../x: '${{ params.f }}'}}"),
                            "has a part in its name"),
            "secret.yaml": (step % ("s", "s", "{task: s, with: {x: '${{ secrets.token }}'}}"),
                            'there is no "secrets" here'),
            "argv.yaml": ("pipelines: {v: {steps: {s: {task: {command: [echo, "
                          "'${{ params.x }}']}}}}}\n", "take it from the params"),
            "matrix.yaml": (step % ("m", "m", "{task: m, matrix: {a: %s, b: %s}}" % (
                [*range(100)], [*range(100)])), "combinations"),
            "deep.yaml": (step % ("d", "d", "{task: d, if: '%s'}" % ("!" * 4000 + "true")),
                          "deep"),
        }
        self.upstream.commit({"good.yaml": NOOP % "good",
                              **{name: text for name, (text, _) in wrong.items()}})
        began = time.monotonic()
        state, = self.place.sync(status=1)
        self.assertLess(time.monotonic() - began, 30)
        told = {}
        for problem in state["problems"]:
            name = problem["file"].split(":")[-1]
            told[name] = told.get(name, "") + problem["message"] + "\n"
        self.assertEqual(sorted(told), sorted(wrong))
        for name, (_, message) in wrong.items():
            self.assertIn(message, told[name], name)
        self.assertEqual(set(self.place.names()), {("task", "good")})

    def test_sources_that_git_would_take_for_something_else_are_refused(self):
        marker = os.path.join(self.place.top, "ran")
        for source in (f"--upload-pack=touch {marker}", f"ext::sh -c touch% {marker}",
                       f"ssh://-oProxyCommand=touch%20{marker}/x",
                       f"{self.upstream.path}#--upload-pack=touch", f"{self.upstream.path}#a..b",
                       f"{self.upstream.path}#main:../..", "https://u:p@host/x", "relative/path"):
            place = Place(f"--definitions-from={source}")
            self.addCleanup(place.close)
            place.run("definitions", "sync", status=2)
        self.assertFalse(os.path.exists(marker))

    def test_hooks_and_configuration_of_anybody_are_not_heeded(self):
        marker = os.path.join(self.place.top, "ran")
        self.upstream.commit({"a.yaml": NOOP % "a"})
        for name in ("post-checkout", "reference-transaction", "pre-receive", "post-update"):
            self.upstream.write(f".git/hooks/{name}", f"#!/bin/sh\ntouch {marker}\n", 0o755)
        home = os.path.join(self.place.top, "home")
        os.mkdir(home)
        with open(os.path.join(home, ".gitconfig"), "w", encoding="utf-8") as file:
            file.write(f"[core]\n\tsshCommand = touch {marker}\n\tfsmonitor = touch {marker}\n"
                       f"[url \"/nonexistent\"]\n\tinsteadOf = {self.upstream.path}\n")
        self.place.environment = {"HOME": home, "GIT_DIR": "/nonexistent", "GIT_CONFIG_COUNT": "1",
                                  "GIT_CONFIG_KEY_0": "core.fsmonitor",
                                  "GIT_CONFIG_VALUE_0": f"touch {marker}"}
        self.place.sync()
        self.assertEqual(set(self.place.names()), {("task", "a")})
        self.assertFalse(os.path.exists(marker))

    def test_buckets_and_labels_of_others_are_out_of_reach(self):
        self.upstream.commit({"a.yaml": """
tasks: {t: {kind: noop, labels: {definition.commit: forged}}}
""", "b.yaml": """
tasks: {u: {kind: noop}}
scans: {s: {planner: batches, sources: {a: ./drop}, path: "{batch}.{part}", parts: [x], task: u}}
"""})
        state, = self.place.sync(status=1)
        told = {problem["file"].split(":")[-1]: problem["message"] for problem in state["problems"]}
        self.assertIn("the program's own", told["a.yaml"])
        self.assertIn("relative path", told["b.yaml"])


if __name__ == "__main__":
    serving.main()
