#!/usr/bin/env python3
"""Clients that others have written: a fuzzer that the OpenAPI document drives, an EventSource as
browsers have it, and Prometheus's own reader of metrics. Exit status 77: they are not to be had."""

import argparse
import base64
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

import serving
from serving import Serving

PATIENCE_SECONDS = 400  # of a fuzzer that takes half a minute where nothing else runs
OPTIONS = argparse.Namespace()


def node(program, *words):
    return subprocess.Popen(["node", program, *map(str, words)], cwd=OPTIONS.directory,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


class NpmTest(unittest.TestCase):
    def test_every_answer_is_as_the_document_says(self):
        definitions = tempfile.mkdtemp(prefix="waybill-definitions-")
        self.addCleanup(shutil.rmtree, definitions)
        with open(os.path.join(definitions, "fuzz.yaml"), "w", encoding="ascii") as file:
            file.write('tasks:\n  fuzz-0:\n    kind: command\n    command: ["true"]\n'
                       'schedules:\n  fuzz-0: {cron: "0 3 1 1 *", task: fuzz-0}\n'
                       'pipelines:\n  fuzz-0:\n    steps: {ok: {wait: {approval: {}}}}\n'
                       'scans:\n  fuzz-0: {planner: batches, sources: {a: ./drop}, task: fuzz-0,\n'
                       '    path: "{batch}.{part}", parts: [data, sig]}\n')
        os.mkdir(os.path.join(definitions, "drop"))
        with open(os.path.join(definitions, "drop", "one.data"), "wb"):
            pass  # of a batch that stays incomplete
        key = os.path.join(definitions, ".key")
        with open(key, "w", encoding="ascii") as file:
            file.write(base64.b64encode(os.urandom(32)).decode())
        server = Serving("--definitions", definitions, "--secret-key-file", key)
        self.addCleanup(server.close)
        token = server.run("token", "create", "--name", "root", "--role", "admin", "--quiet")
        subprocess.run(server.command("scan", "--once", "--definitions", definitions), check=True)
        fuzzer = node("fuzz.mjs", server.url, OPTIONS.requests, OPTIONS.seed, token.strip())
        out, err = fuzzer.communicate(timeout=PATIENCE_SECONDS)
        print(out.splitlines()[-1] if out else err)
        self.assertEqual(fuzzer.returncode, 0, f"seed {OPTIONS.seed}: {out[-5000:]} {err[-3000:]}")
        self.assertEqual(server.terminate(), 0)

    def test_the_document_is_openapi_and_holds_together(self):
        server = Serving()
        self.addCleanup(server.close)
        linter = node("lint.mjs", server.url)
        out, err = linter.communicate(timeout=PATIENCE_SECONDS)
        self.assertEqual(linter.returncode, 0, out + err)
        self.assertRegex(out, r"^3\.1\.\d: \d+ operations, 0 faults\n$")

    def test_an_event_source_misses_nothing_over_a_restart(self):
        server = Serving()
        self.addCleanup(server.close)
        body = {"tasks": [{"kind": "command", "spec": {"command": ["true"]}}] * 10}
        source = node("event_source.mjs", f"{server.url}/v1/events", 31)
        self.addCleanup(source.kill)
        self.assertEqual(source.stdout.readline(), "open\n")
        first = server.post("/v1/tasks", body["tasks"][0]).json["task"]["id"]
        lines = [source.stdout.readline().split()]  # from here on it knows where it is
        ids = [first]
        for _ in range(3):
            created = server.post("/v1/tasks", body)
            self.assertEqual(created.status, 200, created)
            ids += [task["id"] for task in created.json["tasks"]]
            server.restart()
        out, err = source.communicate(timeout=PATIENCE_SECONDS)
        self.assertEqual(source.returncode, 0, err)
        lines += [line.split() for line in out.splitlines()]
        self.assertEqual([task for _, task, _ in lines], ids)
        numbers = [int(number) for number, _, _ in lines]
        self.assertEqual(numbers, sorted(set(numbers)))

    def test_receivers_of_others_take_the_messages_of_a_webhook(self):
        secret = "whsec_" + base64.b64encode(os.urandom(32)).decode()
        receiver = node("webhook_receiver.mjs", secret, 4)
        self.addCleanup(receiver.kill)
        port = receiver.stdout.readline().strip()
        server = Serving("--webhook-networks", "127.0.0.0/8",
                         environment={"WAYBILL_SECRET_KEY":
                                      base64.b64encode(os.urandom(32)).decode()})
        self.addCleanup(server.close)
        server.call("PUT", "/v1/secrets/key", {"value": secret})
        put = server.call("PUT", "/v1/webhooks/npm",
                          {"url": f"http://127.0.0.1:{port}/hook", "states": ["ready", "cancelled"],
                           "secrets": ["key"]})
        self.assertEqual(put.status, 201, put)
        tried = server.post("/v1/webhooks/npm/test", {})
        self.assertEqual(tried.json["error"], None, tried)
        task = server.post("/v1/tasks", {"kind": "command", "spec": {"command": ["true"]},
                                         "labels": {"name": "\u202e<b>é"}}).json["task"]["id"]
        server.post(f"/v1/tasks/{task}/cancel", {"reason": "enough"})
        # The receiver refuses one: it comes again.
        out, err = receiver.communicate(timeout=PATIENCE_SECONDS)
        self.assertEqual(receiver.returncode, 0, out + err + server.log())
        self.assertEqual(sorted(set(out.splitlines())),
                         sorted(["waybill.webhook.test undefined",
                                 f"waybill.task.ready {task}",
                                 f"waybill.task.cancelled {task}"]))

    @unittest.skipUnless(shutil.which("promtool"), "promtool is not installed")
    def test_promtool_finds_nothing_wrong_with_the_metrics(self):
        server = Serving()
        self.addCleanup(server.close)
        server.post("/v1/tasks", {"kind": "command", "spec": {"command": ["true"]}})
        checked = subprocess.run(["promtool", "check", "metrics"], capture_output=True, text=True,
                                 input=server.get("/metrics").body.decode(), check=False)
        self.assertEqual((checked.returncode, checked.stdout, checked.stderr), (0, "", ""))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--waybill", required=True, help="the program that is tested")
    parser.add_argument("--servers", required=True, help="tests/servers")
    parser.add_argument("--directory", required=True, help="where the clients are installed")
    parser.add_argument("--requests", type=int, default=1000, help="of the fuzzer")
    parser.add_argument("--seed", type=int, default=1)
    parser.parse_args(namespace=OPTIONS)
    serving.WAYBILL[0] = OPTIONS.waybill
    sys.path.insert(0, OPTIONS.servers)
    import npm_packages  # pylint: disable=import-outside-toplevel
    source = os.path.join(os.path.dirname(os.path.abspath(__file__)), "npm")
    npm_packages.install(source, OPTIONS.directory, "json-schema-faker")
    unittest.main(argv=sys.argv[:1])


if __name__ == "__main__":
    main()
