#!/usr/bin/env python3
"""What is sent is kept as it is, or refused: numbers, traces, places in lists."""

import json
import urllib.parse

import serving
from serving import ServedTest


class KeptTest(ServedTest):
    def test_numbers_are_kept_as_they_are_or_refused(self):
        kept = {"largest": 2**64 - 1, "least": -2**63, "beyond doubles": 2**53 + 1,
                "text": str(2**64), "fraction": 0.1 + 0.2, "odd": 8.41e21, "exact": 123456.789,
                "tiny": 5e-324, "huge": 1.7976931348623157e308}
        task = self.create(params=kept)
        found = self.serving.get(f"/v1/tasks/{task['id']}").json["params"]
        self.assertEqual({name: repr(value) for name, value in found.items()},
                         {name: repr(value) for name, value in kept.items()})
        for number in (2**64, -2**63 - 1, 10**400):
            body = json.dumps(self.new_task(params={"n": [{"m": number}]}))
            # Python writes no number of so many digits by itself.
            answer = self.serving.post("/v1/tasks", body.encode())
            problem = self.expect(400, answer)
            self.assertTrue("beyond 64 bits" in problem["detail"] or "1.8e308" in problem["detail"])
            self.assertLess(len(problem["detail"]), 250)
        many = {"tasks": [self.new_task(), self.new_task(params={"n": 2**64})]}
        problem = self.expect(400, self.serving.post("/v1/tasks", many))
        self.assertEqual(problem["type"], "urn:waybill:problem:invalid")
        self.assertIn("18446744073709551616", problem["detail"])
        self.assertIn("send it as text", problem["detail"])
        listed = self.expect(200, self.serving.get(f"/v1/tasks?queue={self.queue}"))
        self.assertEqual(len(listed["tasks"]), 1)

    def test_a_trace_is_one_wherever_it_is_said(self):
        trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
        task = self.create(labels={"traceparent": trace})
        self.assertEqual(task["labels"], {"traceparent": trace})
        for wrong in ("", "x", trace.upper(), trace[:-1], trace + "0", "ff" + trace[2:],
                      "00-" + "0" * 32 + trace[35:], trace[:36] + "0" * 16 + trace[52:]):
            problem = self.expect(400, self.serving.post(
                "/v1/tasks", self.new_task(labels={"traceparent": wrong})))
            self.assertIn("traceparent", problem["detail"])
            self.assertIn("/labels", problem["detail"])
            # W3C Trace Context, 3.2: a header that is none is as none.
            made = self.expect(201, self.serving.post("/v1/tasks", self.new_task(),
                                                      traceparent=wrong))
            self.assertEqual(made["task"]["labels"], {})


class CursorTest(ServedTest):
    def list(self, query):
        return self.expect(200, self.serving.get("/v1/tasks?" + query))

    def test_a_cursor_goes_on_with_the_list_that_gave_it_alone(self):
        for number in range(5):
            self.create(labels={"n": str(number)}, priority=number)
        query = f"queue={self.queue}&state=ready&state=scheduled"
        page = self.list(query + "&limit=2")
        cursor = urllib.parse.quote(page["next_cursor"])
        # The same filter, in other words, and a page of another size.
        same = f"state=scheduled&state=ready&queue={self.queue}&order=newest_first&limit=3"
        self.assertEqual(len(self.list(f"{same}&cursor={cursor}")["tasks"]), 3)
        for other in (f"queue={self.queue}", f"{query}&state=failed", f"{query}&label=n%3D1",
                      f"{query}&order=oldest_first", "queue=other&state=ready&state=scheduled"):
            problem = self.expect(400, self.serving.get(f"/v1/tasks?{other}&cursor={cursor}"))
            self.assertEqual(problem["type"], "urn:waybill:problem:invalid")
            self.assertIn("cursor was given by another list", problem["detail"])
        for other in ("/v1/runs?", "/v1/audit?"):
            self.expect(400, self.serving.get(f"{other}cursor={cursor}"))
        # As a server gave it that did not say what it was for.
        older = page["next_cursor"].partition("~")[0]
        self.assertEqual(len(self.list(f"{query}&cursor={older}")["tasks"]), 3)
        for wrong in (older + "~", older + "~00000000", older + "~zzzzzzzz", "~" * 9, "~0123abcd"):
            self.expect(400, self.serving.get(f"/v1/tasks?{query}&cursor={wrong}"))

    def test_cursors_of_the_audit_log_keep_to_its_filter(self):
        for _ in range(3):
            self.serving.post("/v1/queues/default/pause", {})
            self.serving.post("/v1/queues/default/resume", {})
        query = "/v1/audit?operation=pauseQueue&limit=1"
        page = self.expect(200, self.serving.get(query))
        cursor = urllib.parse.quote(page["next_cursor"])
        rest = self.expect(200, self.serving.get(f"{query}&cursor={cursor}"))
        self.assertEqual(len(rest["entries"]), 1)
        self.assertNotEqual(rest["entries"], page["entries"])
        self.expect(400, self.serving.get(f"/v1/audit?limit=1&cursor={cursor}"))


if __name__ == "__main__":
    serving.main()
