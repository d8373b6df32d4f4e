"""What tests of notifications work with: a mail server with STARTTLS and a login (Debian's
aiosmtpd), and `waybill up` that knows it."""

import base64
import email
import email.policy
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
schedules:
  weekly:
    cron: "0 3 * * 0"
    pipeline: release
    params: {tag: v1}
    notify: {on: succeeded, mail: weekly@example.org}
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


class NotifyingTest(unittest.TestCase):
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


def main():
    top = tempfile.mkdtemp(prefix="waybill-notify-place-")
    try:
        found = subprocess.run([PYTHON, "-c", "import aiosmtpd"], check=False,
                               stderr=subprocess.DEVNULL)
        if found.returncode != 0:
            print("left out: there is no aiosmtpd (python3-aiosmtpd)")
            sys.exit(77)
        PLACE["certificate"], PLACE["key"] = make_certificate(top, "server")
        serving.main()
    finally:
        shutil.rmtree(top)
