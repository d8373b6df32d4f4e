#!/usr/bin/env python3
"""Each end is told once, to whom it is wanted: tasks, runs, schedules, over mail and webhooks. Exit
status 77: there is no aiosmtpd."""

import base64
import hashlib
import hmac
import json
import os
import subprocess
import tempfile

import place
from place import NotifyingTest, serving, until
from webhooks_test import Receiver


class NotifyTest(NotifyingTest):
    def test_only_the_outcomes_that_are_wanted_are_told(self):
        mail = self.mail_server()
        server = self.up(mail)
        fine = self.create(server, "fine")
        self.settled(server, fine, "succeeded")
        self.assertEqual([message["Subject"] for _, message in mail.mails()], ["fine succeeded"])
        quiet = self.create(server, "quiet")
        until(lambda: self.task(server, quiet)["state"] == "succeeded", "the quiet one")
        self.assertEqual(self.notifications(server, quiet), [])

    def test_a_task_says_who_is_told_of_its_end(self):
        server = self.up(self.mail_server())
        task = self.create(server, "fine")
        rules = [{"on": ["succeeded"], "kind": "notify.mail", "to": ["ops@example.org"],
                  "url": None, "secrets": []}]
        self.assertEqual(self.task(server, task)["notify"], rules)
        self.assertRegex(server.run("task", "show", task),
                         "notify +succeeded: mail to ops@example.org")
        exported = [json.loads(line) for line in server.run("db", "export").splitlines()]
        self.assertIn((task, rules), [(each["id"], each["notify"]) for each in exported])

    def test_a_cancel_is_told_with_who_and_why(self):
        mail = self.mail_server()
        server = self.up(mail)
        task = self.create(server, "told", run_at="2999-01-01T00:00:00Z", params={"who": "x"})
        answer = server.post(f"/v1/tasks/{task}/cancel", {"reason": "wrong day"})
        self.assertEqual(answer.status, 200, answer)
        self.settled(server, task, "succeeded")
        self.assertIn("wrong day", mail.mails()[0][1].get_content())

    def test_each_end_is_told_once_over_kill_9(self):
        mail = self.mail_server(tls=False, login=None)
        server = self.up(mail, "--mail-tls", "none", "--lease", "2s", "--beat", "500ms",
                         password=None)
        tasks = []
        for round_number in range(4):
            tasks += [self.create(server, "breaks") for _ in range(10)]
            seen = len(mail.mails()) + round_number
            until(lambda least=seen: len(mail.mails()) > least, "a mail")
            server.kill()
            server.start()

        def all_are_told():
            told = self.notifications(server)
            return len(told) >= len(tasks) and all(
                each["state"] == "succeeded" for each in told)
        until(all_are_told, "all mails", 2 * serving.PATIENCE_SECONDS)
        self.assertEqual(sorted(each["created_by"] for each in self.notifications(server)),
                         sorted(f"notify:{task}" for task in tasks))
        # A mail whose answer was lost comes twice, with the same id.
        self.assertEqual({message["Message-ID"] for _, message in mail.mails()},
                         {f"<{each['id']}@example.org>" for each in self.notifications(server)})

    def test_runs_are_told_of(self):
        mail = self.mail_server()
        server = self.up(mail)
        run = server.post("/v1/runs", {"pipeline": "release"}).json["id"]
        told, = self.settled(server, run, "succeeded")
        self.assertEqual(told["params"]["run"]["pipeline"], "release")
        (_, message), = mail.mails()
        self.assertEqual(message["Subject"], "release succeeded")
        self.assertIn(f"waybill run show {run}", message.get_content())

    def test_a_schedule_starts_a_run_and_has_others_told(self):
        mail = self.mail_server()
        server = self.up(mail)
        fired = server.post("/v1/schedules/weekly/run", {})
        self.assertEqual(fired.status, 201, fired)
        start = fired.json["task"]
        self.assertEqual(start["kind"], "pipeline.start")
        until(lambda: self.task(server, start["id"])["state"] == "succeeded", "the start")
        run_id = self.task(server, start["id"])["result"]["run"]
        run = server.get(f"/v1/runs/{run_id}").json
        self.assertEqual((run["pipeline"], run["params"]), ("release", {"tag": "v1"}))
        told = self.settled(server, run_id, "succeeded")
        self.assertEqual(len(told), 2)
        self.assertEqual(sorted(line["to"][0] for line, _ in mail.mails()),
                         ["ops@example.org", "weekly@example.org"])
        listed = server.run("schedule", "list")
        self.assertIn("pipeline release", listed)

    def test_runs_are_started_at_their_own_address(self):
        server = self.up()
        refused = server.post("/v1/tasks", {"kind": "pipeline.start",
                                            "spec": {"pipeline": "release"}})
        self.assertEqual(refused.status, 400, refused)
        self.assertIn("/v1/runs", refused.json["detail"])

    def test_a_webhook_is_a_signed_cloud_event(self):
        receiver = Receiver()
        self.addCleanup(receiver.close)
        server = self.up(None, "--webhook-networks", "127.0.0.0/8", url=receiver.url)
        secret = "whsec_" + base64.b64encode(self.key).decode()
        self.assertEqual(server.call("PUT", "/v1/secrets/hook-key", {"value": secret}).status, 201)
        answers = [503, 204]
        receiver.answer = lambda headers: answers.pop(0)
        task = self.create(server, "hooked")
        told, = self.settled(server, task, "scheduled")
        self.assertEqual(told["error"], "it answered 503")
        server.call("PATCH", f"/v1/tasks/{told['id']}", {"run_at": "2020-01-01T00:00:00Z"})
        self.settled(server, task, "succeeded")
        (headers, body), = receiver.taken
        content = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        self.assertEqual(headers["webhook-signature"], "v1," + base64.b64encode(
            hmac.new(self.key, content, hashlib.sha256).digest()).decode())
        event = json.loads(body)
        self.assertEqual((event["type"], event["subject"], event["id"]),
                         ("waybill.notification.task.failed", task, told["id"]))
        self.assertEqual(event["data"]["task"]["id"], task)
        self.assertEqual(receiver.refused[0][0]["webhook-id"], headers["webhook-id"])
        # Once more: an event of its own, that says the same.
        answers.append(204)
        again = server.post(f"/v1/tasks/{told['id']}/retry", {"again": True})
        self.assertEqual(again.status, 200, again)
        until(lambda: len(receiver.taken) == 2, "the event once more")
        second = json.loads(receiver.taken[1][1])
        self.assertEqual(second["id"], again.json["id"])
        self.assertEqual((second["subject"], second["data"]), (task, event["data"]))
        until(lambda: self.task(server, again.json["id"])["state"] == "succeeded",
              "that it was told again")

    def test_addresses_that_webhooks_must_not_reach_are_not_reached(self):
        receiver = Receiver()
        self.addCleanup(receiver.close)
        server = self.up(None, url=receiver.url)
        secret = "whsec_" + base64.b64encode(self.key).decode()
        server.call("PUT", "/v1/secrets/hook-key", {"value": secret})
        task = self.create(server, "hooked")
        told, = self.settled(server, task, "failed")
        self.assertIn("not allowed", told["error"])
        self.assertEqual(receiver.count(), 0)

    def problems(self, definitions):
        """What `config check` says of them, without the file's name."""
        directory = tempfile.mkdtemp(dir=self.top)
        with open(os.path.join(directory, "all.yaml"), "w", encoding="utf-8") as file:
            file.write(definitions)
        ran = subprocess.run([serving.WAYBILL[0], "config", "check", "--definitions", directory],
                             cwd=self.top, capture_output=True, text=True, check=False)
        self.assertEqual(ran.returncode, 2, ran.stderr)
        return [line.split("all.yaml:", 1)[1] for line in ran.stderr.splitlines()
                if "all.yaml:" in line]

    def test_what_has_not_the_form_is_said_with_its_place(self):
        found = self.problems("""tasks:
  a:
    command: [x]
    notify:
      - on: dead
        mail: ops@example.org
      - {on: failed}
      - mail: {subject: hello}
      - webhook: {url: "https://x", secrets: []}
""")
        self.assertEqual([line.split(": ")[0] for line in found],
                         ["5:13", "7:9", "8:9", "9:46"], found)

    def test_what_can_never_be_sent_is_said_with_its_place(self):
        found = self.problems("""tasks:
  a:
    command: [x]
    notify:
      - mail: {to: [ops], subject: hello}
      - mail: {to: ops@example.org, subject: "${{ tsak.id }}"}
      - webhook: {url: "ftp://x", secrets: [key]}
pipelines:
  p:
    notify: {mail: "a b@example.org"}
    steps: {s: {task: {kind: noop, notify: {mail: "x"}}}}
""")
        self.assertEqual([line.split(": ")[0] for line in found],
                         ["5:21", "6:46", "7:24", "10:20", "11:51"], found)
        self.assertIn('did you mean "task"', found[1])


if __name__ == "__main__":
    place.main()
