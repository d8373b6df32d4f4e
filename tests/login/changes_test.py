#!/usr/bin/env python3
"""Logins leave rows in the audit log, and what changes about them counts while the server runs."""

import json
import time

from github import Github, github_stand_in
from place import Browser, LoginServing, serving
from serving import Events

ANN = {"match": {"provider": "github", "login": "ann"}, "role": "admin"}
BOB = {"match": {"provider": "github", "login": "bob"}, "role": "viewer"}
NOBODY = {"match": {"provider": "github", "login": "bob"}, "role": "none"}
SOON_SECONDS = 15


class ChangesTest(serving.ServedTest):
    @classmethod
    def setUpClass(cls):
        cls.github = Github()
        cls.addClassCleanup(cls.github.close)
        cls.serving = LoginServing()
        cls.addClassCleanup(cls.serving.close)
        cls.serving.write("secret", github_stand_in.CLIENT[1] + "\n")
        cls.serving.write("wrong-secret", "x")

    def setUp(self):
        super().setUp()
        self.serving.let_in(self.github.login_file([ANN, BOB]))

    def log_in(self, login):
        self.github.control(login=login, failing=0, limited=False)
        browser = Browser(self.serving)
        return browser, browser.log_in("github")

    def change(self, people, secret="secret"):
        self.serving.write("login.yaml", json.dumps(self.github.login_file(people, secret)))

    def rows(self):
        """Of logins, the oldest first: who, outcome, count and reason."""
        listed = json.loads(self.serving.run("audit", "list", "--operation", "completeLogin",
                                             "--json"))["entries"]
        for row in listed:
            self.assertEqual((row["from"], row["subject"]), ("127.0.0.1", "github"), row)
        return [(row["who"], row["outcome"], row["count"], row["reason"] or "")
                for row in reversed(listed)]

    def streamed(self, browser):
        """A stream of events that this browser has open."""
        cookies = browser.cookies["waybill.test"].items()
        events = Events(self.serving, "/v1/events",
                        {"Cookie": "; ".join(f"{name}={value}" for name, value in cookies)})
        self.addCleanup(events.close)
        return events

    def ends_soon(self, events):
        began = time.monotonic()
        self.assertIsNone(events.next())
        self.assertLess(time.monotonic() - began, SOON_SECONDS)

    def test_logins_leave_rows(self):
        before = len(self.rows())
        self.log_in("ann")
        for _ in range(20):
            self.assertEqual(self.log_in("carl")[1].status, 403)
        self.expect(400, Browser(self.serving).get("/login/github/callback?code=x&state=y"))
        self.expect(404, Browser(self.serving).get("/login/gitlab/callback?code=x&state=y"))
        rows = serving.until(lambda: len(self.rows()) >= before + 3 and self.rows()[before:],
                             "they are written")
        self.assertEqual(rows[0], ("github:ann", "done", 1, ""))
        self.assertEqual(rows[1][:3], ("github:carl", "refused", 1))
        self.assertIn("no rule", rows[1][3])
        self.assertEqual(rows[2], ("unknown", "failed", 1, "invalid"))
        self.assertEqual(len(rows), 3, "the others that were refused wait for their minute")
        self.serving.restart()  # which ends it
        self.assertEqual([row[:3] for row in self.rows()[before + 3:]],
                         [("github:carl", "refused", 19)])

    def test_refusals_at_the_api_do_not_fill_the_log(self):
        browser, _ = self.log_in("bob")
        for _ in range(50):
            self.expect(403, browser.post("/v1/queues/q/pause", {}))
        self.serving.restart()
        listed = json.loads(self.serving.run("audit", "list", "--who", "github:bob", "--operation",
                                             "pauseQueue", "--json"))["entries"]
        self.assertEqual([(row["outcome"], row["count"]) for row in listed],
                         [("refused", 49), ("refused", 1)])

    def test_streams_end_with_their_session(self):
        browser, _ = self.log_in("bob")
        events = self.streamed(browser)
        session = self.expect(200, browser.get("/v1/me"))["session"]["id"]
        self.serving.run("session", "revoke", session)
        self.ends_soon(events)

    def test_what_the_login_file_says_counts_without_a_restart(self):
        browser, _ = self.log_in("bob")
        events = self.streamed(browser)
        self.change([ANN, {**BOB, "role": "operator"}])
        serving.until(lambda: browser.get("/v1/me").json["role"] == "operator", "it was raised")
        self.expect(200, browser.post("/v1/queues/default/pause", {}))
        self.change([ANN, NOBODY])
        serving.until(lambda: browser.get("/v1/me").status == 403, "he is out")
        self.ends_soon(events)
        self.expect(403, self.log_in("bob")[1])

    def test_a_login_file_that_is_broken_changes_nothing(self):
        browser, _ = self.log_in("ann")
        self.serving.write("login.yaml", "people: [")
        serving.until(lambda: "login_file_not_taken" in self.serving.log(), "the log says so")
        self.expect(200, browser.get("/v1/me"))
        self.assertEqual(self.log_in("bob")[1].status, 302)
        # One that names a secret that is not there yet.
        self.change([ANN, NOBODY], "late-secret")
        serving.until(lambda: "late-secret" in self.serving.log(), "the log says so")
        self.serving.write("late-secret", github_stand_in.CLIENT[1])
        serving.until(lambda: self.log_in("bob")[1].status == 403, "the new one counts")

    def test_a_secret_that_was_changed_counts(self):
        secret = self.serving.write("turning-secret", "x")
        self.change([ANN], "turning-secret")
        serving.until(lambda: self.log_in("ann")[1].status == 401, "the wrong one counts")
        with open(secret, "w", encoding="utf-8") as file:
            file.write(github_stand_in.CLIENT[1])
        serving.until(lambda: self.log_in("ann")[1].status == 302, "the right one counts")


if __name__ == "__main__":
    serving.main()
