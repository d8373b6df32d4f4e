#!/usr/bin/env python3
"""Runs of pipelines over HTTP: started once under a key, looked at page by page, answered by those
who may, ended, done again; and carried on by two servers of one ledger, one of which is killed."""

import http.server
import os
import shutil
import tempfile
import threading
import unittest

import serving
from serving import Serving, until

DEFINITIONS = """
tasks:
  add: {kind: noop}
  guarded:
    kind: noop
    who_may: {people: [nobody]}
pipelines:
  sums:
    params: {type: object, required: [of], properties: {of: {type: array}}}
    outputs: {n: "${{ steps.each.outputs.*.n }}"}
    steps:
      each:
        task: add
        for_each: ${{ params.of }}
        with: {item: "${{ item }}"}
      ok:
        needs: each
        wait: {approval: {who_may: {role: admin}}}
  forbidden:
    steps: {a: {task: guarded}}
  asks:
    params: {type: object, required: [url, within]}
    outputs: {status: "${{ steps.up.outputs.status }}"}
    steps:
      up: {wait: {http: {url: "${{ params.url }}", every: 1s, timeout: "${{ params.within }}"}}}
"""


class Door:
    """Answers 503 at first, and then 200."""

    def __init__(self):
        self.asked = 0
        door = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):  # pylint: disable=invalid-name
                door.asked += 1
                self.send_response(200 if door.asked > 1 else 503)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


class Runs(unittest.TestCase):
    def setUp(self):
        self.definitions = tempfile.mkdtemp(prefix="waybill-definitions-")
        self.addCleanup(shutil.rmtree, self.definitions)
        with open(os.path.join(self.definitions, "a.yaml"), "w", encoding="ascii") as file:
            file.write(DEFINITIONS)

    def serve(self, *words):
        server = Serving("--definitions", self.definitions, *words)
        self.addCleanup(server.close)
        return server

    def run_to(self, server, run, state):
        def look():
            now = server.get(f"/v1/runs/{run}").json
            return now if now["state"] == state else None
        return until(look, f"the run is {state}")

    def open_approval(self, server, run):
        def look():
            nodes = server.get(f"/v1/runs/{run}/nodes?state=running").json["nodes"]
            return [node for node in nodes if node["path"] == "ok"]
        return until(look, "it waits for an approval")

    def work(self, server, count):
        """Does so many tasks."""
        while count > 0:
            tasks = server.post("/v1/claims", {"worker": "w", "limit": count, "wait": "5s"}
                                ).json["tasks"]
            done = [{"id": task["id"], "fence": task["fence"], "outcome": "succeeded",
                     "result": {"n": 1}} for task in tasks]
            if done:
                server.post("/v1/finishes", {"tasks": done})
            count -= len(done)

    def test_a_run_from_its_start_to_its_end(self):
        server = self.serve()
        names = [each["name"] for each in server.get("/v1/pipelines").json["pipelines"]]
        self.assertEqual(names, ["asks", "forbidden", "sums"])
        self.assertEqual(len(server.get("/v1/pipelines/sums").json["steps"]), 2)
        self.assertEqual(server.get("/v1/pipelines/sum").status, 404)
        plan = server.post("/v1/pipelines/sums/plan", {"params": {"of": [1, 2]}})
        self.assertEqual((plan.status, plan.json["pipeline"]), (200, "sums"))
        self.assertEqual([step["path"] for step in plan.json["steps"]], ["each", "ok"])
        self.assertEqual(plan.json["steps"][0]["inputs"], None)
        self.assertIn('"of" is missing', server.post("/v1/pipelines/sums/plan", {}).json["detail"])
        self.assertEqual(server.post("/v1/pipelines/sums/plan", {}).status, 400)
        self.assertEqual(server.post("/v1/pipelines/sum/plan", {}).status, 404)
        self.assertEqual(server.get("/v1/runs").json["runs"], [], "nothing is begun by a plan")
        body = {"pipeline": "sums", "params": {"of": [1, 2, 3]}}
        made = server.post("/v1/runs", body, Idempotency_Key="k")
        self.assertEqual(made.status, 201)
        run = made.json["id"]
        self.assertEqual(made.headers["Location"], f"/v1/runs/{run}")
        again = server.post("/v1/runs", body, Idempotency_Key="k")
        self.assertEqual(again.json["id"], run)
        self.assertEqual(server.post("/v1/runs", {"pipeline": "sums"}).status, 400)
        self.assertEqual(server.post("/v1/runs", {**body, "id": run}).status, 200)
        other = {"pipeline": "sums", "params": {"of": []}}
        self.assertEqual(server.post("/v1/runs", {**other, "id": run}).status, 409)
        self.assertEqual(server.post("/v1/runs", other, Idempotency_Key="k").status, 422)
        self.assertEqual(server.post("/v1/runs", {"pipeline": "sum"}).status, 404)
        self.work(server, 3)
        self.open_approval(server, run)
        page = server.get(f"/v1/runs/{run}/nodes?limit=2").json
        self.assertEqual([node["path"] for node in page["nodes"]], ["each", "each[0]"])
        rest = server.get(f"/v1/runs/{run}/nodes?after={page['next_after']}".replace(
            "[", "%5B").replace("]", "%5D")).json
        self.assertEqual([node["path"] for node in rest["nodes"]], ["each[1]", "each[2]", "ok"])
        self.assertIsNone(rest["next_after"])
        task = page["nodes"][1]["task_id"]
        self.assertEqual(server.get(f"/v1/tasks/{task}").json["created_by"], f"run:{run}")
        self.assertEqual(server.get(f"/v1/runs/{run}/plan").json["pipeline"], "sums")
        approved = server.post(f"/v1/runs/{run}/approve", {"comment": "fine"})
        self.assertEqual(approved.status, 200)
        self.assertEqual(server.post(f"/v1/runs/{run}/approve", {}).status, 409)
        self.assertEqual(self.run_to(server, run, "succeeded")["outputs"], {"n": [1, 1, 1]})
        self.assertEqual(server.post(f"/v1/runs/{run}/cancel", {}).status, 409)
        retried = server.post(f"/v1/runs/{run}/retry", {"params": {"of": [1, 2]}})
        self.assertEqual(retried.status, 201)
        second = retried.json["id"]
        self.open_approval(server, second)
        why = server.get(f"/v1/runs/{second}/explain").json["steps"]
        self.assertEqual([each["is"] for each in why], ["reused", "reused", "differs"])
        self.assertEqual(why[2]["fields"], ["params", "steps.each"])
        self.assertEqual(server.get(f"/v1/runs/{run}/explain").status, 409)
        self.assertEqual(server.post(f"/v1/runs/{second}/cancel", {}).status, 200)
        self.run_to(server, second, "cancelled")
        listed = server.get("/v1/runs?pipeline=sums&state=cancelled").json["runs"]
        self.assertEqual([each["id"] for each in listed], [second])
        made = server.get(f"/v1/runs/{second}").json["created_at"]
        for query, ids in ((f"created_after={made}", [second]), (f"created_before={made}", [run])):
            listed = server.get("/v1/runs?pipeline=sums&" + query).json["runs"]
            self.assertEqual([each["id"] for each in listed], ids, query)
        self.assertEqual(server.get("/v1/runs?created_after=noon").status, 400)
        entries = server.get("/v1/audit?operation=createRun").json["entries"]
        self.assertIn(run, [entry["subject"] for entry in entries])

    def test_a_url_is_asked_until_it_answers_but_not_one_that_only_the_server_can_reach(self):
        door = Door()
        self.addCleanup(door.server.shutdown)
        def body(within):
            return {"pipeline": "asks", "params": {"url": door.url, "within": within}}
        server = self.serve()
        refused = server.post("/v1/runs", body("3s")).json["id"]
        failed = self.run_to(server, refused, "failed")
        self.assertEqual((failed["error"], door.asked), ("step up failed", 0))
        server = self.serve("--webhook-networks", "127.0.0.0/8")
        run = server.post("/v1/runs", body("5m")).json["id"]
        self.assertEqual(self.run_to(server, run, "succeeded")["outputs"], {"status": 200})
        self.assertEqual(door.asked, 2)

    def test_rules_are_asked_when_a_run_is_started(self):
        server = self.serve()
        refused = server.post("/v1/runs", {"pipeline": "forbidden"})
        self.assertEqual(refused.status, 403)
        self.assertIn("step a", refused.json["detail"])
        refused = server.post("/v1/pipelines/forbidden/plan", {})
        self.assertEqual(refused.status, 403)

    def test_another_server_goes_on_where_one_was_killed(self):
        first = self.serve()
        second = self.serve()
        second.terminate()
        second.data = first.data
        second.start()
        run = first.post("/v1/runs", {"pipeline": "sums", "params": {"of": [1, 2]}}).json["id"]
        self.work(second, 1)
        first.kill()
        self.work(second, 1)
        self.open_approval(second, run)
        second.post(f"/v1/runs/{run}/approve", {})
        self.assertEqual(self.run_to(second, run, "succeeded")["outputs"], {"n": [1, 1]})
        tasks = second.get(f"/v1/tasks?created_by=run:{run}").json["tasks"]
        self.assertEqual(len(tasks), 2)


if __name__ == "__main__":
    serving.main()
