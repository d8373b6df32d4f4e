#!/usr/bin/env python3
"""Webhooks of a real server, told to a real receiver: each change at least once, signed, also over
kill -9 and a receiver that fails; and nothing to addresses that it must not reach."""

import base64
import hashlib
import hmac
import http.server
import json
import os
import random
import threading
import unittest

import serving
from serving import Serving, until

ROUNDS = 5
KILLS = (2,)  # after which it takes 20 s until the webhook is held no more
TASKS = 20


class Receiver:
    """Takes messages, or fails as `answer` says."""

    def __init__(self):
        self.taken, self.refused, self.lock = [], [], threading.Lock()
        self.answer = lambda headers: 204
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):  # pylint: disable=invalid-name
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status = receiver.answer(self.headers)
                with receiver.lock:
                    (receiver.taken if status < 300 else receiver.refused).append(
                        (dict(self.headers.items()), body))
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.handle_error = lambda *_: None  # of connections whose server was killed
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}/hook"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def events(self):
        with self.lock:
            return [json.loads(body) for _, body in self.taken]

    def count(self):
        with self.lock:
            return len(self.taken) + len(self.refused)

    def subjects(self):
        return [event.get("subject") for event in self.events()]

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class WebhooksTest(unittest.TestCase):
    def setUp(self):
        self.receiver = Receiver()
        self.addCleanup(self.receiver.close)
        self.key = os.urandom(32)
        self.secret = "whsec_" + base64.b64encode(self.key).decode()

    def serve(self, *words):
        server = Serving(*words, environment={
            "WAYBILL_SECRET_KEY": base64.b64encode(os.urandom(32)).decode()})
        self.addCleanup(server.close)
        put = server.call("PUT", "/v1/secrets/key", {"value": self.secret})
        self.assertEqual(put.status, 201, put)
        return server

    def hook(self, server, name="ci", **members):
        body = {"url": self.receiver.url, "secrets": ["key"], **members}
        return server.call("PUT", f"/v1/webhooks/{name}", body)

    @staticmethod
    def cancelled_task(server):
        task = server.post("/v1/tasks", {"kind": "command",
                                         "spec": {"command": ["true"]}}).json["task"]["id"]
        assert server.post(f"/v1/tasks/{task}/cancel", {}).status == 200
        return task

    def test_a_change_is_told_signed_and_once(self):
        server = self.serve("--webhook-networks", "127.0.0.0/8")
        before = self.cancelled_task(server)
        self.assertEqual(self.hook(server).status, 201)
        task = self.cancelled_task(server)
        until(self.receiver.subjects, "a message")
        headers, body = self.receiver.taken[0]
        self.assertEqual(headers["Content-Type"], "application/cloudevents+json; charset=utf-8")
        content = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        self.assertEqual(headers["webhook-signature"], "v1," + base64.b64encode(
            hmac.new(self.key, content, hashlib.sha256).digest()).decode())
        event = json.loads(body)
        self.assertEqual((event["type"], event["subject"]), ("waybill.task.cancelled", task))
        self.assertEqual(event["data"]["task"]["state"], "cancelled")
        self.assertNotIn("params", event["data"]["task"])
        other = self.cancelled_task(server)
        until(lambda: len(self.receiver.events()) == 2, "the next")
        self.assertEqual(self.receiver.subjects(), [task, other])
        self.assertNotIn(before, self.receiver.subjects(), "what changed before it was added")
        until(lambda: server.metric("waybill_webhook_delivered_total") == 2, "the metric")

    def test_nothing_is_missed_over_kills_and_failures(self):
        server = self.serve("--webhook-networks", "127.0.0.0/8")
        self.assertEqual(self.hook(server).status, 201)
        chance = random.Random(1)
        failed = set()

        def answer(headers):
            # Each at most once: after a second failure a message waits for five minutes.
            message = headers["webhook-id"]
            if message in failed or chance.random() >= 0.1:
                return 200
            failed.add(message)
            return 500
        self.receiver.answer = answer
        tasks = []
        for index in range(ROUNDS):
            before = self.receiver.count()
            tasks += [self.cancelled_task(server) for _ in range(TASKS)]
            told = chance.randrange(TASKS)

            def some_are_sent(least=before + told):
                # After a failure it is left alone; nothing but time would tell when it goes on.
                server.post("/v1/webhooks/ci/resume", {})
                return self.receiver.count() >= least
            until(some_are_sent, "some are sent", 20 + serving.PATIENCE_SECONDS)
            if index in KILLS:
                server.kill()
                server.start()
            else:
                server.restart()
        self.receiver.answer = lambda headers: 200

        def all_told():
            server.post("/v1/webhooks/ci/resume", {})
            return set(self.receiver.subjects()) >= set(tasks)
        until(all_told, "every change", 20 + serving.PATIENCE_SECONDS)
        self.assertTrue(failed, "some have failed")
        bodies = {}
        for headers, body in self.receiver.taken + self.receiver.refused:
            bodies.setdefault(headers["webhook-id"], set()).add(json.loads(body)["subject"])
        self.assertEqual(len(bodies), len(tasks))
        self.assertTrue(all(len(subjects) == 1 for subjects in bodies.values()))

    def test_a_server_reaches_no_address_that_it_must_not(self):
        server = self.serve()
        refused = self.hook(server)
        self.assertEqual(refused.status, 400, refused)
        self.assertIn("--webhook-networks", refused.json["detail"])
        refused = self.hook(server, url=f"https://127.0.0.1:{self.receiver.port}/")
        self.assertIn("127.0.0.1 is an address that webhooks must not reach",
                      refused.json["detail"])
        for host in ("localhost", "0x7f.1", "2130706433", "127.1"):
            put = self.hook(server, url=f"https://{host}:{self.receiver.port}/")
            self.assertIn(put.status, (200, 201), put)
            tried = server.post("/v1/webhooks/ci/test", {}).json
            self.assertFalse(tried["delivered"], host)
            self.assertRegex(tried["error"], r"it is at (127\.0\.0\.1|::1), which is not allowed")
        self.assertEqual(self.receiver.taken + self.receiver.refused, [])

    def test_it_is_paused_listed_replayed_and_removed(self):
        server = self.serve("--webhook-networks", "127.0.0.0/8")
        self.hook(server)
        self.assertEqual(server.post("/v1/webhooks/ci/pause", {}).json["state"], "paused")
        task = self.cancelled_task(server)
        self.assertEqual(self.receiver.events(), [])
        self.receiver.answer = lambda headers: 503
        self.assertEqual(server.post("/v1/webhooks/ci/resume", {}).json["state"], "active")
        waiting = until(lambda: server.get("/v1/webhooks/ci/deliveries").json["deliveries"],
                        "a failure")
        self.assertEqual([(one["attempts"], one["status"]) for one in waiting], [(1, 503)])
        hook = server.get("/v1/webhooks/ci").json
        self.assertEqual((hook["failures"], hook["error"]), (1, "it answered 503"))
        self.assertEqual(server.post("/v1/webhooks/ci/replay", {}).json, {"replayed": 0})
        self.receiver.answer = lambda headers: 200
        until(self.receiver.subjects, "the second attempt, after five seconds")
        self.assertEqual(self.receiver.subjects(), [task])
        self.assertEqual(server.call("DELETE", "/v1/webhooks/ci").status, 204)
        self.assertEqual(server.get("/v1/webhooks").json, {"webhooks": []})
        self.assertEqual(server.get("/v1/webhooks/ci").status, 404)

    def test_only_admins_see_or_change_them(self):
        server = self.serve("--webhook-networks", "127.0.0.0/8")
        self.assertEqual(self.hook(server).status, 201)
        tokens = {role: json.loads(server.run("token", "create", "--name", role, "--role", role,
                                              "--json"))["token"] for role in ("operator", "admin")}
        until(lambda: server.get("/v1/webhooks").status == 401, "the tokens are seen")
        for method, target in (("GET", ""), ("GET", "/ci"), ("GET", "/ci/deliveries"),
                               ("PUT", "/ci"), ("DELETE", "/ci"), ("POST", "/ci/pause"),
                               ("POST", "/ci/resume"), ("POST", "/ci/replay"),
                               ("POST", "/ci/test")):
            body = {"url": "https://x.example", "secrets": ["key"]} if method == "PUT" else None
            if method == "POST":
                body = {}
            answer = server.call(method, f"/v1/webhooks{target}", body, token=tokens["operator"])
            self.assertEqual(answer.status, 403, (method, target, answer))
        hooks = server.call("GET", "/v1/webhooks", token=tokens["admin"]).json["webhooks"]
        self.assertEqual([hook["url"] for hook in hooks], [self.receiver.url])

    def test_its_secret_has_to_be_there_and_a_key(self):
        server = self.serve("--webhook-networks", "127.0.0.0/8")
        put = self.hook(server, secrets=["other"])
        self.assertEqual((put.status, put.json["type"]), (409, "urn:waybill:problem:conflict"))
        self.assertIn('there is no secret "other"', put.json["detail"])
        server.call("PUT", "/v1/secrets/other", {"value": "hunter2"})
        put = self.hook(server, secrets=["other"])
        self.assertEqual(put.status, 409, put)
        self.assertIn("whsec_", put.json["detail"])
        self.assertNotIn("hunter2", put.body.decode())

    def test_the_command_line_adds_one_and_shows_its_secret_once(self):
        server = self.serve("--webhook-networks", "127.0.0.0/8")
        networks = ("--webhook-networks", "127.0.0.0/8")
        with self.assertRaisesRegex(AssertionError, "--webhook-networks"):
            server.run("webhook", "add", "cli", "--url", self.receiver.url)
        self.assertNotIn("webhook-cli", server.run("secret", "list"), "made, and shown to nobody")
        added = json.loads(server.run("webhook", "add", "cli", "--url", self.receiver.url,
                                      "--state", "cancelled", "--json", *networks))
        self.assertRegex(added["secret"], "^whsec_")
        self.key = base64.b64decode(added["secret"][len("whsec_"):])
        self.assertIn("was taken", server.run("webhook", "test", "cli", *networks)
                      + server.stderr)
        task = self.cancelled_task(server)
        until(lambda: task in self.receiver.subjects(), "a message")
        headers, body = self.receiver.taken[-1]
        content = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        self.assertIn(base64.b64encode(hmac.new(self.key, content, hashlib.sha256).digest())
                      .decode(), headers["webhook-signature"])
        again = json.loads(server.run("webhook", "add", "cli", "--url", self.receiver.url, "--json",
                                      *networks))
        self.assertEqual((again["created"], again["secret"]), (False, None))
        server.run("webhook", "add", "signed", "--url", self.receiver.url, "--secret", "key",
                   *networks)
        kept = json.loads(server.run("webhook", "add", "signed", "--url", self.receiver.url,
                                     "--state", "failed", "--json", *networks))
        self.assertEqual((kept["secret_name"], kept["secret"]), ("key", None),
                         "who checks the signatures goes on")
        server.run("webhook", "remove", "signed")
        self.assertIn("cli", server.run("webhook", "list"))
        self.assertIn("told of", server.run("webhook", "show", "cli"))
        for verb in ("pause", "resume", "replay", "remove"):
            server.run("webhook", verb, "cli")
        audit = [entry["operation"] for entry in server.get("/v1/audit").json["entries"]]
        for verb in ("add", "pause", "resume", "replay", "remove"):
            self.assertIn(f"webhook {verb}", audit)
        self.assertIn("secret set", audit)


if __name__ == "__main__":
    serving.main()
