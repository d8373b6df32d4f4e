#!/usr/bin/env python3
"""The stream of changes over HTTP: in order, nothing missed, nothing twice."""

import threading
import uuid

import serving
from serving import ServedTest


class EventsTest(ServedTest):
    def of_queue(self, query="", **headers):
        stream = self.serving.events(f"/v1/events?queue={self.queue}{query}", **headers)
        self.addCleanup(stream.close)
        return stream

    def cancel(self, task):
        self.expect(200, self.serving.post(f"/v1/tasks/{task['id']}/cancel", {}))

    def test_it_begins_now_and_tells_each_change(self):
        self.create()
        stream = self.of_queue()
        task = self.create()
        self.cancel(task)
        created, cancelled = stream.take(2)
        for id, name, data in (created, cancelled):
            self.assertEqual((name, data["id"], data["queue"], int(id)),
                             ("task", task["id"], self.queue, data["sequence"]))
            self.assertEqual(set(data), set("sequence id queue at happening state fence attempt "
                                            "worker reason".split()))
        self.assertEqual((created[2]["happening"], cancelled[2]["state"]), ("created", "cancelled"))
        self.assertEqual(stream.response.headers["Content-Type"], "text/event-stream")

    def test_after_0_it_begins_at_the_oldest(self):
        made = [self.create()["id"] for _ in range(3)]
        self.assertEqual([e[2]["id"] for e in self.of_queue("&after=0").take(3)], made)
        first = self.of_queue("&after=0").next()
        rest = self.of_queue(f"&after={first[0]}").take(2)
        self.assertEqual([event[2]["id"] for event in rest], made[1:])

    def test_filters_choose(self):
        ended = self.of_queue("&state=cancelled&state=failed")
        a, b = self.create(), self.create()
        one = self.serving.events(f"/v1/events?task={b['id']}&after=0")
        self.cancel(a)
        self.cancel(b)
        self.assertEqual([event[2]["id"] for event in ended.take(2)], [a["id"], b["id"]])
        self.assertEqual([event[2]["state"] for event in one.take(2)], ["ready", "cancelled"])
        one.close()

    def test_tasks_are_chosen_as_a_list_chooses_them(self):
        label = f"of={self.queue}"
        by_label = self.serving.events(f"/v1/events?label={label}&label=team%3Ddata")
        self.addCleanup(by_label.close)
        wanted = self.create(labels={"of": self.queue, "team": "data"})
        self.create(labels={"of": self.queue})
        self.cancel(wanted)
        self.assertEqual([event[2]["happening"] for event in by_label.take(2)],
                         ["created", "cancelled"])
        listed = self.expect(200, self.serving.get(f"/v1/tasks/{wanted['id']}"))
        for name in ("kind", "created_by"):
            self.assertEqual(self.of_queue(f"&{name}={listed[name]}&{name}=other&after=0&label="
                                           f"{label}").take(2)[1][2]["queue"], self.queue)
        noops = self.of_queue("&kind=noop&after=0")
        commands = self.of_queue(f"&kind={listed['kind']}&after=0")
        self.assertEqual(len(commands.take(3)), 3)
        noop = self.create(kind="noop", spec={})
        self.assertEqual(noops.next()[2]["id"], noop["id"], "the first that it is told of")
        last = self.create(labels={"team": "data", "of": self.queue})
        seen = commands.next()
        self.assertEqual(seen[2]["id"], last["id"])
        resumed = self.of_queue(f"&label={label}", Last_Event_ID=seen[0])
        self.cancel(last)
        self.assertEqual(resumed.next()[2]["state"], "cancelled")

    def beat(self, task, progress):
        self.expect(200, self.serving.post("/v1/beats", {"worker": "w", "tasks": [
            {"id": task["id"], "fence": task["fence"], "progress": progress}]}))

    def test_running_tasks_tell_their_progress_and_it_is_no_place_to_go_on_from(self):
        self.create(kind="noop", spec={})
        task, = self.claim(kinds=["noop"])
        stream, other = self.of_queue(), self.of_queue("&state=ready")
        for done in (1, 2):
            self.beat(task, {"done": done, "of": 3, "text": "a\n\nb"})
            self.assertEqual(stream.next(), (None, "progress", {
                "id": task["id"], "queue": self.queue,
                "progress": {"done": done, "of": 3, "text": "a\n\nb"}}))
        again = self.of_queue(f"&task={task['id']}")
        self.assertEqual(again.next()[2]["progress"]["done"], 2)
        self.expect(200, self.serving.post("/v1/finishes", {"tasks": [
            {"id": task["id"], "fence": task["fence"], "outcome": "succeeded"}]}))
        self.assertEqual(stream.next()[2]["state"], "succeeded")
        ready = self.create()
        self.assertEqual(other.next()[2]["id"], ready["id"], "it asked for no progress")
        of_past = self.of_queue("&after=0").take(4)
        self.assertEqual([name for _, name, _ in of_past], ["task"] * 4)

    def test_what_is_no_query_is_refused(self):
        for query in ("after=-1", "after=x", "state=odd", "task=7", "colour=red"):
            self.expect(400, self.serving.get("/v1/events?" + query))
        for header in ("x", "-1", "1 2", "99999999999999999999999"):
            self.expect(400, self.serving.get("/v1/events", Last_Event_ID=header))

    def test_a_head_request_leaves_no_stream(self):
        self.assertEqual(self.serving.call("HEAD", "/v1/events").status, 200)
        serving.until(lambda: self.serving.metric("waybill_http_streams") == 0, "streams end")

    def test_nothing_is_missed_or_doubled_over_connections_and_restarts(self):
        """A reader that loses its connection again and again, and the server with it, while others
        create tasks."""
        last = self.of_queue("&after=0")
        marker = self.create()
        seen = [last.next()]
        self.assertEqual(seen[0][2]["id"], marker["id"])
        made, lock = [], threading.Lock()

        def create(writer):
            for number in range(60):
                key = f"{self.queue}/{writer}/{number}"
                answer = serving.until(lambda key=key: self.try_create(key), "it is created")
                with lock:
                    made.append(answer["task"]["id"])

        writers = [threading.Thread(target=create, args=[writer]) for writer in range(3)]
        for writer in writers:
            writer.start()
        for part in range(9):
            seen += [event for event in last.take(1 + part) if event]
            if part % 3 == 2:
                self.serving.restart()
            last.close()
            last = self.of_queue(Last_Event_ID=seen[-1][0])
        for writer in writers:
            writer.join()
        while len(seen) < 181:
            seen.append(last.next())
        sequences = [event[2]["sequence"] for event in seen]
        self.assertEqual(sequences, sorted(set(sequences)))
        self.assertEqual(sorted(event[2]["id"] for event in seen[1:]), sorted(made))
        end = self.create()
        self.assertEqual(last.next()[2]["id"], end["id"])

    def try_create(self, key):
        try:
            answer = self.serving.post("/v1/tasks", self.new_task(), Idempotency_Key=key)
        except (OSError, serving.http.client.HTTPException):
            return None
        return answer.json if answer.status == 201 else None

    def test_many_readers_get_the_same(self):
        streams = [self.of_queue() for _ in range(50)]
        tasks = [self.new_task(id=str(uuid.uuid4())) for _ in range(500)]
        self.expect(200, self.serving.post("/v1/tasks", {"tasks": tasks}))
        wanted = [task["id"] for task in tasks]
        for stream in streams:
            self.assertEqual([event[2]["id"] for event in stream.take(500)], wanted)

    def test_a_reader_that_does_not_read_loses_nothing_and_holds_up_nobody(self):
        slow, quick = self.of_queue(), self.of_queue()
        count = 0
        for _ in range(3):
            self.expect(200, self.serving.post(
                "/v1/tasks", {"tasks": [self.new_task() for _ in range(5000)]}))
            count += 5000
            self.assertEqual(len(quick.take(5000)), 5000)
        sequences = [event[2]["sequence"] for event in slow.take(count)]
        self.assertEqual(len(set(sequences)), count)
        self.assertEqual(sequences, sorted(sequences))


if __name__ == "__main__":
    serving.main()
