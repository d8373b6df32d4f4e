#!/usr/bin/env python3
"""What a pull request is shown, and the workflow of the examples, step by step."""

import json
import os
import subprocess
import unittest

import yaml

from upstream import NOOP, Place, Upstream, serving

WORKFLOW = os.path.join(os.path.dirname(__file__), "..", "..", "examples", "github-actions",
                        "definitions.yaml")


class CheckTest(unittest.TestCase):
    def setUp(self):
        self.place = Place()
        self.addCleanup(self.place.close)

    def write(self, name, text):
        path = os.path.join(self.place.top, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)

    def test_everything_that_is_wrong_has_its_place(self):
        self.write("d/a.yaml", "tasks:\n  a:\n    kind: noop\n    pri: 1\n")
        self.write("d/b.yaml", "schedules:\n  s: {cron: '@daily', task: nobody}\n")
        self.write("d/c.yaml", "pipelines:\n  p:\n    steps:\n      x: {pipeline: q}\n  q:\n"
                               "    steps:\n      y: {pipeline: p}\n")
        self.write("d/e.yaml", "tasks:\n  e: {command: [../up.sh]}\n  f: {command: [./no.sh]}\n"
                               "  g: {shell: x, who_may: {github: {repository: nonsense}}}\n")
        self.write("d/f.yaml", "tasks: [\n")
        said = self.place.run("definitions", "check", "d", status=1)
        for expected in ("d/a.yaml:4:5: ", "d/b.yaml:2:", "d/e.yaml:2:", "leads out",
                         "d/e.yaml:3:", "is not there", "owner/name", "d/f.yaml:", "not YAML",
                         "nobody"):
            self.assertIn(expected, said)
        self.assertRegex(said, r"d/c\.yaml:\d+:\d+: leads back into this pipeline")

    def test_links_are_refused_as_in_a_repository_and_not_read(self):
        self.write("d/a.yaml", "tasks: {a: {kind: noop}}\n")
        os.symlink("a.yaml", os.path.join(self.place.top, "d/b.yaml"))
        os.symlink("/etc/passwd", os.path.join(self.place.top, "d/c.yaml"))
        for path in (["d"], ["d/a.yaml", "d/b.yaml", "d/c.yaml"]):
            said = self.place.run("definitions", "check", *path, status=1)
            for link in ("d/b.yaml", "d/c.yaml"):
                self.assertIn(link + ": is a link", said)
            self.assertNotIn("root:", said)

    def test_what_differs_is_shown_whatever_the_form(self):
        upstream = Upstream()
        self.addCleanup(upstream.close)
        upstream.commit({"tasks/a.yaml": NOOP % "a"})
        self.write("d/a.yaml", "tasks: {a: {kind: noop, queue: q}, b: {shell: x, "
                               "secrets: {T: token}}}\n")
        against = f"{upstream.path}#main:tasks"
        markdown = self.place.run("definitions", "check", "d", "--against", against, "--format",
                                  "markdown")
        self.assertIn("### What it asks for", markdown)
        self.assertIn("`secrets.T`: `\"token\"`", markdown)
        self.assertIn("1 added, 1 changed", markdown)
        text = self.place.run("definitions", "check", "d", "--against", against)
        self.assertIn('  queue: "q"\n', text)
        found = json.loads(self.place.run("definitions", "check", "d", "--against", against,
                                          "--format", "json"))
        self.assertEqual([each["is"] for each in found["differences"]], ["changed", "added"])
        self.assertFalse(os.path.exists(self.place.data))
        said = self.place.run("definitions", "check", "d", "--against", "nowhere", status=2)
        self.assertIn("no file or directory", said)
        self.assertIn("none of text", self.place.run("definitions", "check", "d", "--format", "x",
                                                     status=2))

    def test_the_workflow_of_the_examples_does_what_it_says(self):
        with open(WORKFLOW, encoding="utf-8") as file:
            workflow = yaml.safe_load(file)
        self.write("today/definitions/a.yaml", NOOP % "a")
        self.write("proposed/definitions/a.yaml", "tasks: {a: {kind: nop}}\n")
        summary = os.path.join(self.place.top, "summary")
        bin_directory = os.path.join(self.place.top, "bin")
        os.mkdir(bin_directory)
        os.symlink(serving.WAYBILL[0], os.path.join(bin_directory, "waybill"))
        ran = []
        for step in workflow["jobs"]["check"]["steps"]:
            if "waybill definitions" not in step.get("run", ""):
                continue
            ran.append(subprocess.run(
                ["/bin/sh", "-e", "-c", step["run"]],
                cwd=os.path.join(self.place.top, step["working-directory"]),
                env={"PATH": f"{bin_directory}:{os.environ['PATH']}", "HOME": self.place.top,
                     "GITHUB_STEP_SUMMARY": summary},
                capture_output=True, text=True, timeout=60, check=False))
        self.assertEqual([each.returncode for each in ran], [0, 1])
        self.assertIn("::error file=definitions/a.yaml,line=1,col=19::", ran[1].stdout)
        with open(summary, encoding="utf-8") as file:
            self.assertIn("`kind`: `\"noop\"` → `\"nop\"`", file.read())


if __name__ == "__main__":
    serving.main()
