#!/usr/bin/env python3
"""`waybill worker --containers podman`: the program itself, its definitions, and its death."""

import argparse
import hashlib
import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
import unittest

WAYBILL = None
PODMAN = ["podman", "--runtime=runc", "--cgroup-manager=cgroupfs", "--events-backend=none",
          "--storage-driver=overlay"]


def missing():
    if os.geteuid() != 0:
        return "containers take root"
    if not all(shutil.which(name) for name in ("podman", "runc", "busybox")):
        return "podman, runc or busybox-static is not installed"
    return None


class WorkerTest(unittest.TestCase):
    def setUp(self):
        self.top = tempfile.mkdtemp(prefix="waybill-containers-")
        self.addCleanup(shutil.rmtree, self.top)
        self.store = os.path.join(self.top, "store")
        self.definitions = os.path.join(self.top, "definitions")
        os.mkdir(self.definitions)

    def make_tar(self):
        root = os.path.join(self.top, "image")
        os.makedirs(os.path.join(root, "bin"))
        shutil.copy(shutil.which("busybox"), os.path.join(root, "bin/busybox"))
        for name in ("sh", "sleep", "id", "cat", "touch"):
            os.symlink("busybox", os.path.join(root, "bin", name))
        tar = os.path.join(self.top, "image.tar")
        subprocess.run(["tar", "-C", root, "-cf", tar, "."], check=True)
        return tar

    def make_image(self):
        tar = self.make_tar()
        self.podman("import", "--quiet", tar, "localhost/box:1")
        digest = self.podman("image", "inspect", "--format={{.Digest}}", "localhost/box:1")
        return "localhost/box@" + digest.strip()

    def podman(self, *words):
        return subprocess.run(
            PODMAN + [f"--{part}={self.store}/{name}" for part, name in
                      (("root", "root"), ("runroot", "runroot"), ("tmpdir", "tmpdir"))] +
            list(words), check=True, stdout=subprocess.PIPE, text=True).stdout

    def define(self, name, text):
        with open(os.path.join(self.definitions, name), "w", encoding="utf-8") as file:
            file.write(text)

    def words(self, *words):
        return [WAYBILL, *words, "--data", os.path.join(self.top, "data"),
                "--definitions", self.definitions]

    def waybill(self, *words, status=0, env=None):
        done = subprocess.run(self.words(*words), text=True, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, env=env)
        self.assertEqual(done.returncode, status, done.stderr)
        return done.stdout if status == 0 else done.stderr

    def bubblewrap_image(self):
        """An image of bubblewrap's, and what a worker is told about it."""
        tar = self.make_tar()
        with open(tar, "rb") as file:
            digest = hashlib.sha256(file.read()).hexdigest()
        images = os.path.join(self.top, "images")
        os.mkdir(images)
        shutil.copy(tar, os.path.join(images, f"sha256-{digest}.tar"))
        return f"sha256:{digest}", ("--containers", "bubblewrap", "--container-store", images)

    def engine(self, name):
        """Its image, and what a worker is told."""
        if name == "bubblewrap":
            if not shutil.which("bwrap"):
                self.skipTest("bubblewrap is not installed")
            return self.bubblewrap_image()
        return self.make_image(), ("--containers", "podman", "--container-store", self.store)

    def worker(self, *more):
        return ("worker", "--containers", "podman", "--container-store", self.store,
                "--log-level", "off", *more)

    def test_a_task_runs_in_a_container_and_its_params_are_no_options(self):
        self.define("box.yaml", "tasks:\n  box:\n    kind: container\n    spec:\n"
                    f"      image: {self.make_image()}\n"
                    "      command: [sh, -c, 'id -u; echo $WAYBILL_PARAMS']\n")
        task = self.waybill("task", "create", "box", "--param", "--privileged=--network=host")
        # One without leaves it alone.
        self.waybill("worker", "--until-idle", "--log-level", "off")
        self.assertEqual(self.state(task)["state"], "ready")
        self.waybill(*self.worker("--until-idle"))
        self.assertEqual(self.state(task)["state"], "succeeded")
        log = self.waybill("task", "logs", task.strip())
        self.assertTrue(log.startswith('65534\n{"--privileged":"--network=host"}\n'), log)

    def test_a_task_runs_by_bubblewrap_where_there_is_no_podman(self):
        image, engine = self.engine("bubblewrap")
        self.define("box.yaml", "tasks:\n  box:\n    kind: container\n    spec:\n"
                    f"      image: {image}\n"
                    "      command: [sh, -c, 'id -u; echo $WAYBILL_PARAMS']\n")
        task = self.waybill("task", "create", "box", "--param", "--share-net=--bind")
        self.waybill("worker", *engine, "--log-level", "off", "--until-idle")
        self.assertEqual(self.state(task)["state"], "succeeded")
        log = self.waybill("task", "logs", task.strip())
        self.assertTrue(log.startswith('65534\n{"--share-net":"--bind"}\n'), log)
        said = self.waybill("worker", "--containers", "bubblewrap", "--until-idle", status=1)
        self.assertIn("say --container-store", said)

    def deaf(self, image, seconds):
        """A program that ends at nothing but SIGKILL."""
        self.define("deaf.yaml", "tasks:\n  deaf:\n    kind: container\n"
                    f"    timeout: {seconds}s\n"
                    "    retry: {failures: 1}\n    spec:\n"
                    f"      image: {image}\n      grace: 300ms\n"
                    "      command: [sh, -c, 'trap \"\" TERM; echo on; sleep 1000 & "
                    "while :; do sleep 1; done']\n")
        return self.waybill("task", "create", "deaf").strip()

    def assert_nothing_is_left(self, task):
        if os.path.isdir(self.store):
            self.assertEqual(self.podman("ps", "--all", "--quiet"), "")
        self.assertEqual(self.remains(), [])
        groups = [path for path, _, _ in os.walk("/sys/fs/cgroup") if task in path]
        self.assertEqual(groups, [])

    def check_time_limit(self, name):
        image, engine = self.engine(name)
        # Of the limit the container's start is a part, which may take long on a loaded machine.
        for seconds in (10, 59):
            task = self.deaf(image, seconds)
            self.waybill("worker", *engine, "--log-level", "off", "--until-idle")
            ended = self.state(task)
            self.assertEqual(ended["state"], "failed")
            self.assertIn(f"timed out: it ran longer than its timeout of {seconds}s",
                          ended["error"])
            self.assert_nothing_is_left(task)
            log = self.waybill("task", "logs", task)
            if log.startswith("on\n"):
                break
        self.assertTrue(log.startswith("on\n"), log)
        self.assertIn("killed (SIGKILL)", ended["error"])

    def test_podman_ends_what_goes_on_for_longer_than_its_timeout(self):
        self.check_time_limit("podman")

    def test_bubblewrap_ends_what_goes_on_for_longer_than_its_timeout(self):
        self.check_time_limit("bubblewrap")

    def check_cancel(self, name):
        image, engine = self.engine(name)
        self.define("box.yaml", "tasks:\n  box:\n    kind: container\n    spec:\n"
                    f"      image: {image}\n      grace: 300ms\n"
                    "      command: [sh, -c, 'trap \"\" TERM; echo on; while :; do sleep 1; "
                    "done']\n")
        task = self.waybill("task", "create", "box").strip()
        worker = subprocess.Popen(self.words("worker", *engine, "--log-level", "off"))
        try:
            while "on\n" not in self.waybill("task", "logs", task):
                self.assertIsNone(worker.poll(), "the worker ended")
                self.assertNotEqual(self.state(task)["state"], "failed")
            self.waybill("task", "cancel", task)
            self.waybill("task", "wait", task, status=1)
        finally:
            worker.terminate()
            worker.wait()
        ended = self.state(task)
        self.assertEqual(ended["state"], "cancelled")
        self.assertIn("killed_at", ended["result"])
        self.assert_nothing_is_left(task)

    def test_podman_ends_what_is_cancelled(self):
        self.check_cancel("podman")

    def test_bubblewrap_ends_what_is_cancelled(self):
        self.check_cancel("bubblewrap")

    def check_inputs(self, name):
        """A step's file is another's, through the store, whoever runs them."""
        image, engine = self.engine(name)
        def box(script):
            return {"kind": "container", "spec": {"image": image, "command": ["sh", "-c", script]}}
        use = ("touch $WAYBILL_INPUTS/in/n && exit 9; n=$(cat $WAYBILL_INPUTS/in/n); "
               'echo "{\\"output\\":{\\"sum\\":$((n+1))}}" >&3')
        given = {"in/n": "${{ steps.make.artifacts['n.txt'] }}"}
        self.define("files.yaml", json.dumps({"pipelines": {"p": {
            "outputs": {"sum": "${{ steps.use.outputs.sum }}"},
            "steps": {"make": {"task": box("echo 41 > $WAYBILL_ARTIFACTS/n.txt")},
                      "use": {"needs": "make", "inputs": given, "task": box(use)}}}}}))
        run = json.loads(self.waybill("pipeline", "run", "p", "--json"))["run"]["id"]
        self.waybill("up", *engine, "--log-level", "off", "--until-idle")
        shown = json.loads(self.waybill("run", "show", run, "--json"))["run"]
        self.assertEqual((shown["state"], shown["outputs"]), ("succeeded", {"sum": 42}), shown)

    def test_podman_gives_a_step_the_files_of_an_earlier_one(self):
        self.check_inputs("podman")

    def test_bubblewrap_gives_a_step_the_files_of_an_earlier_one(self):
        self.check_inputs("bubblewrap")

    def state(self, task):
        return json.loads(self.waybill("task", "show", task.strip(), "--json"))

    def test_nothing_is_left_of_a_killed_worker(self):
        self.define("box.yaml", "tasks:\n  box:\n    kind: container\n    spec:\n"
                    f"      image: {self.make_image()}\n"
                    "      command: [sh, -c, 'trap : TERM; echo on; while :; do sleep 1; done']\n")
        task = self.waybill("task", "create", "box").strip()
        self.kill_a_worker_when("on\n", task)
        self.assertEqual(self.podman("ps", "--all", "--quiet"), "")
        self.assertEqual(self.remains(), [])

    def test_nothing_is_left_of_a_worker_that_is_killed_while_it_builds(self):
        image = self.make_image()
        repository = os.path.join(self.top, "repositories/acme/site")
        os.makedirs(repository)
        with open(os.path.join(repository, "Dockerfile"), "w", encoding="utf-8") as file:
            file.write(f"FROM {image}\nRUN sleep 1000 & echo o\"\"n; sleep 1000\n")
        commit = self.commit(repository)
        self.define("run.yaml", "tasks:\n  run:\n    kind: repo.run\n"
                    "    who_may: {github: {repository: acme/site}}\n"
                    f"    spec: {{base: {self.top}/repositories, repository: acme/site, "
                    f"commit: '{commit}'}}\n")
        task = self.waybill("task", "create", "run").strip()
        self.kill_a_worker_when("\non\n", task)
        self.assertEqual(self.remains(), [])

    @staticmethod
    def commit(repository):
        def git(*words):
            return subprocess.run(
                ["git", "-C", repository, "-c", "user.name=a", "-c", "user.email=a@b", *words],
                check=True, stdout=subprocess.PIPE, text=True,
                env={**os.environ, "GIT_CONFIG_GLOBAL": "/dev/null"}).stdout.strip()
        git("init", "--quiet")
        git("add", ".")
        git("commit", "--quiet", "--message", "x")
        return git("rev-parse", "HEAD")

    def kill_a_worker_when(self, said, task):
        """Starts a worker, kills it when the task has said so, and waits for its supervisor."""
        worker = subprocess.Popen(self.words(*self.worker()), stderr=subprocess.DEVNULL)
        try:
            while said not in self.waybill("task", "logs", task):
                self.assertIsNone(worker.poll(), "the worker ended")
                self.assertNotEqual(self.state(task)["state"], "failed")
            supervisor = self.supervisor_of(worker.pid)
        finally:
            worker.kill()
            worker.wait()
        # A descriptor of a process can be read when the process has ended.
        self.assertTrue(select.select([supervisor], [], [], 60)[0], "the supervisor goes on")
        os.close(supervisor)

    def remains(self):
        """Mounts below our directory, and processes that name it."""
        with open("/proc/mounts", encoding="utf-8") as file:
            found = [line for line in file if self.top in line]
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/cmdline", "rb") as file:
                    line = file.read().replace(b"\0", b" ").decode("utf-8", "replace")
            except OSError:
                continue
            if self.top in line:
                found.append(line)
        return found

    def supervisor_of(self, worker):
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
                    name, rest = file.read().split("(", 1)[1].rsplit(")", 1)
            except OSError:
                continue
            if name == "waybill-run" and int(rest.split()[1]) == worker:
                return os.pidfd_open(int(pid))
        return self.fail("there is no supervisor")

    def test_a_worker_does_not_start_where_podman_is_missing(self):
        said = self.waybill(*self.worker("--until-idle"), status=1,
                            env={"PATH": os.path.join(self.top, "empty")})
        self.assertIn("install podman, runc and conmon", said)

    def test_what_a_definition_may_not_say_is_told_with_its_place(self):
        self.define("a.yaml", "tasks:\n  tag: {kind: container, spec: {image: debian:12}}\n"
                    "  open: {kind: repo.run, spec: {repository: a/b, commit: main}}\n"
                    "  other: {kind: repo.run, who_may: {github: {repository: a/c}}, "
                    f"spec: {{repository: a/b, commit: {'a' * 40}}}}}\n"
                    "  right: {kind: repo.run, who_may: {github: {repository: a/b}}, "
                    f"spec: {{repository: a/b, commit: {'a' * 40}}}}}\n"
                    "pipelines:\n  p:\n    steps:\n      s:\n        task: {kind: repo.run, "
                    f"spec: {{repository: a/b, commit: {'a' * 40}}}}}\n")
        done = subprocess.run([WAYBILL, "definitions", "check", self.definitions], text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertIn("must name one image for ever", done.stdout)
        for line in (3, 4, 10):
            self.assertRegex(done.stdout, rf"a\.yaml:{line}:\d+: [^\n]*repo\.run")
        self.assertNotRegex(done.stdout, r"a\.yaml:5:")

    def test_a_task_of_repo_run_is_made_from_a_definition_alone(self):
        said = self.waybill("task", "create", "--kind", "repo.run", "--spec",
                            json.dumps({"repository": "a/b", "commit": "a" * 40}), status=2)
        self.assertIn("has to be made from a definition", said)


if __name__ == "__main__":
    why = missing()
    if why:
        print(f"left out: {why}")
        sys.exit(77)
    parser = argparse.ArgumentParser()
    parser.add_argument("--waybill", required=True)
    known, rest = parser.parse_known_args()
    WAYBILL = os.path.abspath(known.waybill)
    unittest.main(argv=[sys.argv[0], *rest], verbosity=2)
