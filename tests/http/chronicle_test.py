#!/usr/bin/env python3
"""What scans found and definitions said, looked at over HTTP, also after a restart; dry runs by the
server; what its disks have left."""

import os

import serving
from serving import ServedTest, Serving

DEFINITIONS = """
tasks:
  show: {command: [cat]}
  greet: {command: [echo, hello]}
pipelines:
  both: {steps: {one: {task: greet}}}
scans:
  drop:
    planner: batches
    sources: {acme: ./drop/acme}
    path: "{source}/{yyyy}/{MM}/{dd}/{HH}/{mm}/{batch}.{part}"
    parts: [data, sig]
    task: show
  gone:
    planner: batches
    sources: {acme: ./gone}
    path: "{batch}.{part}"
    parts: [data]
    task: show
"""
PLACE = "acme/2026/11/27/08/00"


class ChronicleTest(ServedTest):
    @classmethod
    def setUpClass(cls):
        """Each test has a server of its own."""

    def setUp(self):
        self.top = serving.tempfile.mkdtemp(prefix="waybill-chronicle-")
        self.addCleanup(serving.shutil.rmtree, self.top)
        self.write("all.yaml", DEFINITIONS)
        for part in ("one.data", "one.sig", "two.data"):
            self.write(f"drop/acme/{PLACE}/{part}", "x")
        self.serving = Serving("--definitions", self.top)
        self.addCleanup(self.serving.close)

    def write(self, name, text):
        path = os.path.join(self.top, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)

    def get(self, target, status=200, **more):
        return self.expect(status, self.serving.get(target, **more))

    def scan(self, *words, status=0):
        ran = serving.subprocess.run(
            self.serving.command("scan", *words, "--definitions", self.top),
            env=self.serving.environment(), capture_output=True, text=True, timeout=60,
            check=False)
        self.assertEqual(ran.returncode, status, ran.stderr)
        return ran

    def scans(self):
        return {scan["name"]: scan for scan in self.get("/v1/scans")["scans"]}

    def test_a_scan_without_a_pass_is_known_by_its_definition(self):
        drop = self.scans()["drop"]
        self.assertEqual(drop, {"name": "drop", "defined": True, "planner": "batches",
                                "every": "1m", "latest": None})
        self.assertEqual(self.get("/v1/scans/drop/passes"), {"passes": []})
        self.get("/v1/scans/drop/passes/1", 404)
        wrong = self.get("/v1/scans/drup/passes", 404)
        self.assertIn('did you mean "drop"', wrong["detail"])

    def test_what_scans_of_the_command_line_find_is_kept(self):
        self.scan("drop", "--once")
        latest = self.scans()["drop"]["latest"]
        self.assertEqual((latest["number"], latest["inserted"], latest["skipped"],
                          latest["objects_listed"], latest["complete"], latest["error"]),
                         (1, 1, 1, 3, True, None))
        self.assertIsNone(latest["report"])
        one = self.get("/v1/scans/drop/passes/1")
        task, = one["report"]["tasks"]
        self.assertEqual(task["outcome"], "inserted")
        self.assertNotIn("params", task)
        self.assertEqual(self.get(f"/v1/tasks/{task['id']}")["definition"], "show")
        skipped, = one["report"]["skipped"]
        self.assertEqual((skipped["reason"], skipped["detail"]), ("incomplete", "missing sig"))
        self.scan("drop", "--once")  # meets the marker: another thing to say
        self.scan("drop", "--once")  # and again
        self.serving.restart()
        passes = self.get("/v1/scans/drop/passes")["passes"]
        self.assertEqual([(each["number"], each["passes"], each["inserted"]) for each in passes],
                         [(2, 2, 0), (1, 1, 1)])
        self.assertLess(passes[0]["first_at"], passes[0]["last_at"])
        self.assertEqual(self.get("/v1/scans/drop/passes?limit=1&before=2")["passes"][0]["number"],
                         1)
        self.assertEqual(self.get("/v1/scans/drop/passes/1"), one)
        self.get("/v1/scans/drop/passes/first", 404)
        self.get("/v1/scans/drop/passes?before=first", 400)

    def test_a_pass_that_failed_says_why(self):
        self.scan("gone", "--once", status=1)
        latest = self.scans()["gone"]["latest"]
        self.assertIn("gone", latest["error"])
        self.assertFalse(latest["complete"])
        self.assertIsNone(self.get("/v1/scans/gone/passes/1")["report"])

    def test_a_dry_run_is_made_by_the_server_and_leaves_nothing(self):
        self.scan("drop", "--dry-run")
        report = self.get("/v1/scans/drop/plan")["report"]
        self.assertTrue(report["dry_run"])
        self.assertEqual([task["outcome"] for task in report["tasks"]], ["planned"])
        self.assertEqual(self.get("/v1/tasks")["tasks"], [])
        self.assertFalse(os.path.exists(os.path.join(self.top, "drop", "acme", "task-markers")))
        self.assertIsNone(self.scans()["drop"]["latest"], "no pass was made")
        self.get("/v1/scans/drup/plan", 404)
        # The scan is there; its bucket is not, which no other name or token mends.
        away = self.get("/v1/scans/gone/plan", 409)
        self.assertIn("the dry run of gone", away["detail"])

    def test_a_dry_run_is_an_operators(self):
        viewer, operator = (self.serving.run("token", "create", "--name", role, "--role", role,
                                             "--quiet").strip() for role in ("viewer", "operator"))
        serving.until(lambda: self.serving.get("/v1/queues").status == 401, "tokens are asked for")
        for token, status in ((viewer, 403), (operator, 200)):
            self.expect(status, self.serving.call("GET", "/v1/scans/drop/plan", token=token))
            for target in ("/v1/scans", "/v1/disks", "/v1/definitions/greet/versions"):
                self.expect(200, self.serving.call("GET", target, token=token))

    def versions(self, of):
        return self.get(f"/v1/{of}/versions")["versions"]

    def test_definitions_have_versions(self):
        first, = self.versions("definitions/greet")
        self.assertEqual((first["number"], first["definition"]),
                         (1, {"command": ["echo", "hello"]}))
        self.assertTrue(first["source"]["file"].endswith("all.yaml"))
        self.assertIsNone(first["source"]["commit"])
        self.serving.restart()  # as it was: no other version
        self.assertEqual(self.versions("definitions/greet"), [first])
        self.write("all.yaml", DEFINITIONS.replace("[echo, hello]", "[echo, <b>ho</b>]")
                   .replace("{one: {task: greet}}", "{one: {task: greet}, two: {task: show}}"))
        self.serving.restart()
        second, again = self.versions("definitions/greet")
        self.assertEqual((second["number"], second["definition"]),
                         (2, {"command": ["echo", "<b>ho</b>"]}))
        self.assertEqual(again, first)
        self.assertLess(first["since"], second["since"])
        self.assertEqual(len(self.versions("definitions/show")), 1)
        both = self.versions("pipelines/both")
        self.assertEqual([list(each["definition"]["steps"]) for each in both],
                         [["one", "two"], ["one"]])
        page = self.get("/v1/definitions/greet/versions?before=2&limit=1")["versions"]
        self.assertEqual(page, [first])

    def test_long_versions_come_in_shorter_pages(self):
        for number in range(5):
            self.write("all.yaml", DEFINITIONS.replace(
                "[echo, hello]", f"[echo, {'x' * 60_000}{number}]").replace(
                "greet: {", "greet: {description: " + "y" * 3_000_000 + ", "))
            self.serving.restart()
        first = self.versions("definitions/greet")
        self.assertLess(len(first), 6)
        numbers = [each["number"] for each in first]
        while page := self.get("/v1/definitions/greet/versions?before="
                               + str(numbers[-1]))["versions"]:
            numbers += [each["number"] for each in page]
        self.assertEqual(numbers, [6, 5, 4, 3, 2, 1])

    def test_versions_of_what_is_gone_stay_and_of_what_never_was_are_not_found(self):
        self.write("all.yaml", DEFINITIONS.replace("greet", "welcome"))
        self.serving.restart()
        self.assertEqual(len(self.versions("definitions/greet")), 1)
        self.get("/v1/definitions/greet", 404)
        self.assertEqual(len(self.versions("definitions/welcome")), 1)
        never = self.get("/v1/definitions/never/versions", 404)
        self.assertIn('no definition "never"', never["detail"])
        self.get("/v1/pipelines/greet/versions", 404)

    def test_disks_say_what_they_have_left(self):
        disks = self.get("/v1/disks")
        for place in ("data", "artifacts"):
            self.assertGreater(disks[place]["size_bytes"], 0)
            self.assertLessEqual(disks[place]["free_bytes"], disks[place]["size_bytes"])
            self.assertIn(disks[place]["state"], ("good", "low", "full"))
        self.assertEqual(disks["ledger"]["place"], "data")
        size = os.path.getsize(os.path.join(self.serving.data, "ledger.db"))
        self.assertGreaterEqual(disks["ledger"]["bytes"], size)


if __name__ == "__main__":
    serving.main()
