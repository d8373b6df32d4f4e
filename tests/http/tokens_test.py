#!/usr/bin/env python3
"""Who may do what over HTTP, once there is a token."""

import os
import uuid

import serving
from serving import ServedTest, Serving

ROLES = ("viewer", "submitter", "worker", "operator", "admin")
DEFINITIONS = "tasks: {greet: {command: [echo, hello]}}\n"


class TokensTest(ServedTest):
    @classmethod
    def setUpClass(cls):
        folder = serving.tempfile.mkdtemp(prefix="waybill-http-")
        cls.addClassCleanup(serving.shutil.rmtree, folder)
        with open(os.path.join(folder, "all.yaml"), "w", encoding="utf-8") as file:
            file.write(DEFINITIONS)
        cls.serving = Serving("--definitions", folder)
        cls.serving.run("schedule", "add", "nightly", "@daily", "--kind", "noop")
        cls.addClassCleanup(cls.serving.close)
        cls.tokens = {role: cls.make(role, role) for role in ROLES}
        serving.until(lambda: cls.serving.get("/v1/queues").status == 401, "tokens are asked for")

    @classmethod
    def make(cls, name, role):
        return cls.serving.run("token", "create", "--name", name, "--role", role,
                               "--quiet").strip()

    def call(self, role, method, target, body=None, **headers):
        return self.serving.call(method, target, body, token=self.tokens[role], **headers)

    def test_each_role_may_do_what_it_may_and_nothing_else(self):
        task = self.call("admin", "POST", "/v1/tasks", {"definition": "greet"}).json["task"]
        one = f"/v1/tasks/{task['id']}"
        chunk = {"fence": 1, "chunks": [{"stream": "stdout", "text": "x"}]}
        finish = {"tasks": [{"id": task["id"], "fence": 9, "outcome": "succeeded"}]}
        beat = {"worker": "w", "tasks": [{"id": task["id"], "fence": 9}]}
        bulk = {"filter": {"queue": "none"}}
        read, submit = set(ROLES), {"submitter", "operator", "admin"}
        work, operate = {"worker", "admin"}, {"operator", "admin"}
        for may, method, target, body in (
                (read, "GET", "/v1/tasks", None), (read, "GET", one, None),
                (read, "GET", one + "/logs", None), (read, "GET", one + "/history", None),
                (read, "GET", "/v1/queues", None), (read, "GET", "/v1/definitions", None),
                (read, "HEAD", "/v1/events", None), (read, "GET", "/v1/workers", None),
                (submit, "POST", "/v1/tasks", {"definition": "greet"}),
                (work, "POST", "/v1/claims", {"worker": "w", "queues": ["none"]}),
                (work, "POST", "/v1/beats", beat), (work, "POST", "/v1/finishes", finish),
                (work, "POST", one + "/logs", chunk),
                (work, "POST", one + "/secrets", {"worker": "w", "fence": 9}),
                (operate, "POST", "/v1/bulk/cancel", bulk),
                (operate, "POST", "/v1/bulk/retry", bulk),
                (read, "GET", "/v1/schedules/nightly", None),
                (operate, "POST", "/v1/schedules/nightly/pause", {}),
                (operate, "POST", "/v1/schedules/nightly/resume", {}),
                (operate, "POST", "/v1/schedules/nightly/run", {}),
                (operate, "POST", "/v1/queues/default/pause", {}),
                (operate, "POST", "/v1/queues/default/resume", {})):
            for role in ROLES:
                answer = self.call(role, method, target, body)
                if role in may:
                    self.assertIn(answer.status, (200, 201, 204, 409), (role, method, target))
                else:
                    self.assertEqual(answer.status, 403, (role, method, target, answer))
                    self.assertEqual(answer.json["type"], "urn:waybill:problem:forbidden")

    def test_a_submitter_ends_its_own_tasks_only(self):
        for maker, status in (("submitter", 200), ("admin", 403)):
            task = self.call(maker, "POST", "/v1/tasks", {"definition": "greet"}).json["task"]
            self.assertEqual(task["created_by"], f"token:{maker}")
            for what in ("cancel", "retry"):
                target = f"/v1/tasks/{task['id']}/{what}"
                self.expect(status, self.call("submitter", "POST", target, {}))
                for role in ("viewer", "worker"):
                    self.expect(403, self.call(role, "POST", target, {}))

    def test_two_callers_may_have_the_same_key(self):
        key = str(uuid.uuid4())
        made = [self.call(role, "POST", "/v1/tasks", {"definition": "greet"}, Idempotency_Key=key)
                for role in ("submitter", "operator")]
        self.assertNotEqual(*(answer.json["task"]["id"] for answer in made))

    def test_who_is_not_known_is_told_how_to_say_it(self):
        good = self.tokens["viewer"]
        other = good[:-1] + ("0" if good[-1] != "0" else "1")
        for header in (None, "Basic YTpi", f"Bearer {other}", "Bearer", "Bearer ", "Bearer x",
                       f"Bearer {good}x", f"Bearer {good[:-1]}", f"Token {good}",
                       f"Bearer {good.upper()}", "Bearer wb_", "Bearer " + "x" * 5000):
            given = {} if header is None else {"Authorization": header}
            answer = self.serving.call("GET", "/v1/queues", **given)
            self.expect(401, answer)
            self.assertTrue(answer.headers["WWW-Authenticate"].startswith("Bearer"), header)
        for scheme in ("Bearer", "bearer", "BEARER"):
            answer = self.serving.get("/v1/queues", Authorization=f"{scheme} {good}")
            self.expect(200, answer)

    def test_with_tokens_any_name_and_page_may_ask(self):
        for headers in ({"Host": "waybill.example"}, {"Origin": "http://page.example"}):
            self.expect(200, self.call("viewer", "GET", "/v1/queues", **headers))

    def test_what_is_open_to_all_stays_so(self):
        for target in ("/healthz", "/metrics", "/v1/openapi.json"):
            self.assertEqual(self.serving.get(target).status, 200)

    def test_one_that_is_revoked_is_worthless_within_seconds(self):
        token = self.make("brief", "viewer")
        check = lambda: self.serving.call("GET", "/v1/queues", token=token).status
        self.serving.restart()  # it knows of the token at once
        self.assertEqual(check(), 200)
        self.serving.run("token", "revoke", token.split("_")[1], "--quiet")
        began = serving.time.monotonic()
        serving.until(lambda: check() == 401, "it is revoked")
        self.assertLess(serving.time.monotonic() - began, 10)

    def files(self):
        """All that the server has written, its log too."""
        kept = b""
        for folder, _, names in os.walk(self.serving.top):
            for name in names:
                with open(os.path.join(folder, name), "rb") as file:
                    kept += file.read()
        return kept

    def test_one_made_over_the_api_is_good_at_once_and_kept_by_nobody(self):
        body = {"name": "over-the-api", "role": "submitter", "expires": "1h"}
        key = {"Idempotency-Key": "make-it-once"}
        made = self.call("admin", "POST", "/v1/tokens", body, **key)
        self.expect(201, made)
        secret = made.json["secret"]
        self.expect(200, self.serving.call("GET", "/v1/me", token=secret))
        self.serving.restart()  # the first answer comes from the ledger then
        again = self.call("admin", "POST", "/v1/tokens", body, **key)
        self.assertEqual((again.status, again.json["secret"], again.json["token"]["id"]),
                         (201, None, made.json["token"]["id"]))
        kept = self.files()
        self.assertIn(b"over-the-api", kept)
        self.assertNotIn(secret[12:].encode(), kept)
        self.assertNotIn(bytes.fromhex(secret[12:]), kept)
        gone = self.call("admin", "DELETE", f"/v1/tokens/{secret}")
        self.assertEqual((self.expect(200, gone)["state"], gone.json["current"]),
                         ("revoked", False))
        self.expect(401, self.serving.call("GET", "/v1/me", token=secret))
        self.assertNotIn(secret[12:].encode(), self.files(), "the log names it by its id")
        audit = self.call("admin", "GET", "/v1/audit?operation=revokeToken").json["entries"]
        self.assertEqual(audit[0]["subject"], f"over-the-api ({secret[3:11]})")

    def test_the_token_in_use_may_be_revoked_and_that_is_said(self):
        made = self.call("admin", "POST", "/v1/tokens", {"name": "brief", "role": "admin"}).json
        gone = self.serving.call("DELETE", "/v1/tokens/brief", token=made["secret"])
        self.assertTrue(self.expect(200, gone)["current"])
        refused = self.serving.call("GET", "/v1/tokens", token=made["secret"])
        self.assertIn("was revoked", self.expect(401, refused)["detail"])

    def test_a_body_of_somebody_unknown_is_not_looked_at(self):
        self.expect(401, self.serving.post("/v1/tasks", b"{"))
        self.expect(403, self.call("viewer", "POST", "/v1/tasks", b"{"))


if __name__ == "__main__":
    serving.main()
