#!/usr/bin/env python3
"""Checks deploy/kubernetes/server: that its objects fit together and are hardened, and that the
real binary takes their arguments: the tokens of a secret, a server over TLS, a worker that finds
it. Exit status 77: no PyYAML or openssl."""

import argparse
import glob
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

try:
    import yaml
except ImportError:
    print("server_manifests.py: Skipped\npython3-yaml is not installed")
    sys.exit(77)

OPTIONS = argparse.Namespace()
PATIENCE_SECONDS = 30
TOKENS = {"admin": "wb_" + "0a" * 4 + "_" + "1b" * 32, "worker": "wb_" + "0c" * 4 + "_" + "1d" * 32}


# What is looked at in place of the files of server/, if anything is here.
RENDERED = []


def objects(kind):
    found = list(RENDERED)
    for path in sorted(glob.glob(f"{OPTIONS.deploy}/kubernetes/server/*.yaml")):
        if not RENDERED:
            with open(path, encoding="utf-8") as file:
                found += yaml.safe_load_all(file)
    return [thing for thing in found if thing["kind"] == kind]


def pods():
    return {thing["metadata"]["labels"]["part"]: thing["spec"]["template"]
            for kind in ("StatefulSet", "Deployment") for thing in objects(kind)}


def containers(pod):
    return pod["spec"].get("initContainers", []) + pod["spec"]["containers"]


def free_port():
    """Of a range that the system gives nobody of its own accord: who asks for any does not get it
    between now and the server's start."""
    with open("/proc/sys/net/ipv4/ip_local_port_range", encoding="ascii") as file:
        first = int(file.read().split()[0])
    for port in random.sample(range(max(1024, first - 8000), first), 100):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue
    raise AssertionError("no port is free")


class Objects(unittest.TestCase):
    BUDGETS = {"worker"}

    def test_kustomization_names_every_file_and_image(self):
        [kustomization] = objects("Kustomization")
        files = {os.path.basename(path)
                 for path in glob.glob(f"{OPTIONS.deploy}/kubernetes/server/*.yaml")}
        self.assertEqual(set(kustomization["resources"]), files - {"kustomization.yaml"})
        self.assertEqual({image["name"] for image in kustomization["images"]},
                         {container["image"] for pod in pods().values()
                          for container in containers(pod)})
        for generator in kustomization["configMapGenerator"]:
            for path in generator["files"]:
                self.assertTrue(os.path.isfile(f"{OPTIONS.deploy}/kubernetes/server/{path}"))

    def test_pods_may_do_nothing_that_they_do_not_need(self):
        self.assertEqual(set(pods()), {"server", "worker"})
        for pod in pods().values():
            spec = pod["spec"]
            self.assertIs(spec["automountServiceAccountToken"], False)
            self.assertIs(spec["enableServiceLinks"], False)
            self.assertIs(spec["securityContext"]["runAsNonRoot"], True)
            self.assertEqual(spec["securityContext"]["seccompProfile"], {"type": "RuntimeDefault"})
            self.assertIn(spec["serviceAccountName"],
                          [thing["metadata"]["name"] for thing in objects("ServiceAccount")])
            volumes = {volume["name"] for volume in spec["volumes"]} | {"data"}
            for container in containers(pod):
                self.assertEqual(container["securityContext"],
                                 {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True,
                                  "capabilities": {"drop": ["ALL"]}})
                for limit in ("cpu", "memory"):
                    self.assertIn(limit, container["resources"]["limits"])
                for mount in container["volumeMounts"]:
                    self.assertIn(mount["name"], volumes)

    def test_a_worker_gets_its_own_token_alone(self):
        volumes = {volume["name"]: volume for volume in pods()["worker"]["spec"]["volumes"]}
        self.assertEqual(volumes["tokens"]["secret"]["items"],
                         [{"key": "worker", "path": "worker"}])

    def test_selectors_find_their_pods(self):
        labels = {part: pod["metadata"]["labels"] for part, pod in pods().items()}
        for thing in objects("StatefulSet") + objects("Deployment"):
            part = thing["metadata"]["labels"]["part"]
            self.assertEqual(thing["spec"]["selector"]["matchLabels"], labels[part])
        [service] = objects("Service")
        self.assertEqual(service["spec"]["selector"], labels["server"])
        named = {port["name"] for port in pods()["server"]["spec"]["containers"][0]["ports"]}
        self.assertEqual({port["targetPort"] for port in service["spec"]["ports"]}, named)
        for kind in ("NetworkPolicy", "PodDisruptionBudget"):
            for thing in objects(kind):
                spec = thing["spec"]
                found = (spec.get("podSelector") or spec.get("selector"))["matchLabels"]
                self.assertEqual(found, labels[found["part"]])
        self.assertEqual({thing["spec"]["selector"]["matchLabels"]["part"]
                          for thing in objects("PodDisruptionBudget")}, self.BUDGETS)

    def test_the_autoscaler_looks_at_the_worker_s_queue_and_slots(self):
        [scaled] = objects("ScaledObject")
        [worker] = [thing for thing in objects("Deployment")
                    if thing["metadata"]["labels"]["part"] == "worker"]
        self.assertEqual(scaled["spec"]["scaleTargetRef"]["name"], worker["metadata"]["name"])
        self.assertNotIn("replicas", worker["spec"])
        words = pods()["worker"]["spec"]["containers"][0]["args"]
        [trigger] = scaled["spec"]["triggers"]
        queue = words[words.index("--queues") + 1]
        self.assertEqual(trigger["metadata"]["valueLocation"],
                         f'waybill_queue_depth{{queue="{queue}"}}')
        self.assertEqual(trigger["metadata"]["targetValue"], words[words.index("--slots") + 1])


class Programs(unittest.TestCase):
    """The containers' own arguments, with a directory of the test's for each of their places."""

    def setUp(self):
        self.top = tempfile.mkdtemp(prefix="waybill-manifests-")
        self.addCleanup(shutil.rmtree, self.top)
        for name in ("data", "tokens", "tls", "work"):
            os.makedirs(f"{self.top}/{name}")
        for name, text in TOKENS.items():
            with open(f"{self.top}/tokens/{name}", "w", encoding="utf-8") as file:
                file.write(text)
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30",
                        "-subj", "/CN=waybill", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout",
                        f"{self.top}/tls/tls.key", "-out", f"{self.top}/tls/tls.crt"],
                       check=True, capture_output=True)
        shutil.copy(f"{self.top}/tls/tls.crt", f"{self.top}/tls/ca.crt")
        self.port = free_port()
        self.places = (("/var/lib/waybill", f"{self.top}/data"),
                       ("/run/tokens", f"{self.top}/tokens"), ("/run/tls", f"{self.top}/tls"),
                       ("/work", f"{self.top}/work"),
                       ("/etc/waybill/definitions",
                        f"{OPTIONS.deploy}/kubernetes/server/definitions"),
                       # Where all reach it, as in a pod; nobody does here.
                       ("0.0.0.0:8470", f"127.0.0.1:{self.port}"),
                       ("0.0.0.0:8471", "127.0.0.1:0"),
                       ("https://waybill:8470", f"https://127.0.0.1:{self.port}"))

    def here(self, word):
        for there, here in self.places:
            if word.startswith(there):
                return here + word[len(there):]
        return word

    def value_of(self, variable):
        return self.here(variable["value"])

    def start(self, container):
        environment = {variable["name"]: self.value_of(variable)
                       for variable in container.get("env", [])}
        words = [*container.get("command", [OPTIONS.waybill]), *map(self.here, container["args"])]
        path = os.path.dirname(OPTIONS.waybill) + ":" + os.environ["PATH"]
        log = open(f"{self.top}/{container['name']}.log", "a", encoding="utf-8")
        self.addCleanup(log.close)
        return subprocess.Popen(["setpriv", "--pdeathsig", "KILL", "--", *words],
                                cwd=self.top, env={"PATH": path, **environment},
                                stdout=subprocess.DEVNULL, stderr=log)

    def log(self, container):
        with open(f"{self.top}/{container['name']}.log", encoding="utf-8") as file:
            return file.read()

    def ask(self, path, body=None):
        words = ["curl", "-sS", "--cacert", f"{self.top}/tls/ca.crt",
                 "-H", f"Authorization: Bearer {TOKENS['admin']}"]
        if body:
            words += ["-H", "Content-Type: application/json", "-d", json.dumps(body)]
        ran = subprocess.run([*words, f"https://127.0.0.1:{self.port}{path}"], capture_output=True,
                             text=True, check=False)
        return ran.stdout

    def until(self, wanted, what, *processes):
        give_up = time.monotonic() + PATIENCE_SECONDS
        while not wanted():
            for process in processes:
                self.assertIsNone(process.poll(), "it has ended")
            self.assertLess(time.monotonic(), give_up, what)
            time.sleep(0.02)

    def test_a_server_with_its_tokens_and_a_worker_do_a_task(self):
        server, worker = (pods()[part]["spec"] for part in ("server", "worker"))
        for _ in range(2):  # a pod that starts again finds them known
            for container in server["initContainers"]:
                self.assertEqual(self.start(container).wait(PATIENCE_SECONDS), 0,
                                 self.log(container))
        with self.start(server["containers"][0]) as serving:
            try:
                self.until(lambda: self.ask("/readyz") == "ready\n", "it is ready", serving)
                with self.start(worker["containers"][0]) as working:
                    try:
                        made = json.loads(self.ask("/v1/tasks", {"definition": "greet"}))
                        path = f"/v1/tasks/{made['task']['id']}"
                        self.until(lambda: json.loads(self.ask(path))["state"] == "succeeded",
                                   "the task is done", serving, working)
                        working.send_signal(signal.SIGTERM)
                        self.assertEqual(working.wait(PATIENCE_SECONDS), 0)
                    finally:
                        working.kill()
                self.assertIn('waybill_queue_depth{queue="default"}', self.ask("/metrics"))
                serving.send_signal(signal.SIGTERM)
                self.assertEqual(serving.wait(PATIENCE_SECONDS), 0)
            finally:
                serving.kill()


def arguments(*needed):
    """Reads the options; ends the test where a program that it needs is not here."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--waybill", required=True)
    parser.add_argument("--deploy", required=True)
    _, rest = parser.parse_known_args(namespace=OPTIONS)
    missing = [name for name in needed if not shutil.which(name)]
    if missing:
        print(f"{os.path.basename(sys.argv[0])}: Skipped\n{', '.join(missing)} not installed")
        sys.exit(77)
    OPTIONS.deploy, OPTIONS.waybill = map(os.path.abspath, (OPTIONS.deploy, OPTIONS.waybill))
    return [sys.argv[0], *rest]


def main():
    unittest.main(argv=arguments("openssl", "curl"))


if __name__ == "__main__":
    main()
