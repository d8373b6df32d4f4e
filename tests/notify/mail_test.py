#!/usr/bin/env python3
"""Mail to a real server with STARTTLS and a login: tried again where that may help, and not where
it may not. Exit status 77: there is no aiosmtpd."""

import place
from place import PASSWORD, NotifyingTest, until


class MailTest(NotifyingTest):
    def test_a_failed_task_is_told_by_one_mail(self):
        mail = self.mail_server()
        server = self.up(mail)
        task = self.create(server, "breaks")
        told = self.settled(server, task, "succeeded")
        self.assertEqual([each["kind"] for each in told], ["notify.mail"])
        (line, message), = mail.mails()
        self.assertEqual((line["sender"], line["to"]),
                         ("waybill@example.org", ["ops@example.org"]))
        self.assertTrue(line["tls"] and line["login"])
        self.assertEqual(message["Subject"], "breaks failed")
        self.assertEqual(message["To"], "ops@example.org")
        self.assertEqual(message["Message-ID"], f"<{told[0]['id']}@example.org>")
        self.assertEqual(message["Auto-Submitted"], "auto-generated")
        text = message.get_content()
        for part in ("command", "exit status 3", f"waybill task show {task}", "took"):
            self.assertIn(part, text)
        self.assertEqual(self.task(server, task)["state"], "failed")

    def test_texts_are_filled_in_and_no_header_gets_in(self):
        mail = self.mail_server()
        server = self.up(mail)
        who = "ann\r\nBcc: eve@example.org\r\n\r\nhello ü"
        task = self.create(server, "told", params={"who": who})
        self.settled(server, task, "succeeded")
        mails = mail.mails()
        self.assertEqual(sorted(line["to"][0] for line, _ in mails),
                         ["a@example.org", "b@example.org"])
        for line, message in mails:
            self.assertEqual(len(line["to"]), 1)
            self.assertIsNone(message["Bcc"])
            self.assertEqual(message["To"], "a@example.org, b@example.org")
            self.assertEqual(message["Subject"],
                             "ann  Bcc: eve@example.org    hello ü: told failed")
            self.assertTrue(message.get_content().startswith("Größe data\r\nThe task told failed")
                            or message.get_content().startswith("Größe data\nThe task told failed"))

    def test_one_that_greylists_gets_it_later_and_the_others_once(self):
        mail = self.mail_server()
        mail.behave(once={"b@example.org": "451 4.7.1 greylisted, come back"})
        server = self.up(mail)
        task = self.create(server, "told", params={"who": "x"})
        told = self.settled(server, task, "scheduled")
        self.assertIn("451 4.7.1 greylisted, come back", told[0]["error"])
        self.assertEqual([line["to"] for line, _ in mail.mails()], [["a@example.org"]])
        # Rather than to wait for half a minute.
        amended = server.call("PATCH", f"/v1/tasks/{told[0]['id']}",
                              {"run_at": "2020-01-01T00:00:00Z"})
        self.assertEqual(amended.status, 200, amended)
        self.settled(server, task, "succeeded")
        self.assertEqual([line["to"] for line, _ in mail.mails()],
                         [["a@example.org"], ["b@example.org"]])

    def test_one_that_is_refused_for_good_keeps_it_from_no_other(self):
        mail = self.mail_server()
        mail.behave(rcpt={"a@example.org": "550 5.1.1 no such mailbox"})
        server = self.up(mail)
        task = self.create(server, "told", params={"who": "x"})
        told, = self.settled(server, task, "failed")
        self.assertIn("550 5.1.1 no such mailbox", told["error"])
        self.assertEqual(told["attempt"], 1)
        self.assertEqual([line["to"] for line, _ in mail.mails()], [["b@example.org"]])
        # It is a dead letter like others: done again, who has it is not told again.
        mail.behave()
        self.assertEqual(server.post(f"/v1/tasks/{told['id']}/retry", {}).status, 200)
        self.settled(server, task, "succeeded")
        self.assertEqual([line["to"] for line, _ in mail.mails()],
                         [["b@example.org"], ["a@example.org"]])

    def test_one_that_was_delivered_is_sent_again_to_all_when_a_person_wants_that(self):
        mail = self.mail_server()
        server = self.up(mail)
        task = self.create(server, "told", params={"who": "x"})
        first, = self.settled(server, task, "succeeded")
        target = f"/v1/tasks/{first['id']}/retry"
        # Who retried what failed, and lost the answer, asks again: by then it is delivered.
        refused = server.post(target, {})
        self.assertEqual(refused.status, 409, refused)
        self.assertIn('"again": true', refused.json["detail"])
        self.assertEqual(len(server.get("/v1/tasks?queue=notifications").json["tasks"]), 1)
        # Who asks for it twice by one key asks once.
        key = {"Idempotency_Key": "once-more"}
        answer = server.post(target, {"again": True}, **key)
        self.assertEqual(answer.status, 200, answer)
        self.assertEqual(server.post(target, {"again": True}, **key).json["id"],
                         answer.json["id"])
        self.assertNotEqual(answer.json["id"], first["id"])
        self.assertEqual(answer.json["labels"], {"resends": first["id"]})
        resent = f"/v1/tasks?label=resends={first['id']}"
        self.assertEqual(len(server.get(resent).json["tasks"]), 1)
        # And from the command line.
        with self.assertRaisesRegex(AssertionError, "to send it once more"):
            server.run("task", "retry", first["id"])
        again = ("task", "retry", "--again", first["id"])
        self.assertIn("would be sent again", server.run(*again, "--dry-run"))
        self.assertEqual(len(server.get(resent).json["tasks"]), 1)
        self.assertIn("sent again as ", server.run(*again))
        until(lambda: [each["state"] for each in server.get(resent).json["tasks"]] ==
              2 * ["succeeded"], "both that were sent again")
        mails = mail.mails()
        self.assertEqual(sorted(line["to"][0] for line, _ in mails),
                         3 * ["a@example.org"] + 3 * ["b@example.org"])
        self.assertEqual(len({message["Message-ID"] for _, message in mails}), 3)
        self.assertEqual(len({message.get_content() for _, message in mails}), 1)
        self.assertEqual(self.task(server, first["id"])["state"], "succeeded")
        # Many at once are those that failed, whatever states are named.
        bulk = server.post("/v1/bulk/retry", {"filter": {"queue": "notifications",
                                                         "states": ["succeeded"]}})
        self.assertEqual(bulk.json["changed"] if bulk.status == 200 else 0, 0, bulk)
        self.assertEqual(len(server.get(resent).json["tasks"]), 2)

    def test_a_wrong_password_is_tried_once(self):
        mail = self.mail_server()
        server = self.up(mail, password="wrong")
        task = self.create(server, "breaks")
        told, = self.settled(server, task, "failed")
        self.assertIn("login was refused", told["error"])
        self.assertNotIn("wrong", told["error"])
        self.assertEqual(told["attempt"], 1)
        self.assertEqual([line["right"] for line in mail.log() if "login" in line], [False])

    def test_a_certificate_that_is_not_trusted_gets_no_password(self):
        mail = self.mail_server()
        server = self.up(mail, trusted=False)
        task = self.create(server, "breaks")
        told, = self.settled(server, task, "scheduled")
        self.assertIn("SSL_CERT_FILE", told["error"])
        self.assertEqual(mail.log(), [])

    def test_a_server_without_encryption_gets_nothing(self):
        mail = self.mail_server(tls=False, login=None)
        server = self.up(mail, password=None)
        task = self.create(server, "breaks")
        told, = self.settled(server, task, "scheduled")
        self.assertIn("STARTTLS", told["error"])
        self.assertEqual(mail.log(), [])

    def test_without_encryption_if_that_is_wanted(self):
        mail = self.mail_server(tls=False, login=None)
        server = self.up(mail, "--mail-tls", "none", password=None)
        task = self.create(server, "breaks")
        self.settled(server, task, "succeeded")
        (line, _), = mail.mails()
        self.assertFalse(line["tls"])

    def test_a_server_that_is_away_is_asked_again(self):
        mail = self.mail_server()
        mail.end()
        server = self.up(mail)
        task = self.create(server, "breaks")
        told, = self.settled(server, task, "scheduled")
        self.assertIn(f"smtp://localhost:{mail.port}", told["error"])

    def test_a_server_that_hangs_holds_up_no_stop_and_no_task(self):
        mail = self.mail_server()
        mail.behave(hang=True)
        server = self.up(mail, "--grace", "100ms")
        task = self.create(server, "breaks")
        until(lambda: any("hang" in line for line in mail.log()), "the server to hang")
        quiet = self.create(server, "quiet")
        until(lambda: self.task(server, quiet)["state"] == "succeeded", "another task")
        self.assertEqual(server.terminate(), 0)
        mail.behave()
        server.start()
        self.settled(server, task, "succeeded")
        self.assertEqual(len(mail.mails()), 1)

    def test_without_a_mail_server_it_fails_and_says_what_is_missing(self):
        server = self.up()
        task = self.create(server, "breaks")
        told, = self.settled(server, task, "failed")
        self.assertIn("mail_url", told["error"])

    def test_a_password_from_the_secrets(self):
        mail = self.mail_server()
        server = self.up(mail, "--mail-username", "waybill", "--mail-password-secret", "mail",
                         password=None)
        put = server.call("PUT", "/v1/secrets/mail", {"value": PASSWORD})
        self.assertEqual(put.status, 201, put)
        task = self.create(server, "breaks")
        self.settled(server, task, "succeeded")
        self.assertTrue(mail.mails()[0][0]["login"])


if __name__ == "__main__":
    place.main()
