"""A node of IPFS that is not ours: npm's js-ipfs, without a network, on free ports of loopback."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time

PATIENCE_SECONDS = 120
# Newer dependencies of it call what node before 22 has not.
POLYFILL = """Promise.withResolvers ??= function () {
  let resolve, reject
  const promise = new this((yes, no) => { resolve = yes; reject = no })
  return { promise, resolve, reject }
}
"""


class IpfsNode:
    def __init__(self, packages, directory):
        self.directory = directory
        os.makedirs(directory)
        polyfill = os.path.join(directory, "polyfill.cjs")
        with open(polyfill, "w", encoding="utf-8") as file:
            file.write(POLYFILL)
        self.repository = os.path.join(directory, "repository")
        self.environment = {**os.environ, "CI": "1", "IPFS_PATH": self.repository,
                            "NODE_OPTIONS": f"--require {polyfill}"}
        self.program = ["node", os.path.join(packages, "node_modules", ".bin", "jsipfs")]
        self.log = open(os.path.join(directory, "log"), "ab")
        subprocess.run([*self.program, "init", "--profile", "test", "--empty-repo"], check=True,
                       env=self.environment, stdout=self.log, stderr=self.log,
                       timeout=PATIENCE_SECONDS)
        self.keep_to_itself(rpc_port=0)
        self.start()

    def start(self):
        self.process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "--", *self.program, "daemon", "--offline",
             "--enable-preload=false"], env=self.environment, stdout=self.log, stderr=self.log,
            start_new_session=True)
        self.url = self.await_url()

    def restart(self):
        """Killed, and begun again where it was. It forgets who holds its lock against collection,
        which a client that is killed in the midst of a request keeps for ever in js-ipfs."""
        self.kill()
        for left in ("api", "repo.lock"):
            path = os.path.join(self.repository, left)
            if os.path.isdir(path):
                shutil.rmtree(path)
            elif os.path.exists(path):
                os.remove(path)
        self.keep_to_itself(rpc_port=int(self.url.rsplit(":", 1)[1]))
        self.start()

    def kill(self):
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def keep_to_itself(self, rpc_port):
        path = os.path.join(self.repository, "config")
        with open(path, encoding="utf-8") as file:
            config = json.load(file)
        config["Addresses"] = {"Swarm": [], "Announce": [], "NoAnnounce": [], "Delegates": [],
                               "API": f"/ip4/127.0.0.1/tcp/{rpc_port}",
                               "Gateway": "/ip4/127.0.0.1/tcp/0"}
        config["Bootstrap"] = []
        config["Discovery"] = {"MDNS": {"Enabled": False}, "webRTCStar": {"Enabled": False}}
        with open(path, "w", encoding="utf-8") as file:
            json.dump(config, file)

    def await_url(self):
        """It writes the address of its RPC into a file once it listens."""
        path = os.path.join(self.repository, "api")
        end = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < end and self.process.poll() is None:
            if os.path.exists(path):
                with open(path, encoding="utf-8") as file:
                    parts = file.read().strip().split("/")
                if len(parts) > 4:
                    return f"http://{parts[2]}:{parts[4]}"
            time.sleep(0.1)
        with open(self.log.name, encoding="utf-8", errors="replace") as log:
            print("".join(log.readlines()[-40:]))
        sys.exit("the node of IPFS did not start")

    def close(self):
        self.kill()
        self.log.close()
        shutil.rmtree(self.directory, ignore_errors=True)
