"""A git repository of a test's own, and `waybill` run beside it."""

import json
import os
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "http"))
import serving  # pylint: disable=wrong-import-position

GIT_ENVIRONMENT = {
    "PATH": os.environ["PATH"], "HOME": "/nonexistent", "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@example",
    "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@example",
}
NOOP = "tasks: {%s: {kind: noop}}\n"


class Upstream:
    """A repository with a working tree, on the branch `main`."""

    def __init__(self):
        self.top = tempfile.mkdtemp(prefix="waybill-upstream-")
        self.path = os.path.join(self.top, "defs")
        os.mkdir(self.path)
        self.git("init", "--quiet", "--initial-branch=main")

    def git(self, *words, text=None):
        ran = subprocess.run(["git", *words], cwd=self.path, env=GIT_ENVIRONMENT, input=text,
                             capture_output=True, text=True, timeout=60, check=False)
        if ran.returncode != 0:
            raise AssertionError(f"git {words}: {ran.stderr}")
        return ran.stdout.strip()

    def write(self, name, text, mode=0o644):
        path = os.path.join(self.path, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(text if isinstance(text, bytes) else text.encode())
        os.chmod(path, mode)

    def commit(self, files=None, message="change"):
        """Commits all that there is, with these files; None for a file removes it. The id."""
        for name, text in (files or {}).items():
            if text is None:
                os.unlink(os.path.join(self.path, name))
            else:
                self.write(name, text, 0o755 if name.endswith(".sh") else 0o644)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "-m", message)
        return self.git("rev-parse", "HEAD")

    def close(self):
        shutil.rmtree(self.top, ignore_errors=True)


class Place:
    """A data directory, and commands on it."""

    def __init__(self, *words):
        self.top = tempfile.mkdtemp(prefix="waybill-definitions-")
        self.data = os.path.join(self.top, "data")
        self.words = words
        self.environment = {}

    def run(self, *words, status=0):
        """stdout, and stderr too if it fails as it should."""
        ran = subprocess.run([serving.WAYBILL[0], *words, "--data", self.data, *self.words],
                             env={"PATH": os.environ["PATH"], "HOME": self.top,
                                  **self.environment},
                             cwd=self.top, stdin=subprocess.DEVNULL, capture_output=True,
                             text=True, timeout=120, check=False)
        if ran.returncode != status:
            raise AssertionError(f"{words}: {ran.returncode} {ran.stdout} {ran.stderr}")
        return ran.stdout if status == 0 else ran.stdout + ran.stderr

    def json(self, *words, status=0):
        ran = self.run(*words, "--json", status=status)
        return json.loads(ran.splitlines()[0])

    def sync(self, status=0):
        """The states of the sources after a sync."""
        return self.json("definitions", "sync", status=status)["sources"]

    def names(self):
        """What is defined: {(type, name): source}."""
        listed = self.json("definitions", "list")["definitions"]
        return {(each["type"], each["name"]): each["source"] for each in listed}

    def close(self):
        shutil.rmtree(self.top, ignore_errors=True)
