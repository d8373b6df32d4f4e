#!/usr/bin/env python3
"""Who is told of ends, against a real mail server with STARTTLS and a login (Debian's aiosmtpd),
and a real receiver of webhooks: once for each end, tried again where that may help, and not where
it may not. Exit status 77: there is no aiosmtpd."""

import base64
import email
import email.policy
import hashlib
import hmac
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "http")]
import serving  # pylint: disable=wrong-import-position
from serving import Serving, until  # pylint: disable=wrong-import-position
from webhooks_test import Receiver  # pylint: disable=wrong-import-position

PYTHON = "/usr/bin/python3"  # Debian's, which has Debian's aiosmtpd
PASSWORD = "correct horse"
PLACE = {}

DEFINITIONS = r"""
tasks:
  quiet: {kind: noop}
  breaks:
    command: [sh, -c, 'echo "no such host" >&2; exit 3']
    notify: {mail: ops@example.org}
  fine:
    command: ["true"]
    notify:
      on: succeeded
      mail: ops@example.org
  told:
    command: ["false"]
    labels: {team: data}
    params: {type: object}
    notify:
      - on: [failed, cancelled]
        mail:
          to: [a@example.org, b@example.org]
          subject: "${{ task.params.who }}: ${{ name }} ${{ outcome }}"
          text: "Größe ${{ task.labels.team }}\n${{ summary }}"
  hooked:
    command: ["false"]
    notify:
      on: [succeeded, failed]
      webhook: {url: "URL", secrets: [hook-key]}
  both:
    command: ["false"]
    notify:
      - mail: ops@example.org
        webhook: {url: "URL", secrets: [hook-key]}
pipelines:
  release:
    params: {type: object}
    notify:
      - on: [succeeded, failed, cancelled]
        mail: ops@example.org
    steps:
      build: {task: quiet}
"""


def make_certificate(directory, name):
    paths = [os.path.join(directory, name + end) for end in (".pem", ".key")]
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
         "-nodes", "-days", "30", "-subj", "/CN=localhost", "-addext",
         "subjectAltName=DNS:localhost", "-keyout", paths[1], "-out", paths[0]],
        check=True, stderr=subprocess.DEVNULL)
    return paths


class MailServer:
    def __init__(self, login=f"waybill:{PASSWORD}", tls=True):
        self.directory = tempfile.mkdtemp(prefix="waybill-mail-")
        words = ["--directory", self.directory]
        if tls:
            words += ["--certificate", PLACE["certificate"], "--key", PLACE["key"]]
        if login:
            words += ["--login", login]
        with open(os.path.join(self.directory, "stderr"), "wb") as log:
            self.process = subprocess.Popen(
                [PYTHON, "-B", os.path.join(HERE, "smtp_server.py"), *words],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log)
        self.port = int(self.process.stdout.readline())
        self.url = f"smtp://localhost:{self.port}"

    def behave(self, **behaviour):
        path = os.path.join(self.directory, "behaviour")
        with open(path + ".part", "w", encoding="utf-8") as file:
            json.dump(behaviour, file)
        os.rename(path + ".part", path)

    def log(self):
        try:
            with open(os.path.join(self.directory, "log"), encoding="utf-8") as file:
                return [json.loads(line) for line in file]
        except FileNotFoundError:
            return []

    def mails(self):
        """What it was told with each, and the message."""
        taken = []
        for line in self.log():
            if "mail" in line:
                with open(line["mail"], "rb") as file:
                    taken.append((line, email.message_from_binary_file(
                        file, policy=email.policy.default)))
        return taken

    def end(self):
        self.process.stdin.close()  # it ends then
        self.process.wait(serving.PATIENCE_SECONDS)

    def close(self):
        self.end()
        self.process.stdout.close()
        shutil.rmtree(self.directory)


class Up(Serving):
    """`waybill up`, which runs tasks too."""

    def command(self, *words):
        return super().command(*(("up", *words[1:]) if words[0] == "serve" else words))


class NotifyTest(unittest.TestCase):
    def setUp(self):
        self.top = tempfile.mkdtemp(prefix="waybill-notify-")
        self.addCleanup(shutil.rmtree, self.top)
        self.key = os.urandom(32)

    def mail_server(self, **how):
        server = MailServer(**how)
        self.addCleanup(server.close)
        return server

    def write(self, name, text):
        path = os.path.join(self.top, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def up(self, mail=None, *words, definitions=DEFINITIONS, password=PASSWORD, trusted=True,
           url="https://localhost/"):
        definitions = definitions.replace("URL", url)
        self.definitions = os.path.join(self.top, "definitions")
        os.makedirs(self.definitions, exist_ok=True)
        self.write("definitions/all.yaml", definitions)
        given = ["--definitions", self.definitions]
        if mail is not None:
            given += ["--mail-url", mail.url, "--mail-from", "waybill@example.org"]
        if password is not None and mail is not None:
            given += ["--mail-username", "waybill", "--mail-password-file",
                      self.write("password", password + "\n")]
        environment = {"WAYBILL_SECRET_KEY": base64.b64encode(os.urandom(32)).decode()}
        if trusted:
            environment["SSL_CERT_FILE"] = PLACE["certificate"]
        server = Up(*given, *words, environment=environment)
        self.addCleanup(server.close)
        return server

    @staticmethod
    def create(server, definition, **members):
        answer = server.post("/v1/tasks", {"definition": definition, **members})
        assert answer.status == 201, answer
        return answer.json["task"]["id"]

    @staticmethod
    def task(server, task):
        return server.get(f"/v1/tasks/{task}").json

    @staticmethod
    def notifications(server, of=None):
        tasks = server.get("/v1/tasks?queue=notifications&limit=100").json["tasks"]
        return [task for task in tasks if of is None or task["created_by"] == f"notify:{of}"]

    def settled(self, server, of, state):
        """The notifications of a task, once all of them are in that state."""
        def found():
            tasks = self.notifications(server, of)
            return tasks if tasks and all(task["state"] == state for task in tasks) else None
        try:
            return until(found, f"notifications that {state}")
        except AssertionError as error:
            raise AssertionError(f"{error}: {self.notifications(server)} {server.log()}") from error

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

    def test_only_the_outcomes_that_are_wanted_are_told(self):
        mail = self.mail_server()
        server = self.up(mail)
        fine = self.create(server, "fine")
        self.settled(server, fine, "succeeded")
        self.assertEqual([message["Subject"] for _, message in mail.mails()], ["fine succeeded"])
        quiet = self.create(server, "quiet")
        until(lambda: self.task(server, quiet)["state"] == "succeeded", "the quiet one")
        self.assertEqual(self.notifications(server, quiet), [])

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

    def test_a_cancel_is_told_with_who_and_why(self):
        mail = self.mail_server()
        server = self.up(mail)
        task = self.create(server, "told", run_at="2999-01-01T00:00:00Z", params={"who": "x"})
        answer = server.post(f"/v1/tasks/{task}/cancel", {"reason": "wrong day"})
        self.assertEqual(answer.status, 200, answer)
        self.settled(server, task, "succeeded")
        self.assertIn("wrong day", mail.mails()[0][1].get_content())

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

    def test_each_end_is_told_once_over_kill_9(self):
        mail = self.mail_server(tls=False, login=None)
        server = self.up(mail, "--mail-tls", "none", password=None)
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
                         ["5:13", "7:9", "8:15", "9:46"], found)

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
                         ["5:21", "6:46", "7:23", "10:20", "11:51"], found)
        self.assertIn('did you mean "task"', found[1])


def main():
    parser_top = tempfile.mkdtemp(prefix="waybill-notify-place-")
    try:
        found = subprocess.run([PYTHON, "-c", "import aiosmtpd"], check=False,
                               stderr=subprocess.DEVNULL)
        if found.returncode != 0:
            print("left out: there is no aiosmtpd (python3-aiosmtpd)")
            sys.exit(77)
        PLACE["certificate"], PLACE["key"] = make_certificate(parser_top, "server")
        PLACE["other"], PLACE["other_key"] = make_certificate(parser_top, "other")
        serving.main()
    finally:
        shutil.rmtree(parser_top)


if __name__ == "__main__":
    main()
