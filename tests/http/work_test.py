#!/usr/bin/env python3
"""The worker protocol over HTTP, queues, and what else there is to look at."""

import os
import threading
import time
import uuid

import serving
from serving import ServedTest, Serving

DEFINITIONS = """
tasks:
  greet:
    command: [echo, hello]
    labels: {team: a}
schedules:
  nightly:
    cron: "0 3 * * *"
    task: greet
"""


class ClaimTest(ServedTest):
    def setUp(self):
        super().setUp()
        self.worker = {"worker": "w", "queues": [self.queue]}

    def beat(self, task, **members):
        body = {"worker": "w", "tasks": [{"id": task["id"], "fence": task["fence"], **members}]}
        return self.expect(200, self.serving.post("/v1/beats", body))["tasks"]

    def finish(self, task, outcome, **members):
        body = {"tasks": [{"id": task["id"], "fence": task["fence"], "outcome": outcome,
                           **members}]}
        answers = self.expect(200, self.serving.post("/v1/finishes", body))["tasks"]
        self.assertEqual([answer["id"] for answer in answers], [task["id"]])
        return answers[0]

    def test_a_task_is_claimed_beaten_for_and_finished(self):
        made = self.create()
        self.assertEqual(self.claim(kinds=["noop"]), [])
        claimed, = self.claim(lease="1m", slots=3, host="here")
        self.assertEqual((claimed["id"], claimed["state"], claimed["worker"], claimed["attempt"],
                          claimed["checkpoint"]), (made["id"], "leased", "w", 1, None))
        self.assertEqual(self.claim(), [])
        self.assertEqual(self.beat(claimed, progress={"done": 1}, checkpoint={"at": 7}),
                         [{"id": made["id"], "state": "extended"}])
        self.assertEqual(self.finish(claimed, "succeeded", result={"sum": 3}),
                         {"id": made["id"], "state": "succeeded", "problem": None})
        task = self.serving.get(f"/v1/tasks/{made['id']}").json
        self.assertEqual((task["state"], task["result"]), ("succeeded", {"sum": 3}))
        worker, = [w for w in self.workers() if w["name"] == "w"]
        self.assertEqual((worker["host"], worker["slots"]), ("here", 3))

    def workers(self):
        """Without the server's own."""
        listed = self.expect(200, self.serving.get("/v1/workers"))["workers"]
        return [worker for worker in listed if not worker["name"].endswith("-errands")]

    def test_a_worker_is_listed_with_what_it_holds_until_it_leaves(self):
        made = self.create()
        began = "2026-11-26T12:00:00Z"
        claimed, = self.claim(worker="leaver", slots=2, host="here", process_id=7,
                              started_at=began)
        listed, = [w for w in self.workers() if w["name"] == "leaver"]
        self.assertEqual((listed["process_id"], listed["started_at"], listed["busy"],
                          listed["tasks"]), (7, began, 1, [made["id"]]))
        self.finish(claimed, "succeeded")
        left = {"worker": "leaver", "tasks": [], "leaving": True}
        self.assertEqual(self.expect(200, self.serving.post("/v1/beats", left)), {"tasks": []})
        self.assertNotIn("leaver", [w["name"] for w in self.workers()])

    def test_a_worker_that_says_nothing_of_itself_is_listed_too(self):
        def listed():
            worker, = [w for w in self.workers() if w["name"] == name]
            return worker["slots"], worker["busy"], worker["tasks"], worker["queues"]

        def why(task):
            answer = self.expect(200, self.serving.get(f"/v1/tasks/{task['id']}/why"))
            return [condition["reason"] for condition in answer["conditions"]]

        name = f"quiet-{self.queue}"
        waits = self.create(delay="1h")
        self.assertEqual(self.claim(worker=name), [])
        self.assertEqual(listed(), (0, 0, [], [self.queue]))
        made = [self.create(), self.create()]
        self.assertNotIn("no_worker", why(made[0]))
        self.claim(worker=name, limit=2)
        self.assertEqual(listed(), (2, 2, [task["id"] for task in made], [self.queue]))
        self.expect(200, self.serving.post("/v1/beats", {"worker": name, "tasks": [],
                                                         "leaving": True}))
        self.assertEqual(listed(), (2, 2, [task["id"] for task in made], []))
        self.assertNotIn("no_worker", why(self.create()))
        self.assertEqual(self.state_of(waits), "scheduled")

    def test_each_outcome_leads_where_it_says(self):
        for outcome, members, state in (
                ("failed", {"error": "no luck"}, "scheduled"),
                ("failed", {"error": "no luck", "permanent": True, "proof": {"a": 1}}, "failed"),
                ("failed", {"error": "later", "retry_after": "1h"}, "scheduled"),
                ("snoozed", {"delay": "1h"}, "scheduled"),
                ("given_back", {"reason": "I end"}, "ready")):
            made = self.create(priority=9)
            task, = self.claim()
            self.assertEqual(self.finish(task, outcome, **members)["state"], state, outcome)
            self.assertEqual(self.state_of(made), state)
            self.serving.post(f"/v1/tasks/{made['id']}/cancel", {})

    def test_a_cancel_request_comes_with_the_beat_and_is_confirmed(self):
        made = self.create()
        task, = self.claim()
        self.expect(200, self.serving.post(f"/v1/tasks/{made['id']}/cancel", {"reason": "stop"}))
        self.assertEqual(self.beat(task)[0]["state"], "cancel_requested")
        self.assertEqual(self.finish(task, "cancelled", proof={"a": 1})["state"], "cancelled")

    def test_a_claim_by_id_takes_that_task_alone_and_only_once(self):
        self.create()
        wanted = self.create()
        self.assertEqual([task["id"] for task in self.claim(ids=[wanted["id"]], limit=10)],
                         [wanted["id"]])
        self.assertEqual(self.claim(ids=[wanted["id"]]), [])

    def test_what_a_last_attempt_left_comes_with_the_next_claim(self):
        self.create()
        task, = self.claim()
        self.beat(task, checkpoint={"at": 7})
        self.finish(task, "given_back")
        self.assertEqual(self.claim()[0]["checkpoint"], {"at": 7})

    def test_a_stale_fence_changes_nothing(self):
        made = self.create()
        old, = self.claim()
        self.finish(old, "given_back")
        new, = self.claim()
        self.assertGreater(new["fence"], old["fence"])
        self.assertEqual(self.beat(old)[0]["state"], "lost")
        for outcome in ("succeeded", "snoozed", "given_back", "cancelled"):
            answer = self.finish(old, outcome, **({"delay": "1s"} if outcome == "snoozed" else {}))
            self.assertEqual((answer["state"], answer["problem"]["status"]), (None, 409), outcome)
        chunk = {"stream": "stdout", "text": "x"}
        target = f"/v1/tasks/{made['id']}/logs"
        self.expect(409, self.serving.post(target, {"fence": old["fence"], "chunks": [chunk]}))
        self.expect(204, self.serving.post(target, {"fence": new["fence"], "chunks": [chunk]}))
        self.assertEqual(self.serving.get(target).json["chunks"][0]["text"], "x")
        self.assertEqual(self.finish(new, "succeeded")["state"], "succeeded")
        answer = self.finish(new, "succeeded")
        self.assertIn(answer["state"], (None, "succeeded"))
        gone = {"id": str(uuid.uuid4()), "fence": 1}
        self.assertEqual(self.beat(gone)[0]["state"], "lost")
        self.assertEqual(self.finish(gone, "succeeded")["problem"]["status"], 404)

    def test_a_waiting_claim_gets_at_once_what_is_created_later(self):
        got = []
        began = time.monotonic()
        thread = threading.Thread(target=lambda: got.append(self.claim(wait="30s")))
        thread.start()
        serving.until(lambda: self.serving.metric("waybill_http_claims_waiting") == 1, "it waits")
        self.create()
        created = time.monotonic()
        thread.join()
        self.assertEqual(len(got[0]), 1)
        self.assertLess(time.monotonic() - created, 10)
        self.assertLess(time.monotonic() - began, 25)

    def test_a_claim_waits_in_vain_for_no_longer_than_it_says(self):
        began = time.monotonic()
        self.assertEqual(self.claim(wait="1s"), [])
        self.assertGreaterEqual(time.monotonic() - began, 1)

    def test_many_waiting_claims_share_many_tasks(self):
        got, lock = [], threading.Lock()

        def work(number):
            tasks = self.claim(worker=f"w{number}", wait="20s")
            with lock:
                got.extend(task["id"] for task in tasks)

        threads = [threading.Thread(target=work, args=[number]) for number in range(40)]
        for thread in threads:
            thread.start()
        waiting = "waybill_http_claims_waiting"
        serving.until(lambda: self.serving.metric(waiting) == 40, "they wait")
        answer = self.serving.post("/v1/tasks", {"tasks": [self.new_task() for _ in range(40)]})
        made = self.expect(200, answer)["tasks"]
        for thread in threads:
            thread.join()
        self.assertEqual(sorted(got), sorted(task["id"] for task in made))

    def test_what_is_not_allowed_is_refused(self):
        for target, body in (
                ("claims", {}), ("claims", {**self.worker, "limit": 0}),
                ("claims", {**self.worker, "limit": 1001}),
                ("claims", {**self.worker, "wait": "61s"}),
                ("claims", {**self.worker, "lease": "1ms"}),
                ("claims", {**self.worker, "lease": "25h"}),
                ("beats", {"worker": "w"}), ("beats", {"tasks": []}),
                ("finishes", {"tasks": []}),
                ("finishes", {"tasks": [{"id": str(uuid.uuid4()), "fence": 1, "outcome": "odd"}]}),
                ("finishes", {"tasks": [{"id": str(uuid.uuid4()), "fence": -1,
                                         "outcome": "succeeded"}]}),
                ("finishes", {"tasks": [{"id": "7", "fence": 1, "outcome": "succeeded"}]})):
            self.expect(400, self.serving.post(f"/v1/{target}", body))


class QueueTest(ServedTest):
    def test_no_task_of_a_paused_queue_is_claimed(self):
        self.create()
        target = f"/v1/queues/{self.queue}"
        view = self.expect(200, self.serving.post(target + "/pause", {}))
        self.assertEqual((view["name"], view["paused"], view["tasks"]["ready"]),
                         (self.queue, True, 1))
        self.assertEqual(set(view), {"name", "paused", "concurrency", "retention", "tasks"})
        self.assertEqual(self.claim(), [])
        self.assertEqual(self.expect(200, self.serving.get(target)), view)
        self.assertIn(view, self.expect(200, self.serving.get("/v1/queues"))["queues"])
        self.assertFalse(self.expect(200, self.serving.post(target + "/resume", {}))["paused"])
        self.assertEqual(len(self.claim()), 1)
        self.expect(404, self.serving.get("/v1/queues/none"))
        self.expect(404, self.serving.post("/v1/queues/none/resume", {}))
        problem = self.expect(404, self.serving.post(f"/v1/queues/{self.queue[:-1]}/pause", {}))
        self.assertIn(f'did you mean "{self.queue}"?', problem["detail"])
        self.assertNotIn(self.queue[:-1], [queue["name"] for queue in self.expect(
            200, self.serving.get("/v1/queues"))["queues"]])
        self.expect(400, self.serving.post("/v1/queues/no%20name/pause", {}))

    def test_a_queue_that_a_worker_serves_is_paused_before_its_first_task(self):
        pause = f"/v1/queues/{self.queue}/pause"
        self.expect(404, self.serving.post(pause, {}))
        self.assertEqual(self.claim(), [])
        self.assertTrue(self.expect(200, self.serving.post(pause, {}))["paused"])
        self.create()
        self.assertEqual(self.claim(), [])
        self.expect(200, self.serving.post("/v1/queues/default/pause", {}))
        self.expect(200, self.serving.post("/v1/queues/default/resume", {}))

    def test_a_waiting_claim_goes_on_when_its_queue_does(self):
        self.create()
        self.serving.post(f"/v1/queues/{self.queue}/pause", {})
        got = []
        thread = threading.Thread(target=lambda: got.append(self.claim(wait="30s")))
        thread.start()
        serving.until(lambda: self.serving.metric("waybill_http_claims_waiting") == 1, "it waits")
        self.serving.post(f"/v1/queues/{self.queue}/resume", {})
        resumed = time.monotonic()
        thread.join()
        self.assertEqual(len(got[0]), 1)
        self.assertLess(time.monotonic() - resumed, 10)


class ViewTest(ServedTest):
    @classmethod
    def setUpClass(cls):
        folder = serving.tempfile.mkdtemp(prefix="waybill-http-")
        cls.addClassCleanup(serving.shutil.rmtree, folder)
        with open(os.path.join(folder, "all.yaml"), "w", encoding="utf-8") as file:
            file.write(DEFINITIONS)
        cls.serving = Serving("--definitions", folder)
        cls.addClassCleanup(cls.serving.close)

    def test_definitions_kinds_and_schedules_are_shown(self):
        first, = self.expect(200, self.serving.get("/v1/definitions"))["definitions"]
        self.assertEqual((first["name"], first["kind"], first["labels"]),
                         ("greet", "command", {"team": "a"}))
        self.assertEqual(set(first), set("name kind queue priority timeout retry labels "
                                         "params_schema spec may source".split()))
        answer = self.serving.get("/v1/definitions/greet")
        self.assertEqual(self.expect(200, answer), first)
        etag = answer.headers["ETag"]
        self.assertTrue(etag)
        again = self.serving.get("/v1/definitions/greet", If_None_Match=etag)
        self.assertEqual((again.status, again.body), (304, b""))
        self.assertIn("greet", self.expect(404, self.serving.get("/v1/definitions/gret"))["detail"])
        kinds = self.expect(200, self.serving.get("/v1/kinds"))["kinds"]
        self.assertEqual([kind["name"] for kind in kinds],
                         ["catalog.pod", "catalog.sciencebase", "collection.fromGist", "command",
                          "container", "gist.createCollection", "http.fetch", "identify",
                          "ipfs.add", "ipfs.addcollection", "ipfs.adddir", "ipfs.addfile",
                          "ipfs.addurl", "ipfs.addwarc", "ipfs.gc", "ipfs.pin", "ipfs.pins",
                          "ipfs.unpin", "kiwix.resolve", "kiwix.updateSources", "morph.ingest",
                          "noop", "notify.mail", "notify.webhook", "pipeline.start",
                          "pod.addcatalog", "repo.run", "sb.addCatalogTree", "warc.capture",
                          "zim.check", "zim.list", "zim.unpack"])
        self.assertIn("command", kinds[3]["spec_schema"]["properties"])
        self.assertIsNone(kinds[21]["spec_schema"])
        schedule, = self.expect(200, self.serving.get("/v1/schedules"))["schedules"]
        self.assertEqual((schedule["name"], schedule["cron"], schedule["paused"]),
                         ("nightly", "0 3 * * *", False))

    def test_a_task_of_a_definition_is_made(self):
        made = self.expect(201, self.serving.post("/v1/tasks", {"definition": "greet"}))["task"]
        self.assertEqual((made["definition"], made["labels"]), ("greet", {"team": "a"}))
        listed = self.serving.get("/v1/tasks?definition=greet").json["tasks"]
        self.assertEqual(listed, [made])
        for body in ({"definition": "greet", "kind": "command"},
                     {"definition": "greet", "spec": {"command": ["rm"]}}):
            self.expect(400, self.serving.post("/v1/tasks", body))


if __name__ == "__main__":
    serving.main()
