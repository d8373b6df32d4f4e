#!/usr/bin/env python3
"""Tasks over HTTP: created, listed, looked at, ended and tried again."""

import os
import uuid

import serving
from serving import ServedTest

TASK_MEMBERS = set(
    "id state queue kind definition priority created_at created_by run_at started_at finished_at "
    "lease_until worker attempt fence failures worker_deaths waiting_for waits_for timeout retry "
    "dedup_key dedup_scope labels spec params result error cancel notify".split())


class CreateTest(ServedTest):
    def test_one_is_created_and_found(self):
        answer = self.serving.post("/v1/tasks", self.new_task(
            priority=7, labels={"a": "b"}, timeout="10m", params={"x": [1, None]},
            retry={"failures": 2, "backoff": "3s"}))
        made = self.expect(201, answer)
        task = made["task"]
        self.assertEqual((made["created"], set(task)), (True, TASK_MEMBERS))
        self.assertEqual(answer.headers["Location"], f"/v1/tasks/{task['id']}")
        self.assertEqual((task["state"], task["priority"], task["labels"], task["timeout"]),
                         ("ready", 7, {"a": "b"}, "10m"))
        self.assertEqual((task["params"], task["retry"]["failures"]), ({"x": [1, None]}, 2))
        found = self.serving.get(answer.headers["Location"])
        self.assertEqual(self.expect(200, found), task)

    def test_the_same_id_or_dedup_key_makes_no_second_one(self):
        for member in ({"id": str(uuid.uuid4())}, {"dedup_key": "only one"}):
            first = self.create(**member)
            again = self.expect(200, self.serving.post("/v1/tasks", self.new_task(**member)))
            self.assertEqual((again["created"], again["task"]["id"]), (False, first["id"]))

    def test_many_are_created_in_order(self):
        ids = [str(uuid.uuid4()) for _ in range(3)]
        made = self.expect(200, self.serving.post(
            "/v1/tasks", {"tasks": [self.new_task(id=id) for id in ids]}))
        self.assertEqual(made, {"tasks": [{"id": id, "created": True} for id in ids]})

    def test_many_are_created_all_or_none(self):
        wrong = self.new_task(priority=101)
        for bad, pointer in ((wrong, "/tasks/1/priority"),
                             (self.new_task(spec={"command": []}), "/tasks/1"),
                             (self.new_task(waits_for=[str(uuid.uuid4())]), "")):
            answer = self.serving.post("/v1/tasks", {"tasks": [self.new_task(), bad]})
            self.assertIn(answer.status, (400, 404), answer)
            self.assertIn(pointer, answer.json["detail"])
        listed = self.expect(200, self.serving.get(f"/v1/tasks?queue={self.queue}"))
        self.assertEqual(listed["tasks"], [])

    def test_as_many_as_are_allowed_are_created(self):
        tasks = [self.new_task() for _ in range(10_000)]
        made = self.expect(200, self.serving.post("/v1/tasks", {"tasks": tasks}))
        self.assertEqual(len({task["id"] for task in made["tasks"]}), 10_000)
        self.expect(400, self.serving.post("/v1/tasks", {"tasks": tasks + [self.new_task()]}))
        self.expect(400, self.serving.post("/v1/tasks", {"tasks": []}))

    def test_what_is_not_allowed_is_told_with_where_it_stands(self):
        for members, pointer in (({"priority": "high"}, "/priority"), ({"colour": 1}, "/colour"),
                                 ({"retry": {"failures": -1}}, "/retry/failures"),
                                 ({"labels": {"a": 1}}, "/labels/a"), ({"delay": "soon"}, "/delay"),
                                 ({"run_at": "tomorrow"}, "/run_at"), ({"id": "7"}, "/id"),
                                 ({"waits_for": ["x"]}, "/waits_for/0")):
            problem = self.expect(400, self.serving.post("/v1/tasks", self.new_task(**members)))
            self.assertEqual(problem["type"], "urn:waybill:problem:invalid")
            self.assertIn(pointer, problem["detail"])
        for body in ([], 7, None, "text", {"definition": "none"}, {"kind": "nothing"}, {}):
            self.expect(400, self.serving.post("/v1/tasks", body if body is not None else b"null"))


class IdempotencyTest(ServedTest):
    def post(self, key, body):
        return self.serving.post("/v1/tasks", body, Idempotency_Key=key)

    def test_the_first_answer_comes_again_whatever_has_happened_since(self):
        key, body = str(uuid.uuid4()), self.new_task(spec={"command": ["true"]}, delay="1ms")
        first = self.post(key, body)
        task = self.expect(201, first)["task"]
        self.assertIsNone(first.headers["Idempotent-Replayed"])
        self.serving.run("worker", "--until-idle", "--quiet", "--queues", self.queue)
        self.assertEqual(self.state_of(task), "succeeded")
        for _ in range(2):
            again = self.post(key, body)
            self.assertEqual((again.status, again.json), (201, first.json))
            self.assertEqual(again.headers["Idempotent-Replayed"], "true")
            self.assertEqual(again.headers["Location"], first.headers["Location"])
            self.serving.restart()
        listed = self.serving.get(f"/v1/tasks?queue={self.queue}").json["tasks"]
        self.assertEqual(len(listed), 1)

    def test_many_are_answered_again_too(self):
        key, body = str(uuid.uuid4()), {"tasks": [self.new_task(), self.new_task(priority=1)]}
        first = self.post(key, body)
        self.expect(200, first)
        self.serving.restart()
        again = self.post(key, body)
        self.assertEqual((again.json, again.headers["Idempotent-Replayed"]), (first.json, "true"))

    def test_another_request_under_the_key_is_refused(self):
        one, other = self.new_task(), self.new_task(priority=3)
        for first, second in ((one, other), ({"tasks": [one, one]}, {"tasks": [one, other]})):
            key = str(uuid.uuid4())
            self.assertLess(self.post(key, first).status, 300)
            for _ in range(2):
                problem = self.expect(422, self.post(key, second))
                self.assertEqual(problem["type"], "urn:waybill:problem:key-reused")
                self.serving.restart()

    def test_fewer_or_more_tasks_under_the_key_are_another_request(self):
        one, two = {"tasks": [self.new_task()]}, {"tasks": [self.new_task(), self.new_task()]}
        for first, second in ((one, two), (two, one), (self.new_task(), two)):
            key = str(uuid.uuid4())
            self.assertLess(self.post(key, first).status, 300)
            count = len(self.serving.get(f"/v1/tasks?queue={self.queue}").json["tasks"])
            self.expect(422, self.post(key, second))
            listed = self.serving.get(f"/v1/tasks?queue={self.queue}").json["tasks"]
            self.assertEqual(len(listed), count)

    def test_without_a_key_there_are_two(self):
        self.assertNotEqual(self.create()["id"], self.create()["id"])

    def test_a_key_is_printable(self):
        for key in ("", "x" * 201, "é"):
            self.expect(400, self.post(key, self.new_task()))
        self.expect(201, self.post("x" * 200, self.new_task()))

    def test_other_changes_are_answered_again_too(self):
        task, key = self.create(), str(uuid.uuid4())
        target = f"/v1/tasks/{task['id']}/cancel"
        first = self.serving.post(target, {"reason": "a"}, Idempotency_Key=key)
        self.assertEqual(self.expect(200, first)["state"], "cancelled")
        again = self.serving.post(target, {"reason": "a"}, Idempotency_Key=key)
        self.assertEqual((again.json, again.headers["Idempotent-Replayed"]), (first.json, "true"))
        self.expect(422, self.serving.post(target, {"reason": "b"}, Idempotency_Key=key))

    def test_other_changes_are_done_once_also_across_a_restart(self):
        task, key = self.create(), str(uuid.uuid4())
        cancel, retry = (f"/v1/tasks/{task['id']}/{what}" for what in ("cancel", "retry"))
        first = self.serving.post(cancel, {}, Idempotency_Key=key)
        self.assertEqual(self.expect(200, first)["state"], "cancelled")
        self.expect(200, self.serving.post(retry, {}))
        self.serving.restart()
        again = self.serving.post(cancel, {}, Idempotency_Key=key)
        self.assertEqual((again.status, again.json, again.headers["Idempotent-Replayed"]),
                         (200, first.json, "true"))
        self.assertEqual(self.state_of(task), "ready")
        self.expect(422, self.serving.post(retry, {}, Idempotency_Key=key))

    def test_a_claim_that_is_repeated_takes_no_second_task(self):
        self.create()
        self.create()
        body = {"worker": "w", "queues": [self.queue]}
        first, again = (self.serving.post("/v1/claims", body, Idempotency_Key="claim")
                        for _ in range(2))
        self.assertEqual((len(first.json["tasks"]), again.json), (1, first.json))


class ListTest(ServedTest):
    def list(self, query):
        return self.expect(200, self.serving.get("/v1/tasks?" + query))

    def test_filters_choose(self):
        a = self.create(labels={"team": "a", "x": "1"})
        b = self.create(kind="noop", spec={}, labels={"team": "b"}, delay="1h")
        for query, wanted in (
                ("", [b, a]), ("&order=oldest_first", [a, b]), ("&state=scheduled", [b]),
                ("&state=scheduled&state=ready", [b, a]), ("&kind=noop", [b]), ("&kind=none", []),
                ("&label=team%3Da", [a]), ("&label=team%3Da&label=x%3D1", [a]),
                ("&label=team%3Da&label=x%3D2", []), ("&created_by=local", [b, a]),
                ("&created_by=other", []), ("&created_before=" + a["created_at"], []),
                ("&created_after=2100-01-01T00:00:00Z", []),
                ("&created_after=2000-01-01T00:00:00%2B02:00", [b, a]), ("&definition=d", [])):
            listed = self.list(f"queue={self.queue}{query}")
            self.assertEqual(listed, {"tasks": wanted, "damaged": [], "next_cursor": None}, query)

    def test_cursors_lead_through_all_of_them_once(self):
        made = [self.create()["id"] for _ in range(7)]
        for order, wanted in (("newest_first", made[::-1]), ("oldest_first", made)):
            seen, cursor, query = [], "", f"queue={self.queue}&order={order}&limit=3"
            while cursor is not None:
                page = self.list(f"{query}&cursor={cursor}" if cursor else query)
                self.assertLessEqual(len(page["tasks"]), 3)
                seen += [task["id"] for task in page["tasks"]]
                cursor = page["next_cursor"]
            self.assertEqual(seen, wanted)

    def test_what_is_no_query_is_refused(self):
        for query, word in (("limit=0", "limit"), ("limit=1001", "limit"), ("limit=x", "limit"),
                            ("limit=99999999999999999999", "limit"), ("colour=red", "colour"),
                            ("state=odd", "state"), ("kind=a&kind=b", "kind"),
                            ("created_after=now", "created_after"), ("label=x", "label"),
                            ("order=none", "order"), ("cursor=%20nonsense", "cursor"),
                            ("statee=ready", "state")):
            problem = self.expect(400, self.serving.get("/v1/tasks?" + query))
            self.assertIn(word, problem["detail"])


class LookTest(ServedTest):
    def test_one_that_has_not_changed_is_not_sent_again(self):
        task = self.create()
        self.expect(200, self.serving.post(f"/v1/queues/{self.queue}/pause", {}))
        for target in (f"/v1/tasks/{task['id']}", f"/v1/queues/{self.queue}"):
            first = self.serving.get(target)
            etag = first.headers["ETag"]
            self.assertRegex(etag or "", '^(W/)?".+"$', target)
            for header in (etag, f'"other", {etag}', "*"):
                again = self.serving.get(target, If_None_Match=header)
                self.assertEqual((again.status, again.body, again.headers["ETag"]),
                                 (304, b"", etag))
            self.assertEqual(self.serving.get(target, If_None_Match='"other"').status, 200)
            if target.startswith("/v1/tasks"):
                self.serving.post(target + "/cancel", {})
            else:
                self.serving.post(target + "/resume", {})
            self.assertEqual(self.serving.get(target, If_None_Match=etag).status, 200)

    def test_history_and_why_tell_its_life(self):
        task = self.create(delay="1h")
        history = self.expect(200, self.serving.get(f"/v1/tasks/{task['id']}/history"))["history"]
        self.assertEqual([entry["happening"] for entry in history], ["created"])
        self.assertEqual(set(history[0]), set("at happening state fence attempt worker reason"
                                              .split()))
        why = self.expect(200, self.serving.get(f"/v1/tasks/{task['id']}/why"))
        self.assertEqual((why["id"], why["state"]), (task["id"], "scheduled"))
        self.assertEqual(set(why["conditions"][0]), {"reason", "sentence", "earliest", "advice"})

    def test_what_is_not_there_is_not_found(self):
        for id in (str(uuid.uuid4()), "7", "..", "%2e%2e", "x" * 1000):
            for rest in ("", "/history", "/why", "/logs", "/logs/stream"):
                self.expect(404, self.serving.get(f"/v1/tasks/{id}{rest}"))
            for rest in ("/cancel", "/retry"):
                self.expect(404, self.serving.post(f"/v1/tasks/{id}{rest}", {}))


class LogsTest(ServedTest):
    def test_they_are_read_page_by_page_and_followed_while_they_grow(self):
        go = os.path.join(self.serving.top, "go")
        script = f"echo first; until [ -e {go} ]; do read -t 0.02 _ < /dev/zero; done; echo second"
        task = self.create(spec={"command": ["bash", "-c", script]})
        stream = self.serving.events(f"/v1/tasks/{task['id']}/logs/stream")
        with serving.subprocess.Popen(
                self.serving.command("worker", "--until-idle", "--quiet", "--queues", self.queue),
                cwd=self.serving.top,
                env=self.serving.environment()) as worker:
            seen = [stream.next()]
            self.assertEqual((seen[0][1], seen[0][2]["text"]), ("log", "first\n"))
            open(go, "wb").close()
            while seen[-1] is not None:
                seen.append(stream.next())
            self.assertEqual(worker.wait(serving.PATIENCE_SECONDS), 0)
        stream.close()
        self.assertEqual(seen[-2][1:], ("end", {"state": "succeeded"}))
        followed = [data for _, name, data in seen[:-2] if name == "log"]
        pages, query = [], "limit_bytes=1"
        while True:
            page = self.expect(200, self.serving.get(f"/v1/tasks/{task['id']}/logs?{query}"))
            if not page["chunks"]:
                break
            pages += page["chunks"]
            query = f"limit_bytes=1&cursor={page['next_cursor']}"
        for chunks in (followed, pages):
            texts = [c["text"] for c in chunks if c["stream"] == "stdout"]
            self.assertEqual("".join(texts), "first\nsecond\n")
            self.assertEqual(set(chunks[0]), {"attempt", "at", "stream", "text"})
        self.assertEqual([c["stream"] for c in followed][-1], "system")
        last = seen[-3][0] or seen[-4][0]
        rest = self.serving.events(f"/v1/tasks/{task['id']}/logs/stream", Last_Event_ID=last)
        self.assertEqual(rest.next()[1], "end")
        self.assertIsNone(rest.next())
        for query in ("limit_bytes=0", "limit_bytes=1048577", "cursor=nonsense"):
            self.expect(400, self.serving.get(f"/v1/tasks/{task['id']}/logs?{query}"))
        self.expect(400, self.serving.get(f"/v1/tasks/{task['id']}/logs/stream?cursor=nonsense"))


class ChangeTest(ServedTest):
    def test_a_task_is_cancelled_and_tried_again(self):
        target = f"/v1/tasks/{self.create()['id']}"
        ended = self.expect(200, self.serving.post(target + "/cancel", {"reason": "not wanted"}))
        self.assertEqual((ended["state"], ended["cancel"]["reason"]), ("cancelled", "not wanted"))
        again = self.expect(200, self.serving.post(target + "/retry", {}))
        self.assertEqual(again["state"], "ready")
        problem = self.expect(409, self.serving.post(target + "/retry", {}))
        self.assertEqual(problem["type"], "urn:waybill:problem:conflict")
        # Nothing of it was delivered.
        problem = self.expect(409, self.serving.post(target + "/retry", {"again": True}))
        self.assertIn("retry it without `again`", problem["detail"])
        self.expect(400, self.serving.post(target + "/retry", {"again": "yes"}))
        self.expect(400, self.serving.post(target + "/retry", {"anew": True}))
        self.expect(200, self.serving.call("POST", target + "/cancel"))

    def test_many_are_changed_after_a_preview(self):
        made = [self.create() for _ in range(5)]
        ask = {"filter": {"queue": self.queue}}
        unchanged = {"matched": 5, "changed": 0, "failed": [], "more": False}
        changed = {**unchanged, "changed": 5}
        nothing = {"matched": 0, "changed": 0, "failed": [], "more": False}
        for what, state in (("cancel", "cancelled"), ("retry", "ready")):
            if what == "retry":  # what was cancelled was so on purpose: who means it says so
                answer = self.serving.post("/v1/bulk/retry", ask)
                self.assertEqual(self.expect(200, answer), nothing)
                ask = {"filter": {**ask["filter"], "states": ["cancelled"]}}
            answer = self.serving.post(f"/v1/bulk/{what}", {**ask, "preview": True})
            self.assertEqual(self.expect(200, answer), unchanged)
            self.assertEqual(self.expect(200, self.serving.post(f"/v1/bulk/{what}", ask)), changed)
            self.assertEqual({self.state_of(task) for task in made}, {state})
        for filter in ({}, None, {"queue": ""}, {"colour": "x"}):
            self.expect(400, self.serving.post("/v1/bulk/cancel", {"filter": filter}))
        self.expect(400, self.serving.post("/v1/bulk/cancel", {}))
        self.assertEqual({self.state_of(task) for task in made}, {"ready"})

    def test_many_are_chosen_by_labels_and_by_what_stands_in_them(self):
        one = self.create(labels={"team": "data", "city": "Rome"})
        two = self.create(labels={"team": "data"}, spec={"command": ["echo", "needle"]})
        self.create(labels={"team": "other"})
        for filter, ids in (({"label": ["team=data"]}, [one, two]),
                            ({"label": ["team=data", "city=Rome"]}, [one]),
                            ({"text": "needle"}, [two]), ({"label": ["team=x"]}, [])):
            ask = {"filter": {"queue": self.queue, **filter}, "preview": True}
            answer = self.expect(200, self.serving.post("/v1/bulk/cancel", ask))
            self.assertEqual((answer["matched"], answer["more"]), (len(ids), False), filter)
        for filter, said in (({"label": ["team"]}, "/filter/label/0: wants name=value"),
                             ({"label": "team=data"}, "list"), ({"text": ""}, "character")):
            answer = self.serving.post("/v1/bulk/cancel", {"filter": filter})
            self.assertIn(said, self.expect(400, answer)["detail"])
        ask = {"filter": {"queue": self.queue, "label": ["team=data"]}}
        self.assertEqual(self.expect(200, self.serving.post("/v1/bulk/cancel", ask))["changed"], 2)
        self.assertEqual([self.state_of(task) for task in (one, two)], ["cancelled"] * 2)

    def test_a_preview_counts_all_of_them(self):
        for _ in range(3):
            tasks = [{"kind": "noop", "queue": self.queue}] * 5000
            self.expect(200, self.serving.post("/v1/tasks", {"tasks": tasks}))
        ask = {"filter": {"queue": self.queue}, "preview": True}
        answer = self.expect(200, self.serving.post("/v1/bulk/cancel", ask))
        self.assertEqual((answer["matched"], answer["more"]), (15_000, False))


if __name__ == "__main__":
    serving.main()
