#!/usr/bin/env python3
"""`waybill serve` over gRPC, as a client of others sees it: npm's @grpc/grpc-js with the proto file
of schemas/, or with what the server's reflection says. Exit status 77: the client is not to be
had."""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "http"))
sys.path.insert(0, os.path.join(HERE, "..", "servers"))
# pylint: disable=wrong-import-position
import npm_packages
import serving
from rpc_client import OPTIONS, PATIENCE_SECONDS, plain_of, struct_of
from rpc_fixture import RpcTest
from rpc_workers import Workers  # pylint: disable=unused-import
from tls_test import Papers


class Tasks(RpcTest):
    def test_they_are_made_listed_changed_and_cancelled(self):
        spec = {"command": ["echo", "a"]}
        task = self.create(spec=struct_of(spec), labels={"a": "b"}, priority=-3,
                           run_at={"seconds": 4102444800, "nanos": 500000})
        self.assertEqual(plain_of(task["spec"]), spec)
        self.assertEqual((task["state"], task["labels"], task["priority"], task["run_at"]),
                         ("STATE_SCHEDULED", {"a": "b"}, -3,
                          {"seconds": 4102444800, "nanos": 500000}))
        self.assertNotIn("finished_at", task)
        others = self.client.call("Tasks/CreateTasks", {"tasks": [
            {"kind": "command", "spec": struct_of({"command": ["true"]}), "queue": "q"}] * 3})
        ids = [other["id"] for other in others["tasks"]]
        page = self.client.call("Tasks/ListTasks", {"queue": "q", "limit": 2})
        rest = self.client.call("Tasks/ListTasks",
                                {"queue": "q", "limit": 2, "cursor": page["next_cursor"]})
        self.assertEqual(sorted(one["id"] for one in page["tasks"] + rest["tasks"]), sorted(ids))
        self.assertNotIn("next_cursor", rest)
        for other in ({"queue": "r"}, {"queue": "q", "order": "ORDER_OLDEST_FIRST"}):
            wrong = self.refused("INVALID_ARGUMENT", self.client.call(
                "Tasks/ListTasks", {**other, "limit": 2, "cursor": page["next_cursor"]}))
            self.assertIn("cursor was given by another list", wrong["details"])
        patched = self.client.call("Tasks/PatchTask",
                                   {"id": task["id"], "priority": 7, "delay": {"seconds": 0}})
        self.assertEqual((patched["priority"], patched["state"]), (7, "STATE_READY"))
        cancelled = self.client.call("Tasks/CancelTask", {"id": task["id"], "reason": "no need"})
        self.assertEqual(cancelled["state"], "STATE_CANCELLED")
        history = self.client.call("Tasks/GetTaskHistory", {"id": task["id"]})["history"]
        self.assertEqual([entry["happening"] for entry in history],
                         ["HAPPENING_CREATED", "HAPPENING_AMENDED", "HAPPENING_CANCELLED"])
        why = self.client.call("Tasks/ExplainTask", {"id": ids[0]})
        self.assertEqual(why["conditions"][0]["reason"], "CONDITION_REASON_NO_WORKER_FOR_KIND")
        bulk = self.client.call("Tasks/CancelTasks", {"filter": {"queue": "q"}})
        self.assertEqual((bulk["matched"], bulk["changed"]), (3, 3))

    def test_what_is_wrong_is_told(self):
        wrong = self.refused("INVALID_ARGUMENT", self.client.call(
            "Tasks/CreateTask", {"kind": "command", "spec": struct_of({"command": []})}))
        self.assertIn("command", wrong["details"])
        self.assertTrue(wrong["trailing"]["waybill-problem-type"].startswith("urn:waybill:"))
        wrong = self.refused("INVALID_ARGUMENT", self.client.call(
            "Tasks/ListTasks", {"limit": 0}))
        self.assertIn("limit", wrong["details"])
        wrong = self.refused("INVALID_ARGUMENT", self.client.call("Tasks/GetTask", {}))
        self.assertEqual(wrong["details"], "/id: has to be given")
        gone = self.refused("NOT_FOUND", self.client.call(
            "Tasks/GetTask", {"id": "01a21594-5ed2-7000-b9c8-a364aaec8fcb"}))
        self.assertIn("01a21594", gone["details"])
        task = self.create()
        self.refused("FAILED_PRECONDITION", self.client.call("Tasks/RetryTask",
                                                             {"id": task["id"]}))
        wrong = self.refused("FAILED_PRECONDITION", self.client.call(
            "Tasks/RetryTask", {"id": task["id"], "again": True}))
        self.assertIn("without `again`", wrong["details"])

    def test_whole_numbers_that_no_double_holds_are_told_as_text(self):
        made = self.server.post("/v1/tasks", {"kind": "noop", "params": {
            "odd": 2**53 + 1, "even": 2**60, "most": 2**64 - 1, "least": -2**63,
            "small": -7}}).json["task"]
        shown = plain_of(self.client.call("Tasks/GetTask", {"id": made["id"]})["params"])
        doubles = {name: float(shown[name]) for name in ("even", "least", "small")}
        self.assertEqual(doubles, {"even": 2.0**60, "least": -2.0**63, "small": -7.0})
        self.assertEqual((shown["odd"], shown["most"]), (str(2**53 + 1), str(2**64 - 1)))

    def test_a_key_makes_one_task(self):
        message = {"kind": "command", "spec": struct_of({"command": ["true"]})}
        ends = [self.client.begin("Tasks/CreateTask", message,
                                  metadata={"idempotency-key": "order-17"}).end()
                for _ in range(2)]
        self.assertEqual(*[end["messages"][0]["task"]["id"] for end in ends])
        self.assertEqual([end["trailing"].get("idempotent-replayed") for end in ends],
                         [None, "true"])

    def test_a_message_that_is_too_large_is_refused(self):
        spec = struct_of({"command": ["echo", "a" * (9 << 20)]})
        self.refused("RESOURCE_EXHAUSTED", self.client.call(
            "Tasks/CreateTask", {"kind": "command", "spec": spec}))
        self.create()


class Events(RpcTest):
    def test_none_is_missed_over_a_restart(self):
        stream = self.client.begin("Events/StreamEvents", {"after": 0})
        ids = []
        seen = []
        for _ in range(3):
            ids += [self.create()["id"] for _ in range(5)]
            seen.append(stream.next()["task"])
            self.server.restart()
            end = self.refused("UNAVAILABLE", stream.end())
            self.assertIn("call again", end["details"])
            seen += [message["task"] for message in end["messages"]]
            stream = self.client.begin("Events/StreamEvents", {"after": seen[-1]["sequence"]})
        seen += [stream.next()["task"] for _ in range(len(ids) - len(seen))]
        self.assertEqual([event["id"] for event in seen], ids)
        numbers = [event["sequence"] for event in seen]
        self.assertEqual(numbers, sorted(set(numbers)))
        self.assertEqual({event["happening"] for event in seen}, {"HAPPENING_CREATED"})

    def test_progress_comes_beside_them(self):
        self.create()
        task = self.client.call("Workers/ClaimTasks", {"worker": "w"})["tasks"][0]
        stream = self.client.begin("Events/StreamEvents", {"task": task["id"]}).opened()
        self.client.call("Workers/BeatTasks", {"worker": "w", "tasks": [
            {"id": task["id"], "fence": task["fence"], "progress": struct_of({"done": 3})}]})
        told = stream.next()["progress"]
        self.assertEqual((told["id"], plain_of(told["progress"])), (task["id"], {"done": 3}))
        stream.tell("cancel")

    def test_a_hundred_streams_at_once(self):
        streams = [self.client.begin("Events/StreamEvents", {"queue": ["q"]}).opened()
                   for _ in range(100)]
        self.create()
        task = self.create(queue="q")
        for stream in streams:
            self.assertEqual(stream.next()["task"]["id"], task["id"])
            stream.tell("cancel")
        for stream in streams:
            self.refused("CANCELLED", stream.end())
        self.assertEqual(self.state_of(task), "STATE_READY")
        self.assertEqual(self.server.terminate(), 0)


class Server(RpcTest):
    SERVICES = ["Access", "Catalog", "Collections", "Events", "People", "Queues", "Runs",
                "Secrets", "Tasks", "Workers"]

    def test_it_says_that_it_serves_until_it_ends(self):
        watch = self.client.begin("grpc.health.v1.Health/Watch", {"service": "waybill.v1.Tasks"})
        while watch.next()["status"] != "SERVING":
            pass
        for service in ["", *(f"waybill.v1.{name}" for name in self.SERVICES)]:
            health = self.client.call("grpc.health.v1.Health/Check", {"service": service})
            self.assertEqual(health["status"], "SERVING")
        self.assertEqual(self.server.terminate(), 0)
        self.assertEqual({message["status"] for message in watch.end()["messages"]},
                         {"NOT_SERVING"})

    def test_who_knows_only_its_address_calls_it(self):
        listing = self.client.begin("grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
                                    {"list_services": "*"})
        names = {service["name"] for service in listing.next()["list_services_response"]["service"]}
        listing.tell("close")
        self.assertLessEqual({f"waybill.v1.{name}" for name in self.SERVICES}, names)
        task = self.create()
        learned = self.client.learn("waybill.v1.Tasks")
        self.assertEqual(learned["end"], "OK")
        self.assertIn("waybill.v1.Tasks", learned["services"])
        self.assertNotIn("grpc.health.v1.Health", learned["services"])
        self.assertEqual(self.client.call("Tasks/GetTask", {"id": task["id"]})["id"], task["id"])

    def test_it_says_who_asks_and_who_changed_what(self):
        self.assertEqual(self.client.call("People/GetMe", {})["came_by"], "CAME_BY_OPEN")
        self.assertEqual(self.client.call("People/ListLogins", {}).get("providers", []), [])
        self.refused("NOT_FOUND", self.client.call("Queues/PauseQueue", {"name": "nobodys"}))
        self.create(queue="q")
        self.assertEqual(self.client.call("Queues/PauseQueue", {"name": "q"})["paused"], True)
        entry = self.client.call("People/ListAudit", {"operation": "pauseQueue",
                                                   "subject": "q"})["entries"][0]
        self.assertEqual((entry["subject"], entry["outcome"], entry["from"]),
                         ("q", "AUDIT_OUTCOME_DONE", "127.0.0.1"))

    def test_a_token_says_who_may_do_what(self):
        token = self.server.run("token", "create", "--name", "ann", "--role", "viewer").strip()
        self.server.restart()  # it knows of the token at once
        refused = self.refused("UNAUTHENTICATED", self.client.call("Tasks/ListTasks", {}))
        self.assertIn("token", refused["details"])
        stream = self.client.begin("Events/StreamEvents", {})
        self.refused("UNAUTHENTICATED", stream.end())
        self.refused("UNAUTHENTICATED", self.client.call(
            "Tasks/ListTasks", {}, metadata={"authorization": f"Bearer {token[:-1]}0x"}))
        shown = {"authorization": f"Bearer {token}"}
        self.assertEqual(self.client.call("People/GetMe", {}, metadata=shown)["role"],
                         "ROLE_VIEWER")
        self.refused("PERMISSION_DENIED", self.client.call("Queues/PauseQueue", {"name": "q"},
                                                           metadata=shown))
        self.refused("PERMISSION_DENIED", self.client.call("Secrets/ListSecrets", {},
                                                           metadata=shown))

    def test_a_token_makes_another_and_ends_itself(self):
        root = self.server.run("token", "create", "--name", "root", "--role", "admin",
                               "--quiet").strip()
        self.server.restart()
        shown = {"authorization": f"Bearer {root}"}
        made = self.client.call("Access/CreateToken",
                                {"name": "ci", "role": "ROLE_SUBMITTER",
                                 "expires": {"seconds": 3600}}, metadata=shown)
        self.assertEqual((made["token"]["role"], made["token"]["state"]),
                         ("ROLE_SUBMITTER", "TOKEN_STATE_ACTIVE"))
        others = {"authorization": f"Bearer {made['secret']}"}
        self.assertEqual(self.client.call("People/GetMe", {}, metadata=others)["name"], "token:ci")
        self.refused("PERMISSION_DENIED", self.client.call("Access/ListTokens", {},
                                                           metadata=others))
        self.assertEqual(self.client.call("Access/ListSessions", {}, metadata=shown), {})
        gone = self.client.call("Access/RevokeToken", {"token": "root"}, metadata=shown)
        self.assertTrue(gone["current"])
        self.refused("UNAUTHENTICATED", self.client.call("Access/ListTokens", {}, metadata=shown))

    def test_calls_end_with_their_token(self):
        token = self.server.run("token", "create", "--name", "brief", "--role", "worker",
                                "--quiet").strip()
        self.server.restart()
        shown = {"authorization": f"Bearer {token}"}
        calls = [self.client.begin("Events/StreamEvents", {}, metadata=shown),
                 self.client.begin("Workers/StreamClaims", {"worker": "w", "more": 1},
                                   metadata=shown),
                 self.client.begin("Workers/ClaimTasks", {"worker": "v", "wait": {"seconds": 60}},
                                   metadata=shown)]
        for call in calls[:2]:
            call.opened()
        self.server.run("token", "revoke", "brief", "--quiet")
        for call in calls:
            self.assertIn("revoked", self.refused("UNAUTHENTICATED", call.end())["details"])

    def test_who_asks_too_often_is_told_when_to_come_back(self):
        token = self.server.run("token", "create", "--name", "greedy", "--role", "viewer",
                                "--quiet").strip()
        self.server.words = ("--rate-limit", "1", *self.server.words)
        self.server.restart()
        shown = {"authorization": f"Bearer {token}"}
        ends = [self.client.begin("Tasks/ListTasks", {}, metadata=shown).end() for _ in range(30)]
        self.assertEqual(ends[0]["end"], "OK", ends[0])
        sent_away = [end for end in ends if end["end"] == "RESOURCE_EXHAUSTED"]
        self.assertTrue(sent_away, ends)
        self.assertIn("too-many-requests", str(sent_away[0]))
        self.assertIn("retry-after-ms", str(sent_away[0]))

    def test_up_speaks_no_grpc_alone(self):
        ran = subprocess.run(self.server.command("up", "--grpc-listen", "127.0.0.1:0"),
                             env=self.server.environment(), capture_output=True, text=True,
                             timeout=PATIENCE_SECONDS, check=False)
        self.assertEqual(ran.returncode, 2, ran)
        self.assertIn("--grpc-listen: `up` listens only with --listen ADDRESS:PORT", ran.stderr)


class Tls(RpcTest):
    def setUp(self):
        self.papers = Papers()
        self.papers.install(self.papers.make("first", "rsa"))
        self.words = ("--tls-certificate-file", self.papers.certificate, "--tls-key-file",
                      self.papers.key)
        super().setUp()

    def test_it_has_the_certificate_of_the_http_api_and_takes_a_new_one(self):
        # Who does not speak TLS does not come in.
        self.assertIn(self.client.call("Tasks/ListTasks", {}, deadline_ms=500)["end"],
                      ("UNAVAILABLE", "DEADLINE_EXCEEDED"))
        first = self.new_client(self.papers.certificate)
        self.assertEqual(first.call("Tasks/ListTasks", {}).get("tasks", []), [])
        self.papers.install(self.papers.make("second", "ec"))
        give_up = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < give_up:
            second = self.new_client(self.papers.certificate)
            answer = second.call("Tasks/ListTasks", {}, deadline_ms=1000)
            if "end" not in answer:
                break
        self.assertNotIn("end", answer)
        self.assertEqual(first.call("Tasks/ListTasks", {}).get("tasks", []), [])


class Runs(RpcTest):
    def setUp(self):
        self.definitions = tempfile.mkdtemp(prefix="waybill-definitions-")
        self.addCleanup(shutil.rmtree, self.definitions)
        with open(os.path.join(self.definitions, "a.yaml"), "w", encoding="ascii") as file:
            file.write("pipelines:\n  gate:\n    outputs: {by: '${{ steps.ok.outputs.comment }}'}\n"
                       "    steps: {ok: {wait: {approval: {}}}}\n")
        self.words = ("--definitions", self.definitions)
        super().setUp()

    def test_one_is_started_looked_at_and_approved(self):
        pipelines = self.client.call("Runs/ListPipelines", {})["pipelines"]
        self.assertEqual([each["name"] for each in pipelines], ["gate"])
        self.assertEqual(pipelines[0]["steps"][0]["kind"], "wait")
        plan = self.client.call("Runs/PlanRun", {"name": "gate"})
        self.assertEqual([each["path"] for each in plan["steps"]], ["ok"])
        self.refused("NOT_FOUND", self.client.call("Runs/PlanRun", {"name": "gaet"}))
        self.assertEqual(self.client.call("Runs/ListRuns", {}).get("runs", []), [])
        run = self.client.call("Runs/CreateRun", {"pipeline": "gate"})
        self.assertEqual(run["state"], "RUN_STATE_WAITING")
        self.refused("NOT_FOUND", self.client.call("Runs/CreateRun", {"pipeline": "gaet"}))

        def nodes():
            return self.client.call("Runs/ListRunNodes", {"id": run["id"]}).get("nodes")
        node = serving.until(nodes, "it waits for an approval")[0]
        self.assertEqual((node["path"], node["state"]), ("ok", "NODE_STATE_RUNNING"))
        plan = self.client.call("Runs/GetRunPlan", {"id": run["id"]})
        self.assertEqual(plan["steps"][0]["path"], "ok")
        self.client.call("Runs/ApproveRun", {"id": run["id"], "comment": "fine"})

        def ended():
            now = self.client.call("Runs/GetRun", {"id": run["id"]})
            return now if now["state"] == "RUN_STATE_SUCCEEDED" else None
        self.assertEqual(plain_of(serving.until(ended, "it has succeeded")["outputs"]),
                         {"by": "fine"})
        listed = self.client.call("Runs/ListRuns", {"state": ["RUN_STATE_SUCCEEDED"]})["runs"]
        self.assertEqual([each["id"] for each in listed], [run["id"]])
        self.refused("FAILED_PRECONDITION", self.client.call("Runs/CancelRun", {"id": run["id"]}))

    def test_they_are_listed_by_when_they_were_made(self):
        runs = [self.client.call("Runs/CreateRun", {"pipeline": "gate"}) for _ in range(3)]
        first, second, third = (run["id"] for run in runs)
        made = runs[1]["created_at"]
        for query, ids in (({}, [third, second, first]),
                           ({"created_after": made}, [third, second]),
                           ({"created_before": made}, [first]),
                           ({"created_after": made, "created_before": runs[2]["created_at"]},
                            [second]),
                           ({"created_after": {"seconds": 4102444800}}, [])):
            listed = self.client.call("Runs/ListRuns", query).get("runs", [])
            self.assertEqual([each["id"] for each in listed], ids, query)
        page = self.client.call("Runs/ListRuns", {"created_after": made, "limit": 1})
        self.assertEqual([each["id"] for each in page["runs"]], [third])
        rest = self.client.call("Runs/ListRuns", {"created_after": made, "limit": 1,
                                                  "cursor": page["next_cursor"]})
        self.assertEqual([each["id"] for each in rest["runs"]], [second])
        wrong = self.refused("INVALID_ARGUMENT", self.client.call(
            "Runs/ListRuns", {"created_before": made, "cursor": page["next_cursor"]}))
        self.assertIn("cursor was given by another list", wrong["details"])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--waybill", required=True, help="the program that is tested")
    parser.add_argument("--schemas", required=True, help="schemas/")
    parser.add_argument("--directory", required=True, help="where the client is installed")
    _, rest = parser.parse_known_args(namespace=OPTIONS)
    serving.WAYBILL[0] = os.path.abspath(OPTIONS.waybill)
    npm_packages.install(os.path.join(HERE, "npm"), OPTIONS.directory, "@grpc/grpc-js")
    unittest.main(argv=[sys.argv[0], *rest])


if __name__ == "__main__":
    main()
