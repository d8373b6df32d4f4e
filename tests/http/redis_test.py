#!/usr/bin/env python3
"""`waybill up --compat task-mgmt` tells of tasks on Redis, and goes on without it. Exit status 77:
no Redis."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import unittest

import serving
from serving import PATIENCE_SECONDS, Serving, until

PASSWORD = "open:sesame@7"
URL_PASSWORD = "open%3asesame%407"

# The tasks wait for files, so that each step of theirs is seen.
DEFINITIONS = {"tasks": {
    "walk": {"shell": r"""
        for step in 1 2; do
          printf '{"progress": {"done": %d, "of": 4, "message": "step %d"}}\n' $step $step \
            >&"$WAYBILL_REPORT_FD"
          while [ ! -e "$PLACE/go-$step" ]; do sleep 0.02; done
        done
        printf '{"progress": {"percent": 0.9, "dest": "/there"}}\n' >&"$WAYBILL_REPORT_FD"
        """, "environment": {"PLACE": ""}},
    "fall": {"shell": "exit 3", "exit_codes": {3: "permanent"}},
    "quick": {"command": ["true"]}}}


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


class Redis:
    """A server of the test's own, with a password."""

    def __init__(self):
        self.directory = tempfile.mkdtemp(prefix="waybill-redis-")
        self.port, self.process = free_port(), None
        self.start()

    def start(self):
        with open(os.path.join(self.directory, "log"), "ab") as log:
            self.process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", "--", "redis-server", "--bind", "127.0.0.1",
                 "--port", str(self.port), "--save", "", "--requirepass", PASSWORD,
                 "--dir", self.directory], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        until(self.accepts, "Redis listens")

    def accepts(self):
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
            return True
        except OSError:
            return False

    def kill(self):
        self.process.kill()
        self.process.wait()

    def close(self):
        self.kill()
        shutil.rmtree(self.directory, ignore_errors=True)

    def url(self, password=URL_PASSWORD):
        return f"redis://:{password}@127.0.0.1:{self.port}/0"


class Listener:
    """A client of Redis that listens to what is told of tasks, as patchbay does."""

    def __init__(self, redis):
        self.socket = socket.create_connection(("127.0.0.1", redis.port), PATIENCE_SECONDS)
        self.file = self.socket.makefile("rb")
        self.say("AUTH", PASSWORD)
        assert self.hear() == "OK"
        self.say("PSUBSCRIBE", "tasks.*")
        assert self.hear() == [b"psubscribe", b"tasks.*", 1]

    def say(self, *words):
        text = b"".join(b"$%d\r\n%s\r\n" % (len(word), word.encode()) for word in words)
        self.socket.sendall(b"*%d\r\n%s" % (len(words), text))

    def hear(self):
        line = self.file.readline().strip()
        kind, rest = line[:1], line[1:]
        if kind == b"*":
            return [self.hear() for _ in range(int(rest))]
        if kind == b"$":
            return self.file.read(int(rest) + 2)[:-2]
        if kind == b":":
            return int(rest)
        if kind == b"+":
            return rest.decode()
        raise AssertionError(f"Redis says {line}")

    def next(self):
        """The next task that is told of."""
        kind, pattern, channel, body = self.hear()
        assert (kind, pattern) == (b"pmessage", b"tasks.*"), (kind, pattern)
        task = json.loads(body)
        assert channel.decode() == "tasks." + task["id"], channel
        return task

    def until(self, id, wanted):
        """The first message on that task that is wanted."""
        while True:
            task = self.next()
            if task["id"] == id and wanted(task):
                return task

    def close(self):
        self.file.close()
        self.socket.close()


class Up(Serving):
    def __init__(self, *words, **variables):
        self.variables = variables
        super().__init__(*words)

    def command(self, *words):
        return super().command(*(("up", *words[1:]) if words[0] == "serve" else words))

    def environment(self):
        return {**super().environment(), **self.variables}

    def start(self):
        path = os.path.join(self.top, "definitions")
        os.makedirs(path, exist_ok=True)
        DEFINITIONS["tasks"]["walk"]["environment"]["PLACE"] = self.top
        with open(os.path.join(path, "all.json"), "w", encoding="ascii") as file:
            json.dump(DEFINITIONS, file)
        self.words = ("--definitions", path, "--compat", "task-mgmt", *self.words)
        super().start()

    def task(self, type):
        answer = self.post("/tasks", {"type": type, "title": "A " + type, "params": {"a": 1}})
        assert answer.status == 200, answer
        return answer.json["data"]["id"]

    def go(self, step):
        with open(os.path.join(self.top, f"go-{step}"), "wb"):
            pass

    def ended(self, id, how):
        until(lambda: how in self.get(f"/tasks/{id}").json["data"], f"{how} is seen")


class Beside(Up):
    """Another server on the same ledger."""

    def __init__(self, up, **variables):
        self.up = up
        super().__init__(**variables)

    def start(self):
        self.data = self.up.data
        super().start()


class RedisTest(unittest.TestCase):
    def up(self, *words, **variables):
        up = Up(*words, **variables)
        self.addCleanup(up.close)
        return up

    def setUp(self):
        self.redis = Redis()
        self.addCleanup(self.redis.close)

    def listen(self):
        listener = Listener(self.redis)
        self.addCleanup(listener.close)
        return listener

    def file_of(self, url):
        path = os.path.join(self.redis.directory, "url")
        with open(path, "w", encoding="ascii") as file:
            file.write(url + "\n")
        return path

    def test_it_tells_of_each_step_of_a_task(self):
        up = self.up("--redis-url-file", self.file_of(self.redis.url()))
        listener = self.listen()
        id = up.task("walk")
        first = listener.until(id, lambda task: task["progress"]["step"] == 1)
        self.assertEqual(first["progress"], {"percent": 0.25, "step": 1, "steps": 4, "dest": "",
                                             "status": "step 1", "done": False})
        self.assertEqual((first["title"], first["type"], first["params"], first["userId"]),
                         ("A walk", "walk", {"a": 1}, "local"))
        self.assertIn("started", first)
        self.assertNotIn("succeeded", first)
        up.go(1)
        second = listener.until(id, lambda task: task["progress"]["step"] == 2)
        self.assertEqual(second["progress"]["percent"], 0.5)
        up.go(2)
        last = listener.until(id, lambda task: task["progress"]["done"])
        self.assertEqual(last["progress"]["percent"], 1)
        self.assertEqual(last["progress"]["dest"], "/there")
        self.assertIn("succeeded", last)
        # What GET says, and the progress.
        del last["progress"]
        self.assertEqual(up.get(f"/tasks/{id}").json["data"], last)

        failed = listener.until(up.task("fall"), lambda task: "failed" in task)
        self.assertEqual(failed["progress"]["error"], {})
        self.assertTrue(failed["error"])
        # Counted after Redis has answered, which is after the listener has heard.
        until(lambda: up.metric("waybill_redis_published_total") >= 6, "six are counted")
        self.assertEqual(up.metric("waybill_redis_dropped_total"), 0)
        self.assertEqual(up.terminate(), 0)

    def test_it_goes_on_without_redis_and_tells_again_when_it_is_back(self):
        up = self.up(WAYBILL_REDIS_URL=self.redis.url())
        listener = self.listen()
        walk = up.task("walk")
        listener.until(walk, lambda task: task["progress"]["step"] == 1)
        self.redis.kill()
        for _ in range(3):
            up.ended(up.task("quick"), "succeeded")
        up.go(1)
        until(lambda: up.metric("waybill_redis_dropped_total") > 0, "something is dropped")
        self.redis.start()
        listener = self.listen()
        # What happens next makes it look whether Redis is back: a step every moment until then.
        told = up.metric("waybill_redis_published_total")

        def is_back():
            up.ended(up.task("quick"), "succeeded")
            return up.metric("waybill_redis_published_total") > told

        until(is_back, "something is published again")
        again = listener.until(walk, lambda task: task["progress"]["step"] == 2)
        self.assertEqual(again["progress"]["status"], "step 2", "what runs is told once more")
        up.go(2)
        listener.until(walk, lambda task: task["progress"]["done"])
        log = up.log()
        self.assertEqual(log.count('"event":"progress_not_published"'), 1, log)
        self.assertEqual(log.count('"event":"progress_published_again"'), 1, log)
        self.assertNotIn("sesame", log)

    def heard(self, listener, id):
        """How often each state of a task was told, once its end was."""
        states = []
        while "succeeded" not in states:
            task = listener.next()
            if task["id"] == id:
                marks = ("enqueued", "started", "succeeded")
                states += [name for name in marks if name in task][-1:]
        return states

    def test_two_servers_on_one_ledger_tell_it_once(self):
        variables = {"WAYBILL_REDIS_URL": self.redis.url()}
        up = self.up(**variables)
        other = Beside(up, **variables)
        self.addCleanup(other.close)
        listener = self.listen()
        for server in (up, other):
            for _ in range(5):
                states = self.heard(listener, server.task("quick"))
                self.assertEqual(states.count("succeeded"), 1)
        told = [server.metric("waybill_redis_published_total") for server in (up, other)]
        self.assertEqual(min(told), 0, told)
        first, then = (up, other) if told[0] > 0 else (other, up)
        first.kill()
        # What has changed before somebody else takes its place is told by that one.
        self.heard(listener, then.task("quick"))
        until(lambda: then.metric("waybill_redis_published_total") > 0, "it is counted")
        self.assertNotIn("progress_turns_refused", then.log())

    def test_who_may_only_publish_tells_all_the_same(self):
        with socket.create_connection(("127.0.0.1", self.redis.port)) as asked:
            for words in (f"AUTH {PASSWORD}", "ACL SETUSER teller on >tell &tasks.* +publish"):
                asked.sendall(words.encode() + b"\r\n")
                self.assertEqual(asked.recv(100), b"+OK\r\n")
        up = self.up(WAYBILL_REDIS_URL=f"redis://teller:tell@127.0.0.1:{self.redis.port}")
        listener = self.listen()
        self.heard(listener, up.task("quick"))
        self.assertEqual(up.log().count("progress_turns_refused"), 1)
        self.assertNotIn("tell@", up.log())

    def test_a_wrong_password_is_said_and_tasks_run_all_the_same(self):
        up = self.up("--redis-url-file", self.file_of(self.redis.url("sesame-wrong")))
        up.ended(up.task("quick"), "succeeded")
        until(lambda: "progress_not_published" in up.log(), "it is said")
        self.assertIn("does not know this user and password", up.log())
        self.assertNotIn("sesame", up.log())
        until(lambda: up.metric("waybill_redis_dropped_total") > 0, "something is dropped")
        self.assertEqual(up.metric("waybill_redis_published_total"), 0)
        self.assertEqual(up.terminate(), 0)

    def test_what_makes_no_sense_is_refused_with_what_to_do(self):
        good = self.file_of(self.redis.url())
        bad = os.path.join(self.redis.directory, "bad")
        with open(bad, "w", encoding="ascii") as file:
            file.write("redis://:ses/ame@127.0.0.1")
        door = ("--listen", "127.0.0.1:0")
        for words, variables, said in (
                (("serve", *door, "--redis-url-file", good), {},
                 "--redis-url-file: Redis is told .*--compat task-mgmt"),
                (("serve", *door), {"WAYBILL_REDIS_URL": self.redis.url()},
                 "WAYBILL_REDIS_URL: Redis is told .*--compat task-mgmt"),
                (("up", "--redis-url-file", good), {}, "--compat task-mgmt and --listen"),
                (("serve", *door, "--compat", "task-mgmt", "--redis-url-file", bad), {},
                 "bad: Redis' URL has a / before its @"),
                (("serve", *door, "--compat", "task-mgmt", "--redis-url-file", good + "x"), {},
                 "--redis-url-file: "),
                (("serve", *door, "--compat", "task-mgmt"), {"WAYBILL_REDIS_URL": "127.0.0.1:1"},
                 "WAYBILL_REDIS_URL: Redis' URL is none; expected redis://")):
            with self.subTest(words=words):
                ran = subprocess.run(
                    [serving.WAYBILL[0], *words, "--data",
                     os.path.join(self.redis.directory, "data")],
                    env={"PATH": os.environ["PATH"], **variables}, stdin=subprocess.DEVNULL,
                    capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False)
                self.assertIn(ran.returncode, (1, 2), ran)
                self.assertTrue(re.search(said, ran.stderr), ran.stderr)
                self.assertNotRegex(ran.stderr, "sesame|ame@")


if __name__ == "__main__":
    if shutil.which("redis-server") is None:
        print("redis_test.py: Skipped\nRedis (redis-server) is not installed")
        sys.exit(77)
    serving.main()
