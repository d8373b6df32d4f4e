"""A directory of a test's own with a ledger, a finished task and an ended run."""

import argparse
import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))),
                                "servers"))

import npm_packages  # noqa: E402  pylint: disable=wrong-import-position

OPTIONS = argparse.Namespace()
HERE = os.path.dirname(os.path.abspath(__file__))
# A percent sign, a blank, and what is not ASCII.
ODD = "out/50% of ö.txt"
# Leaves a file with that text, so many times, and says so.
PROGRAM = """
import json, os
params = json.loads(os.environ["WAYBILL_PARAMS"])
path = os.path.join(os.environ["WAYBILL_ARTIFACTS"], params["name"])
os.makedirs(os.path.dirname(path), exist_ok=True)
with open(path, "w", encoding="utf-8") as file:
    file.write(params["text"] * params.get("times", 1))
print("said", flush=True)
os.write(3, b'{"output": {"n": 1}}\\n')
"""
DEFINITIONS = """
tasks:
  leave:
    command: [python3, -c, %s]
    params:
      type: object
      properties:
        text: {type: string}
        name: {type: string}
        times: {type: integer}
        url: {type: string}
pipelines:
  two:
    steps:
      first: {task: leave, with: {text: one, name: a.txt}}
      second: {task: leave, needs: [first], with: {text: two, name: out/b.txt}}
"""


class Place:
    def __init__(self):
        self.directory = tempfile.mkdtemp(prefix="waybill-provenance-")
        self.write("definitions/a.yaml", DEFINITIONS % json.dumps(PROGRAM))

    def close(self):
        shutil.rmtree(self.directory)

    def path(self, *names):
        return os.path.join(self.directory, *names)

    def write(self, name, text):
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)
        return self.path(name)

    def read(self, *names):
        with open(self.path(*names), encoding="utf-8") as file:
            return file.read()

    def ran(self, *arguments, environment=None):
        return subprocess.run(
            [OPTIONS.waybill, *arguments], cwd=self.directory, capture_output=True, text=True,
            timeout=120, check=False,
            env={"PATH": os.environ["PATH"], "HOME": self.directory,
                 "WAYBILL_DEFINITIONS": self.path("definitions"), **(environment or {})})

    def run(self, *arguments, status=0, environment=None):
        """What it printed; of one that is to fail, what it said."""
        ran = self.ran(*arguments, environment=environment)
        if ran.returncode != status:
            raise AssertionError(f"{arguments}: status {ran.returncode}: {ran.stdout}{ran.stderr}")
        return ran.stdout if status == 0 else ran.stderr

    def json(self, *arguments):
        return json.loads(self.run(*arguments, "--json"))

    def a_task(self, text="hello", name=ODD, **params):
        task = self.json("task", "create", "leave", "--params",
                         json.dumps({"text": text, "name": name, **params}))
        self.run("worker", "--until-idle")
        return task["task"]["id"]

    def a_run(self):
        """Steps become tasks while a server runs; it is awaited."""
        with subprocess.Popen([OPTIONS.waybill, "up", "--listen", "127.0.0.1:0", "--poll", "50ms"],
                              cwd=self.directory, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL,
                              env={"PATH": os.environ["PATH"], "HOME": self.directory,
                                   "WAYBILL_DEFINITIONS": self.path("definitions")}) as server:
            try:
                return self.run_of_two()
            finally:
                server.terminate()
                server.wait(60)

    @contextlib.contextmanager
    def serving(self):
        """The URL of a server that ends with the block."""
        with subprocess.Popen([OPTIONS.waybill, "serve", "--listen", "127.0.0.1:0"],
                              cwd=self.directory, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True,
                              env={"PATH": os.environ["PATH"], "HOME": self.directory}) as server:
            try:
                said = next(line for line in server.stdout if "127.0.0.1:" in line)
                yield "http://127.0.0.1:" + re.search(r"127\.0\.0\.1:(\d+)", said)[1]
            finally:
                server.terminate()
                server.wait(60)

    def run_of_two(self):
        run = self.json("pipeline", "run", "two")["run"]
        shown = self.json("run", "show", run["id"], "--wait")["run"]
        if shown["state"] != "succeeded":
            raise AssertionError(shown)
        return run["id"]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--waybill", required=True)
    parser.add_argument("--directory", required=True, help="for npm's packages")
    _, rest = parser.parse_known_args(namespace=OPTIONS)
    OPTIONS.waybill = os.path.abspath(OPTIONS.waybill)
    unittest.main(module="__main__", argv=[sys.argv[0], *rest])


def ask_npm(program, *arguments):
    """What a program beside this file prints, with the packages of npm that it needs."""
    npm_packages.install(os.path.join(HERE, "npm"), OPTIONS.directory, "bagit-tools and sigstore",
                         300)
    ran = subprocess.run(["node", os.path.join(OPTIONS.directory, program), *arguments],
                         capture_output=True, text=True, timeout=120, check=False)
    if ran.returncode != 0:
        raise AssertionError(ran.stdout + ran.stderr)
    return json.loads(ran.stdout.splitlines()[-1])
