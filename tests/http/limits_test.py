#!/usr/bin/env python3
"""Who is sent away with 429, and whose streams end."""

import http.client
import threading
import time

import serving
from serving import ServedTest, Serving

# Whatever it takes, less than an idle stream would be open.
SOON_SECONDS = 15


class LimitedTest(ServedTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.admin = cls.make("admin", "admin")

    @classmethod
    def make(cls, name, role, *more):
        """A token that the server knows, without having been asked with it in vain."""
        token = cls.serving.run("token", "create", "--name", name, "--role", role, *more,
                                "--quiet").strip()
        cls.serving.restart()
        return token

    @classmethod
    def status(cls, token):
        return cls.serving.call("GET", "/v1/queues", token=token).status

    def sent_away(self, kind, answer):
        problem = self.expect(429, answer)
        self.assertEqual(problem["type"], f"urn:waybill:problem:{kind}")
        self.assertGreaterEqual(int(answer.headers["Retry-After"]), 1)
        return int(answer.headers["Retry-After"])


class RateTest(LimitedTest):
    words = ("--rate-limit", "2")

    def use_up(self, token):
        """The answer to the first request too many, and how many were not."""
        for count in range(100):
            answer = self.serving.call("GET", "/v1/queues", token=token)
            if answer.status != 200:
                return answer, count
        raise AssertionError("there is no limit")

    def test_who_asks_too_often_comes_back_when_it_is_told_to(self):
        greedy, other = self.make("greedy", "viewer"), self.make("other", "viewer")
        answer, _ = self.use_up(greedy)
        wait = self.sent_away("too-many-requests", answer)
        self.assertEqual(self.status(other), 200)
        self.assertGreaterEqual(self.serving.metric("waybill_http_sent_away_total"), 1)
        self.assertEqual(self.serving.get("/healthz").status, 200)
        began = time.monotonic()
        serving.until(lambda: self.status(greedy) == 200, "the bucket fills")
        self.assertLess(time.monotonic() - began, wait + 5)

    def test_a_stream_and_a_long_poll_count_once(self):
        patient = self.make("patient", "worker")
        events = self.serving.events("/v1/events", Authorization=f"Bearer {patient}")
        self.addCleanup(events.close)
        # It is looked at again every second.
        claim = {"worker": "w", "queues": [self.queue], "wait": "8s"}
        answer = self.serving.call("POST", "/v1/claims", claim, token=patient)
        self.assertEqual(self.expect(200, answer)["tasks"], [])
        _, count = self.use_up(patient)
        # 2 a second for 8 s filled it: had the looks counted, half of that were gone.
        self.assertGreaterEqual(count, 9)

    def test_a_change_that_was_sent_away_was_not_made(self):
        maker = self.make("maker", "admin")
        self.use_up(maker)
        answer = self.serving.call("POST", "/v1/tasks", self.new_task(), token=maker)
        self.sent_away("too-many-requests", answer)
        found = self.serving.call("GET", f"/v1/tasks?queue={self.queue}", token=self.admin)
        self.assertEqual(self.expect(200, found)["tasks"], [])


class WrongTokensTest(LimitedTest):
    def ask_from(self, address, token):
        connection = http.client.HTTPConnection("127.0.0.1", self.serving.port, timeout=30,
                                                source_address=(address, 0))
        try:
            connection.request("GET", "/v1/queues", headers={"Authorization": f"Bearer {token}"})
            response = connection.getresponse()
            return serving.Answer(response, response.read())
        finally:
            connection.close()

    def test_who_comes_with_wrong_tokens_is_slowed_and_nobody_else(self):
        wrong = self.admin[:-1] + ("0" if self.admin[-1] != "0" else "1")
        answers = [self.ask_from("127.0.0.7", wrong) for _ in range(30)]
        self.expect(401, answers[0])
        wait = self.sent_away("too-many-wrong-tokens", answers[-1])
        self.assertLessEqual(wait, 60)
        self.assertEqual(self.ask_from("127.0.0.7", self.admin).status, 200)
        self.expect(401, self.ask_from("127.0.0.8", wrong))
        self.assertGreaterEqual(self.serving.metric("waybill_http_sent_away_total"), 1)

    def test_who_shows_no_token_is_only_asked_for_one(self):
        for _ in range(50):
            self.expect(401, self.serving.get("/v1/queues"))


class StreamsTest(LimitedTest):
    def revoke(self, token):
        self.serving.run("token", "revoke", token.split("_")[1], "--quiet")
        return time.monotonic()

    def test_streams_end_with_their_token(self):
        brief, stays = self.make("brief", "worker"), self.make("stays", "worker")
        task = self.expect(201, self.serving.call("POST", "/v1/tasks", self.new_task(delay="1h"),
                                                  token=self.admin))["task"]
        targets = ("/v1/events", f"/v1/tasks/{task['id']}/logs/stream")
        open_streams = [self.serving.events(target, Authorization=f"Bearer {brief}")
                        for target in targets]
        kept = self.serving.events("/v1/events", Authorization=f"Bearer {stays}")
        for stream in (*open_streams, kept):
            self.addCleanup(stream.close)
        answers = []
        poll = threading.Thread(target=lambda: answers.append(self.serving.call(
            "POST", "/v1/claims", {"worker": "w", "queues": [self.queue], "wait": "60s"},
            token=brief)))
        poll.start()
        serving.until(lambda: self.serving.metric("waybill_http_claims_waiting") == 1, "it waits")
        began = self.revoke(brief)
        for stream in open_streams:
            self.assertIsNone(stream.next())
        poll.join()
        self.assertLess(time.monotonic() - began, SOON_SECONDS)
        self.expect(401, answers[0])
        # The other one has missed nothing.
        made = self.expect(201, self.serving.call("POST", "/v1/tasks", self.new_task(delay="1h"),
                                                  token=self.admin))["task"]
        seen = kept.next()
        while seen[2]["id"] != made["id"]:
            seen = kept.next()

    def test_streams_end_when_their_token_runs_out(self):
        token = self.make("short", "viewer", "--expires", "8s")
        events = self.serving.events("/v1/events", Authorization=f"Bearer {token}")
        self.addCleanup(events.close)
        began = time.monotonic()
        self.assertIsNone(events.next())
        self.assertLess(time.monotonic() - began, SOON_SECONDS)


if __name__ == "__main__":
    serving.main()
