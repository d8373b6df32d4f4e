#!/usr/bin/env python3
"""Steps whose programs are a repository's: reused over commits that change other files, and not
over one that changes the program or a file that its definition names."""

import json
import unittest

from upstream import Place, Upstream, serving

PIPELINE = """
pipelines:
  p:
    steps:
      count: {task: count}
      tidy: {needs: count, task: {command: [./tidy.sh]}}
tasks:
  count: {command: [./count.sh], files: [lib.sh]}
"""
COUNT = '#!/bin/sh\n. "$(dirname "$0")/lib.sh"\ncount\n'
LIBRARY = "count() { echo 1; }\n"
TIDY = "#!/bin/sh\necho tidy\n"


class ReuseTest(unittest.TestCase):
    def setUp(self):
        self.upstream = Upstream()
        self.addCleanup(self.upstream.close)
        self.place = Place("--definitions-from", f"{self.upstream.path}#main")
        self.addCleanup(self.place.close)

    def run_after(self, files, *words):
        """A run at a commit with these files: its id, and {step: (reused, what differs)}."""
        self.upstream.commit(files)
        self.place.sync()
        started = self.place.json("pipeline", "run", "p", *words)["run"]["id"]
        self.place.run("up", "--until-idle")
        self.assertEqual(self.place.json("run", "show", started)["run"]["state"], "succeeded")
        if not words:
            return started, None
        steps = json.loads(self.place.run("run", "explain", started, "--json").splitlines()[0])
        return started, steps

    def test_a_step_is_done_again_if_its_program_is_another(self):
        first, _ = self.run_after({"a.yaml": PIPELINE, "count.sh": COUNT, "tidy.sh": TIDY,
                                   "lib.sh": LIBRARY})
        _, said = self.run_after({"README": "x"}, "--reuse-from", first)
        self.assertEqual(self.told(said), {"count": [True, []], "tidy": [True, []]})
        _, said = self.run_after({"count.sh": COUNT + "# more\n"}, "--reuse-from", first)
        self.assertEqual(self.told(said), {"count": [False, ["program"]], "tidy": [True, []]})
        _, said = self.run_after({"count.sh": COUNT, "lib.sh": LIBRARY + "# more\n"},
                                 "--reuse-from", first)
        self.assertEqual(self.told(said), {"count": [False, ["files.lib.sh"]],
                                           "tidy": [True, []]})
        _, said = self.run_after({"lib.sh": LIBRARY, "tidy.sh": TIDY + "# more\n"},
                                 "--reuse-from", first)
        self.assertEqual(self.told(said), {"count": [True, []], "tidy": [False, ["program"]]})

    @staticmethod
    def told(said):
        return {each["path"]: [each["is"] == "reused", each["fields"]] for each in said["steps"]}


if __name__ == "__main__":
    serving.main()
