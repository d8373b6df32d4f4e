#!/usr/bin/env python3
"""Who may start, cancel, retry and have run what, by what GitHub's stand-in says."""

import base64
import json
import os

from place import Browser, LoginServing, serving
from github import Github, github_stand_in

PEOPLE = [{"match": {"provider": "github", "login": "carl"}, "role": "admin"}]
DEFINITIONS = {
    "tasks": {
        "deploy": {"command": ["true"], "who_may": {"github": {"repository": "acme/site"}}},
        "review": {"command": ["true"], "who_may": {
            "github": {"repository": "acme/site", "permission": "maintain"},
            "people": ["github:bob"], "role": "admin"}},
        "build": {"command": ["true"], "who_may": {
            "github": {"repository": "${params.repo}", "permission": "write"}}},
        "free": {"command": ["true"]}},
    "queues": {"site": {"who_may": {"github": {"repository": "acme/site"}}}}}


class Ruled(serving.ServedTest):
    rules = {"kept": "0s", "refused_kept": "0s", "before_run": "0s"}
    github_words, provider, words_of_key = (), {}, ("--secret-key-file", "key")

    @classmethod
    def setUpClass(cls):
        cls.github = Github(*cls.github_words)
        cls.addClassCleanup(cls.github.close)
        cls.serving = LoginServing()
        cls.addClassCleanup(cls.serving.close)
        os.mkdir(os.path.join(cls.serving.top, "definitions"))
        cls.serving.write("definitions/all.yaml", json.dumps(DEFINITIONS))
        cls.serving.write("secret", github_stand_in.CLIENT[1])
        cls.serving.write("token", "of-the-server\n")
        login = {**cls.github.login_file(PEOPLE), "default_role": "submitter", "rules": cls.rules}
        login["providers"][0].update(cls.provider)
        with open(os.path.join(cls.serving.top, "key"), "wb") as key:
            key.write(base64.b64encode(os.urandom(32)))
        cls.serving.let_in(login, "--definitions", "definitions", *cls.words_of_key)
        cls.worker = cls.serving.run("token", "create", "--name", "w", "--role", "worker",
                                     "--quiet").strip()
        cls.admin = cls.serving.run("token", "create", "--name", "a", "--role", "admin",
                                    "--quiet").strip()
        serving.until(lambda: cls.serving.call("GET", "/v1/me", token=cls.admin).status == 200,
                      "tokens are known")

    def setUp(self):
        super().setUp()
        self.state(site={"ann": "write", "bob": "read", "carl": "admin"})

    def state(self, site=None, other=None, **state):
        permissions = {"acme/site": site or {}, "acme/other": other or {},
                       f"acme/{self.queue}": site or {}}
        self.github.control(permissions=permissions, private=state.get("private", []),
                            failing=state.get("failing", 0), limited=state.get("limited", False))

    def browser(self, login):
        self.github.control(login=login)
        browser = Browser(self.serving)
        self.assertEqual(browser.log_in("github").status, 302)
        return browser

    def start(self, browser, definition="deploy", **members):
        return browser.post("/v1/tasks", {"definition": definition, "queue": self.queue, **members})

    def started(self, browser, definition="deploy", **members):
        return self.expect(201, self.start(browser, definition, **members))["task"]

    def claimed(self, **members):
        answer = self.serving.post("/v1/claims", {"worker": "w", "queues": [self.queue], **members},
                                   token=self.worker)
        return [task["id"] for task in self.expect(200, answer)["tasks"]]

    def task(self, task):
        return self.expect(200, self.serving.call("GET", f"/v1/tasks/{task['id']}",
                                                  token=self.admin))


class RulesTest(Ruled):
    def test_who_may_write_starts_cancels_and_retries(self):
        ann = self.browser("ann")
        task = self.started(ann)
        self.assertEqual(task["created_by"], "github:ann")
        for what in ("cancel", "retry"):
            self.expect(200, ann.post(f"/v1/tasks/{task['id']}/{what}", {}))
        self.assertEqual(self.claimed(), [task["id"]])

    def test_who_may_not_is_told_why(self):
        bob = self.browser("bob")
        problem = self.expect(403, self.start(bob))
        self.assertEqual(problem["detail"], "you may not: it takes write on acme/site; you have "
                                            "read on acme/site, seen just now")
        # Of many all or none.
        answer = bob.post("/v1/tasks", {"tasks": [
            {"definition": "free", "queue": self.queue},
            {"definition": "deploy", "queue": self.queue}]})
        self.assertIn("/tasks/1: you may not", self.expect(403, answer)["detail"])
        self.assertEqual(self.claimed(), [])

    def test_neither_role_nor_token_gets_around_a_rule(self):
        self.state(site={"ann": "write"})
        carl = self.browser("carl")
        self.assertEqual(carl.get("/v1/me").json["role"], "admin")
        self.expect(403, self.start(carl))
        answer = self.serving.post("/v1/tasks", {"definition": "deploy", "queue": self.queue},
                                   token=self.admin)
        self.assertIn("token:a", self.expect(403, answer)["detail"])
        task = self.started(self.browser("ann"))
        for who in (lambda path: carl.post(path, {}),
                    lambda path: self.serving.post(path, {}, token=self.admin)):
            self.expect(403, who(f"/v1/tasks/{task['id']}/cancel"))
            self.expect(403, who(f"/v1/tasks/{task['id']}/retry"))
        bulk = {"filter": {"queue": self.queue}}
        result = self.expect(200, self.serving.post("/v1/bulk/cancel", bulk, token=self.admin))
        self.assertEqual((result["changed"], len(result["failed"])), (0, 1))
        self.assertEqual(result["failed"][0]["problem"]["status"], 403)
        self.assertEqual(self.task(task)["state"], "ready")

    def test_a_rule_may_name_people_and_a_role(self):
        for login in ("bob", "carl"):
            self.started(self.browser(login), "review")
        self.expect(403, self.start(self.browser("ann"), "review"))
        self.state(site={"ann": "maintain"})
        self.started(self.browser("ann"), "review")

    def test_the_rule_of_a_queue_counts_too(self):
        bob = self.browser("bob")
        self.expect(403, bob.post("/v1/tasks", {"definition": "free", "queue": "site"}))
        self.started(bob, "free")
        self.expect(201, self.browser("ann").post("/v1/tasks",
                                                  {"definition": "free", "queue": "site"}))

    def test_the_repository_may_come_from_the_params(self):
        self.state(site={"ann": "write"}, other={"ann": "read"})
        ann = self.browser("ann")
        self.started(ann, "build", params={"repo": "acme/site"})
        for params in ({"repo": "acme/other"}, {}, {"repo": 7}, {"repo": "acme/site/../../user"}):
            self.expect(403, self.start(ann, "build", params=params))

    def test_what_the_token_cannot_see_is_not_known(self):
        ann = self.browser("ann")
        own = f"acme/{self.queue}"
        answer = self.start(ann, "build", params={"repo": "acme/none"})
        self.assertIn("it is not known whether you may", self.expect(503, answer)["detail"])
        self.assertIn("Retry-After", answer.headers)
        # Out of sight, a task waits; it is not failed.
        task = self.started(ann, "build", params={"repo": own})
        self.state(site={"ann": "none", "carl": "none"}, private=[own])
        self.assertEqual(self.claimed(), [])
        self.assertEqual(self.task(task)["state"], "scheduled")

    def test_it_is_asked_again_before_a_task_runs(self):
        ann = self.browser("ann")
        task = self.started(ann)
        self.state(site={"ann": "read"})
        self.assertEqual(self.claimed(), [])
        failed = self.task(task)
        self.assertEqual(failed["state"], "failed")
        self.assertIn("not run: github:ann may not", failed["error"])
        # Somebody who may can have it run all the same: who retries answers for it.
        self.state(site={"ann": "read", "carl": "write"})
        self.expect(200, self.browser("carl").post(f"/v1/tasks/{task['id']}/retry", {}))
        self.assertEqual(self.claimed(), [task["id"]])

    def test_where_github_does_not_answer_nothing_starts_and_what_waits_is_put_off(self):
        ann = self.browser("ann")
        params = {"params": {"repo": f"acme/{self.queue}"}}
        task = self.started(ann, "build", **params)
        self.state(failing=500)
        self.assertEqual(self.claimed(), [])
        put_off = self.task(task)
        self.assertEqual((put_off["state"], put_off["failures"]), ("scheduled", 0))
        why = self.expect(200, ann.get(f"/v1/tasks/{task['id']}/why"))["conditions"]
        unknown = [one["sentence"] for one in why if one["reason"] == "permission_unknown"]
        self.assertIn("it is not known whether github:ann may", unknown[0])
        answer = self.start(ann, "build", **params)
        self.expect(503, answer)
        self.assertIn("Retry-After", answer.headers)
        # Left alone for as long as it wants, it is not asked.
        self.state()
        carl = self.browser("carl")
        self.state(limited=True)
        self.expect(503, self.start(carl, "build", **params))
        before = self.github.asked()
        self.expect(503, self.start(carl, "build", **params))
        self.assertEqual(self.github.asked(), before)

    def test_why_says_who_may(self):
        ann, bob = self.browser("ann"), self.browser("bob")
        task = self.started(ann)
        self.assertEqual(self.why(ann, task)["reason"], "allowed")
        self.assertRegex(self.why(ann, task)["sentence"],
                         r"^you may: you have write on acme/site, seen (just now|\d+s ago)$")
        self.assertEqual(self.why(bob, task)["reason"], "not_allowed")
        may = self.expect(200, ann.get("/v1/definitions/deploy"))["may"]
        self.assertEqual((may["start"], may["because"][:8]), (True, "you may:"))
        self.assertIs(bob.get("/v1/definitions/deploy").json["may"]["start"], False)
        self.assertIsNone(bob.get("/v1/definitions/build").json["may"]["start"])
        self.assertIsNone(bob.get("/v1/definitions/free").json["may"])

    def why(self, browser, task):
        return self.expect(200, browser.get(f"/v1/tasks/{task['id']}/why"))["conditions"][-1]

    def test_a_worker_on_the_same_files_asks_too(self):
        ann = self.browser("ann")
        refused, allowed = self.started(ann), self.started(ann, "free")
        self.state(site={"ann": "read"})
        self.serving.run("worker", "--until-idle", "--queues", self.queue, *self.serving.words)
        self.assertEqual([self.task(one)["state"] for one in (refused, allowed)],
                         ["failed", "succeeded"])


class ServerTokenTest(RulesTest):
    """The same with a token of the server's own."""

    github_words, provider, words_of_key = ("--token", "of-the-server"), {
        "api_token_file": "token"}, ()

    def state(self, site=None, other=None, **state):
        give = lambda known: {"carl": "write", **(known or {})}
        super().state(give(site), give(other), **state)

    def test_neither_role_nor_token_gets_around_a_rule(self):
        answer = self.serving.post("/v1/tasks", {"definition": "deploy", "queue": self.queue},
                                   token=self.admin)
        self.assertIn("token:a", self.expect(403, answer)["detail"])


class KeptTest(Ruled):
    """What is known is kept for some time."""

    rules = {"kept": "5m", "refused_kept": "1m", "before_run": "10s"}

    def test_it_is_not_asked_again(self):
        ann, bob = self.browser("ann"), self.browser("bob")
        self.started(ann)
        self.expect(403, self.start(bob))
        before = self.github.asked()
        for _ in range(5):
            self.started(ann)
            self.expect(403, self.start(bob))
        self.assertEqual(len(self.claimed(limit=10)), 6)
        self.assertEqual(self.github.asked(), before)

    def test_how_rules_ask_counts_without_a_restart(self):
        ann = self.browser("ann")
        self.started(ann)
        self.state(site={"ann": "read"})
        self.started(ann)
        login = {**self.github.login_file(PEOPLE), "default_role": "submitter",
                 "rules": {**self.rules, "kept": "0s"}}
        self.serving.write("login.yaml", json.dumps(login))
        serving.until(lambda: self.start(ann).status == 403, "the new file counts")
        self.serving.write("login.yaml", json.dumps({**login, "rules": self.rules}))
        self.state(site={"ann": "write"})
        serving.until(lambda: self.start(ann).status == 201, "the old one again")


if __name__ == "__main__":
    serving.main()
