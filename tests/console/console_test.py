#!/usr/bin/env python3
"""The console in a browser, against the real server: pages, actions, live updates, reconnect, and
who may not. Exit status 77: there is no Chromium, or npm cannot be reached."""

import argparse
import base64
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", folder)
                for folder in ("definitions", "http", "login", "servers")]
import github  # pylint: disable=wrong-import-position
import npm_packages  # pylint: disable=wrong-import-position
import serving  # pylint: disable=wrong-import-position
from material import (  # pylint: disable=wrong-import-position
    CHANGED, CRAWL, DEFINITIONS, DROP, ERROR_OF_OTHERS, HOSTILE, OF_GIT, SCANS)
from place import LoginServing  # pylint: disable=wrong-import-position
from serving import Serving, until  # pylint: disable=wrong-import-position
from upstream import Upstream  # pylint: disable=wrong-import-position

OPTIONS = argparse.Namespace()
PATIENCE_SECONDS = 240
LONG = 420  # tasks: many more than are drawn
LEASES = 230  # more than two pages
LINES = 5000  # of a log: as many as are shown
LARGE = 24  # runs of 1 MB each: a page has a third of them


def find_chromium():
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if shutil.which(name):
            return shutil.which(name)
    return None


class Browser:
    """A program of Node beside a server. It asks for what only we can do by a line `wish WORD`."""

    def __init__(self, program, server, **more):
        words = {"url": server.url, "chromium": OPTIONS.chromium, "screens": OPTIONS.screens,
                 **more}
        self.process = subprocess.Popen(
            ["node", os.path.join(OPTIONS.directory, program), json.dumps(words)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def run(self, wishes):
        said = []
        for line in self.process.stdout:
            said.append(line)
            if line.startswith("wish "):
                wishes[line.split()[1]]()
                self.process.stdin.write("granted\n")
                self.process.stdin.flush()
        self.process.stdin.close()
        self.process.stdout.close()
        return self.process.wait(PATIENCE_SECONDS), "".join(said)


class ServingWithWorker(Serving):
    """`waybill up`."""

    def command(self, *words):
        return super().command(*(("up", *words[1:]) if words[0] == "serve" else words))


class ConsoleTest(unittest.TestCase):
    def serve(self, kind=Serving, scans=""):
        top = tempfile.mkdtemp(prefix="waybill-console-")
        self.addCleanup(shutil.rmtree, top)
        with open(os.path.join(top, "all.yaml"), "w", encoding="utf-8") as file:
            file.write(DEFINITIONS + scans)
        crawl = os.path.join(top, "crawl.sh")
        with open(crawl, "w", encoding="utf-8") as file:
            file.write(CRAWL)
        os.chmod(crawl, 0o755)
        for name in DROP:
            path = os.path.join(top, "drop", name.split("/")[0], name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="utf-8") as file:
                file.write("x")
        self.definitions = os.path.join(top, "all.yaml")
        server = kind("--definitions", top, "--webhook-networks", "127.0.0.0/8",
                      environment={"WAYBILL_SECRET_KEY":
                                   base64.b64encode(os.urandom(32)).decode()})
        self.addCleanup(server.close)
        return server

    def browse(self, program, server, wishes=None, **more):
        status, said = Browser(program, server, **more).run(wishes or {})
        print(said)
        self.assertEqual(status, 0, said + server.log())

    def fill(self, server):
        """Tasks in every state, of every kind that pages show."""
        def make(definition, **more):
            made = server.post("/v1/tasks", {"definition": definition, **more})
            self.assertIn(made.status, (200, 201), made)
            return made.json["task"]["id"]

        server.post("/v1/queues/held/pause", {})
        server.post("/v1/schedules/every-morning/pause", {"reason": HOSTILE})
        secret = "whsec_" + base64.b64encode(os.urandom(32)).decode()
        put = server.call("PUT", "/v1/secrets/ci-webhook", {"value": secret})
        self.assertEqual(put.status, 201, put)
        # Nobody listens there: its messages are sent again and again.
        put = server.call("PUT", "/v1/webhooks/ci", {
            "url": "http://127.0.0.1:9/hook", "states": ["failed"], "secrets": ["ci-webhook"]})
        self.assertEqual(put.status, 201, put)
        tasks = {"greet": make("greet", params={"who": "you", "times": 3}),
                 "fails": make("fails"), "crawl": make("crawl"), "file": make("leaves-a-file"),
                 "held": make("held"), "later": make("greet", params={"who": "her"}, delay="2h")}
        tasks["blocked"] = make("greet", params={"who": "him"}, waits_for=[tasks["held"]])
        tasks["hostile"] = make("greet", params={"who": HOSTILE + "x" * 10_000},
                                labels={"title": HOSTILE, "long": "y" * 1000}, delay="3h")
        plain = server.post("/v1/tasks", {
            "kind": "command", "spec": {"command": ["false"]}, "delay": "4h", "priority": 7,
            "retry": {"failures": 2}, "labels": {"team": "ops", "note": "two words"}})
        tasks["plain"] = plain.json["task"]["id"]
        gone = make("held")
        server.post(f"/v1/tasks/{gone}/cancel", {"reason": HOSTILE})
        tasks["cancelled"] = gone
        for name, state in (("greet", "succeeded"), ("fails", "failed"), ("crawl", "leased"),
                            ("file", "succeeded")):
            until(lambda name=name, state=state:
                  server.get(f"/v1/tasks/{tasks[name]}").json["state"] == state, name)
        return tasks

    def plan(self):
        """What a dry run says of the drop that the repository has, in a file."""
        top = tempfile.mkdtemp(prefix="waybill-plan-")
        self.addCleanup(shutil.rmtree, top)
        definitions = os.path.join(HERE, "..", "..", "examples", "demo", "definitions")
        path = os.path.join(top, "plan.json")
        with open(path, "wb") as file:
            subprocess.run([OPTIONS.waybill, "scan", "--dry-run", "--json", "--data",
                            os.path.join(top, "data"), "--definitions", definitions,
                            "--now", "2020-10-31T12:00:00Z"], stdout=file, check=True)
        return path

    def test_every_page_light_and_dark(self):
        server = self.serve(ServingWithWorker, SCANS)
        until(lambda: server.get("/v1/scans").json["scans"][0]["latest"], "a pass of the scan")
        self.browse("pages.mjs", server, tasks=self.fill(server), hostile=HOSTILE,
                    plan=self.plan())

    def test_what_people_do(self):
        server = self.serve(ServingWithWorker)
        self.browse("actions.mjs", server, tasks=self.fill(server))

    def test_what_others_wrote_breaks_no_page(self):
        server = self.serve()
        made = server.post("/v1/tasks", {"definition": "held", "retry": {
            "failures": 9, "backoff": "6h", "backoff_max": "6h", "jitter": 0}})
        self.assertEqual(made.status, 201, made)
        claimed, = server.post("/v1/claims", {
            "worker": "w", "queues": ["held"], "limit": 1, "lease": "10m"}).json["tasks"]
        done = server.post("/v1/finishes", {"tasks": [
            {"id": claimed["id"], "fence": claimed["fence"], "outcome": "failed",
             "error": ERROR_OF_OTHERS}]})
        self.assertEqual(done.json["tasks"][0]["state"], "scheduled", done)
        self.browse("hostile.mjs", server, task=claimed["id"], error=ERROR_OF_OTHERS)

    def test_pipelines_are_run_and_looked_at(self):
        server = self.serve(ServingWithWorker)
        if "/v1/runs" not in server.get("/v1/openapi.json").json["paths"]:
            self.skipTest("this server's API has no runs")
        self.browse("runs.mjs", server)

    def test_it_goes_on_after_a_restart(self):
        server = self.serve()
        def make():
            self.assertEqual(server.post("/v1/tasks", {"definition": "held"}).status, 201)
        claimed = []
        def log():
            if not claimed:
                claimed.extend(server.post("/v1/claims", {
                    "worker": "w", "queues": ["held"], "limit": 1, "lease": "10m"}).json["tasks"])
                claimed.append(0)
            task, claimed[1] = claimed[0], claimed[1] + 1
            said = server.post(f"/v1/tasks/{task['id']}/logs", {
                "fence": task["fence"],
                "chunks": [{"stream": "stdout", "text": f"line {claimed[1]}\n"}]})
            self.assertIn(said.status, (200, 204), said)
        self.browse("reconnect.mjs", server, {"make": make, "log": log,
                                              "stop": server.terminate, "start": server.start})

    def test_a_long_list_is_scrolled(self):
        server = self.serve()
        def make(count=1):
            made = server.post("/v1/tasks", {"tasks": [{"definition": "held"}] * count})
            self.assertEqual(made.status, 200, made)
        make(LONG)
        self.browse("rows.mjs", server, {"make": make}, total=LONG)

    def test_one_comes_back_to_the_place_in_a_long_list(self):
        server = self.serve()
        made = server.post("/v1/tasks", {"tasks": [{"definition": "held"}] * LONG})
        self.assertEqual(made.status, 200, made)
        for day in range(LONG):
            made = server.post("/v1/runs", {"pipeline": "archive", "params": {"day": str(day)}})
            self.assertEqual(made.status, 201, made)
        pin = {"kind": "ipfs.pin", "spec": {}, "delay": "1h", "params": {
            "cid": "bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi"}}
        made = server.post("/v1/tasks", {"tasks": [pin] * LEASES})
        self.assertEqual(made.status, 200, made)
        for number in range(LEASES):
            made = server.post("/v1/collections", {"title": f"Collection {number}"})
            self.assertEqual(made.status, 201, made)
        self.browse("places.mjs", server, runs=LONG, leases=LEASES)

    def test_pages_that_were_cut_short_are_followed_by_the_next(self):
        server = self.serve()
        for number in range(LARGE):
            made = server.post("/v1/runs", {"pipeline": "archive", "params": {
                "day": f"{number} " + "x" * 1_000_000}})
            self.assertEqual(made.status, 201, made)
        task = server.post("/v1/tasks", {"definition": "held"}).json["task"]["id"]
        self.browse("large.mjs", server, runs=LARGE, task=task)

    def test_what_is_remembered_is_bounded_and_what_is_refused_is_gone(self):
        server = self.serve()
        task = server.post("/v1/tasks", {"definition": "held"}).json["task"]["id"]
        made = server.post("/v1/runs", {"pipeline": "archive", "params": {"day": "1"}})
        self.assertEqual(made.status, 201, made)
        self.browse("memory.mjs", server, task=task)

    def test_the_focus_is_seen_and_long_logs_stay_in_their_frame(self):
        server = self.serve()
        made = server.post("/v1/tasks", {"tasks": [{"definition": "held"}] * 40})
        self.assertEqual(made.status, 200, made)
        task, = server.post("/v1/claims", {
            "worker": "w", "queues": ["held"], "limit": 1, "lease": "10m"}).json["tasks"]
        text = "".join(f"line {line}\n" for line in range(1, LINES + 1))
        said = server.post(f"/v1/tasks/{task['id']}/logs", {
            "fence": task["fence"], "chunks": [{"stream": "stderr", "text": text}]})
        self.assertIn(said.status, (200, 204), said)
        done = server.post("/v1/finishes", {"tasks": [
            {"id": task["id"], "fence": task["fence"], "outcome": "succeeded"}]})
        self.assertEqual(done.status, 200, done)
        self.browse("reach.mjs", server, task=task["id"], lines=LINES)

    def test_charts_and_counts_move(self):
        server = self.serve(ServingWithWorker)
        server.post("/v1/queues/held/pause", {})
        count = 12
        def make():
            made = server.post("/v1/tasks", {"tasks": [{"definition": "held"}] * count})
            self.assertEqual(made.status, 200, made)
        def let():
            server.post("/v1/queues/held/resume", {})
            live = "/v1/tasks?queue=held&state=ready&state=leased"
            until(lambda: not server.get(live).json["tasks"], "all have run")
            server.post("/v1/queues/held/pause", {})
        self.browse("live.mjs", server, {"make": make, "let": let}, count=count)

    def test_start_says_who_may_and_definitions_their_commit(self):
        upstream = Upstream()
        self.addCleanup(upstream.close)
        commit = upstream.commit({"all.yaml": OF_GIT % "true"})
        server = Serving("--definitions-from", f"{upstream.path}#main",
                         "--definitions-every", "1s")
        self.addCleanup(server.close)
        tokens = {name: server.run("token", "create", "--name", name, "--role", role).strip()
                  for name, role in (("viewer", "viewer"), ("dave", "submitter"),
                                     ("carol", "submitter"))}
        server.token = tokens["viewer"]
        def source():
            return server.get("/v1/definitions/free").json["source"]
        def change():
            made = upstream.commit({"all.yaml": OF_GIT % "false"})
            until(lambda: source()["commit"] == made, "the commit is followed")
        self.browse("start.mjs", server, {"commit": change}, tokens=tokens, commit=commit,
                    repository=source()["repository"])

    def test_pins_are_looked_at_and_ended(self):
        server = self.serve()
        cid = "bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi"
        for name, fields in (("wikipedia", {"for": "30d", "copies": 3}), (HOSTILE, {})):
            made = server.post("/v1/tasks", {"kind": "ipfs.pin", "spec": {},
                                             "params": {"cid": cid, "name": name, **fields}})
            self.assertEqual(made.status, 201, made)
        server.run("collection", "create", "--title", "Tides", "--item", "https://tides.invalid/a")
        def answer():
            claimed, = server.post("/v1/claims", {"worker": "node", "queues": ["default"],
                                                  "kinds": ["ipfs.pins"]}).json["tasks"]
            pins = [{"name": "wikipedia", "cid": cid, "held": "for good", "task": claimed["id"]}]
            done = server.post("/v1/finishes", {"tasks": [
                {"id": claimed["id"], "fence": claimed["fence"], "outcome": "succeeded",
                 "result": {"pins": pins}}]})
            self.assertEqual(done.status, 200, done)
        self.browse("pins.mjs", server, {"answer": answer})

    def test_what_was_is_there_after_a_restart(self):
        server = self.serve(ServingWithWorker, SCANS)
        until(lambda: server.get("/v1/scans").json["scans"][0]["latest"], "a pass of the scan")
        def change():
            server.terminate()
            with open(self.definitions, encoding="utf-8") as file:
                text = file.read()
            for old, new in CHANGED:
                self.assertIn(old, text)
                text = text.replace(old, new)
            with open(self.definitions, "w", encoding="utf-8") as file:
                file.write(text)
            server.start()
        def start():
            made = server.post("/v1/runs", {"pipeline": "archive", "params": {"day": "now"}})
            self.assertEqual(made.status, 201, made)
            nodes = f"/v1/runs/{made.json['id']}/nodes"
            until(lambda: server.get(nodes).json["nodes"], "its first task is made")
        self.browse("kept.mjs", server, {"change": change, "run": start})

    def test_people_log_in_at_a_provider_and_come_back_to_their_page(self):
        provider = github.Github()
        self.addCleanup(provider.close)
        server = self.serve(LoginServing)
        task = server.post("/v1/tasks", {"definition": "held"}).json["task"]["id"]
        definitions = server.words
        server.write("secret", github.github_stand_in.CLIENT[1] + "\n")
        people = [{"match": {"provider": "github", "login": "ann"}, "role": "operator"}]
        place = f"http://localhost:{server.port}"
        server.let_in({**provider.login_file(people), "base_url": place}, *definitions)
        root = server.run("token", "create", "--name", "root", "--role", "admin").strip()
        self.browse("session.mjs", server, task=task, place=place, provider=provider.url,
                    root=root)

    def test_readers_far_away_and_without_a_mouse(self):
        server = self.serve(ServingWithWorker, SCANS)
        until(lambda: server.get("/v1/scans").json["scans"][0]["latest"], "a pass of the scan")
        self.browse("readers.mjs", server, tasks=self.fill(server))

    def test_who_may_not_is_refused_at_each_action(self):
        server = self.serve(ServingWithWorker, SCANS)
        tasks = self.fill(server)
        run = server.post("/v1/runs", {"pipeline": "archive", "params": {"day": "1"}}).json["id"]
        until(lambda: any(node["path"] == "approve" for node in
                          server.get(f"/v1/runs/{run}/nodes").json["nodes"]), "it is asked for")
        viewer = server.run("token", "create", "--name", "viewer", "--role", "viewer").strip()
        self.browse("denied.mjs", server, tasks=tasks, run=run, viewer=viewer)

    def test_a_token_lets_in_and_says_what_one_may(self):
        server = self.serve()
        tokens = {role: server.run("token", "create", "--name", role, "--role", role).strip()
                  for role in ("admin", "viewer")}
        server.token = tokens["admin"]
        task = server.post("/v1/tasks", {"definition": "held"}).json["task"]["id"]
        self.browse("login.mjs", server, tokens=tokens, task=task)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--waybill", required=True, help="the program that is tested")
    parser.add_argument("--directory", required=True, help="where npm packages are installed")
    parser.add_argument("--screens", required=True, help="where screenshots go")
    parser.add_argument("--only", help="the name of one test")
    parser.parse_args(namespace=OPTIONS)
    serving.WAYBILL[0] = OPTIONS.waybill
    OPTIONS.chromium = find_chromium()
    if not OPTIONS.chromium:
        npm_packages.skip("chromium is not installed")
    npm_packages.install(HERE, OPTIONS.directory, "playwright-core")
    os.makedirs(OPTIONS.screens, exist_ok=True)
    unittest.main(argv=[sys.argv[0], *([f"ConsoleTest.{OPTIONS.only}"] if OPTIONS.only else [])])


if __name__ == "__main__":
    main()
