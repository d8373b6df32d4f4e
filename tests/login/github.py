"""GitHub's stand-in, for tests that log in there."""

import json
import os
import subprocess
import sys
import urllib.request

import place
from place import BASE

import github_stand_in  # of place's path


class Github:
    def __init__(self, *words):
        program = os.path.join(place.HERE, "..", "servers", "github_stand_in.py")
        self.process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "--", sys.executable, "-B", program, *words],
            stdout=subprocess.PIPE, text=True)
        self.url = self.process.stdout.readline().strip()

    def close(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def control(self, **state):
        request = urllib.request.Request(self.url + "/control", json.dumps(state).encode())
        urllib.request.urlopen(request, timeout=30).close()

    def asked(self):
        with urllib.request.urlopen(self.url + "/control", timeout=30) as answer:
            return json.load(answer)["asked"]

    def login_file(self, people, secret="secret"):
        return {"base_url": BASE, "people": people, "providers": [
            {"name": "github", "kind": "github", "client_id": github_stand_in.CLIENT[0],
             "client_secret_file": secret, "web_url": self.url, "api_url": self.url + "/api"}]}
