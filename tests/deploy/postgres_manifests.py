#!/usr/bin/env python3
"""Checks deploy/kubernetes/server-postgres as kustomize makes it: that its objects fit together and
are hardened, and that the real binary takes them: rivals that migrate a database which wants TLS
and a password, two servers and a worker, an exchange of one for another. Exit status 77: a program
that this needs is not here, and which."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest

import server_manifests as server  # ends with 77 without PyYAML
from secure_postgres import PROGRAMS, SecurePostgres

PASSWORD = "of the secret"
# A server tries for 15 s to reach a database before it says that it is away.
server.PATIENCE_SECONDS = 90


def rendered(*components):
    """All objects, with components that are left out at first."""
    top = tempfile.mkdtemp(prefix="waybill-kustomize-")
    try:
        shutil.copytree(f"{server.OPTIONS.deploy}/kubernetes", f"{top}/kubernetes")
        directory = f"{top}/kubernetes/server-postgres"
        for component in components:
            path = f"{directory}/kustomization.yaml"
            with open(path, encoding="utf-8") as file:
                text = file.read()
            off, turned_on = f"# components: [{component}]", f"components: [{component}]"
            assert text.count(off) == 1
            with open(path, "w", encoding="utf-8") as file:
                file.write(text.replace(off, turned_on))
        made = subprocess.run(["kubectl", "kustomize", directory], capture_output=True, text=True,
                              check=False, timeout=60)
        assert made.returncode == 0, made.stderr
        return list(server.yaml.safe_load_all(made.stdout))
    finally:
        shutil.rmtree(top)


def ports_out(things):
    """The ports that servers may reach by policies, but for those of DNS and of the base."""
    return {port["port"] for thing in things if thing["kind"] == "NetworkPolicy"
            and thing["metadata"]["name"].startswith("waybill-server-")
            for rule in thing["spec"]["egress"] for port in rule["ports"]}


class Objects(server.Objects):
    BUDGETS = {"server", "worker"}

    def test_kustomization_names_every_file_and_image(self):
        directory = f"{server.OPTIONS.deploy}/kubernetes/server-postgres"
        for part in (directory, f"{directory}/rabbitmq"):
            with open(f"{part}/kustomization.yaml", encoding="utf-8") as file:
                said = server.yaml.safe_load(file)
            files = {name for name in os.listdir(part) if name.endswith(".yaml")}
            self.assertEqual(set(said["resources"]) - {"../server"}, files - {"kustomization.yaml"})
        self.assertEqual({container["image"] for pod in server.pods().values()
                          for container in server.containers(pod)},
                         {"waybill:0.1.0", "waybill-worker:0.1.0"})

    def test_servers_are_several_keep_nothing_and_take_turns(self):
        self.assertEqual(server.objects("StatefulSet"), [])
        self.assertEqual(server.objects("PersistentVolumeClaim"), [])
        [servers] = [thing for thing in server.objects("Deployment")
                     if thing["metadata"]["labels"]["part"] == "server"]
        self.assertGreaterEqual(servers["spec"]["replicas"], 2)
        self.assertEqual(servers["spec"]["strategy"]["rollingUpdate"],
                         {"maxSurge": 1, "maxUnavailable": 0})
        [service] = server.objects("Service")
        self.assertEqual(service["spec"]["sessionAffinity"], "ClientIP")

    def test_a_password_is_in_a_secret_only(self):
        for container in server.containers(server.pods()["server"]):
            sources = {one["name"]: one.get("valueFrom", {}) for one in container["env"]}
            self.assertIn("secretKeyRef", sources["PGPASSWORD"])
        [said] = [thing for thing in server.objects("ConfigMap")
                  if thing["metadata"]["name"].startswith("waybill-server-")]
        self.assertRegex(said["data"]["ledger"],
                         r"^postgres://[^:@]+@[^/]+/\w+\?sslmode=verify-full")
        self.assertRegex(said["data"]["artifact-store"], r"^(s3|gs)://")

    def test_servers_reach_the_database_and_the_broker_only_where_there_is_one(self):
        self.assertEqual(ports_out(rendered()), {5432})
        self.assertEqual(ports_out(rendered("rabbitmq")), {5432, 5671, 5672})
        for thing in rendered("rabbitmq"):
            if thing["kind"] == "NetworkPolicy" and "worker" in thing["metadata"]["name"]:
                self.assertNotIn("5432", json.dumps(thing))


class Programs(server.Programs):
    def setUp(self):
        super().setUp()
        self.postgres = SecurePostgres(server.free_port(), PASSWORD)
        self.addCleanup(self.postgres.close)
        os.makedirs(f"{self.top}/postgres")
        shutil.copy(self.postgres.certificate, f"{self.top}/postgres/ca.crt")
        things = rendered("rabbitmq")
        [said] = [thing["data"] for thing in things if thing["kind"] == "ConfigMap"
                  and thing["metadata"]["name"].startswith("waybill-server-")]
        ledger = said["ledger"].replace("postgres.example", f"localhost:{self.postgres.port}")
        # Of the secrets and the config map that the manifests name; no broker is at that port.
        self.values = {("waybill-postgres", "password"): PASSWORD,
                       ("waybill-rabbitmq", "url"): "amqp://u:p@127.0.0.1:1/%2f",
                       ("waybill-server", "ledger"): ledger.replace("/run/postgres",
                                                                    f"{self.top}/postgres"),
                       ("waybill-server", "artifact-store"): f"{self.top}/artifacts"}
        [pod] = [thing["spec"]["template"]["spec"] for thing in things
                 if thing["kind"] == "Deployment"
                 and thing["metadata"]["labels"]["part"] == "server"]
        self.pod = pod

    def value_of(self, variable):
        if "value" in variable:
            return self.here(variable["value"])
        [source] = variable["valueFrom"].values()
        for (name, key), value in self.values.items():
            # A generated config map has a hash behind its name.
            if source["key"] == key and source["name"].startswith(name):
                return value
        raise AssertionError(f"nobody has {variable}")

    def prepare_two_pods_at_once(self):
        for container in self.pod["initContainers"]:
            rivals = [self.start(container) for _ in range(2)]
            for rival in rivals:
                self.assertEqual(rival.wait(server.PATIENCE_SECONDS), 0, self.log(container))

    def serve(self, port):
        """The server of a pod, at that port."""
        self.port = port
        self.places = tuple((there, f"127.0.0.1:{port}" if there == "0.0.0.0:8470" else here)
                            for there, here in self.places)
        container = self.pod["containers"][0]
        started = self.start(container)
        self.addCleanup(self.end, started)
        self.until(lambda: self.ask("/readyz") == "ready\n", "it is ready", started)
        return started

    def end(self, process):
        if process.poll() is None:
            process.kill()
        process.wait()

    def do_a_task_by(self, port, *processes):
        self.port = port
        made = json.loads(self.ask("/v1/tasks", {"definition": "greet"}))
        path = f"/v1/tasks/{made['task']['id']}"
        self.until(lambda: json.loads(self.ask(path))["state"] == "succeeded", "it is done",
                   *processes)

    def test_a_server_with_its_tokens_and_a_worker_do_a_task(self):
        self.prepare_two_pods_at_once()
        self.prepare_two_pods_at_once()  # pods that start again find all of it known
        first, second = self.port, server.free_port()
        servers = [self.serve(first), self.serve(second)]
        worker = self.start(server.pods()["worker"]["spec"]["containers"][0])  # of the first
        self.addCleanup(self.end, worker)
        self.do_a_task_by(second, *servers, worker)
        # One is exchanged for another, and the worker rides over it.
        servers[0].send_signal(signal.SIGTERM)
        self.assertEqual(servers[0].wait(server.PATIENCE_SECONDS), 0)
        self.port = second
        self.assertEqual(self.ask("/readyz"), "ready\n")
        servers[0] = self.serve(first)
        self.do_a_task_by(second, *servers, worker)
        self.assertIn('waybill_queue_depth{queue="default"}', self.ask("/metrics"))
        self.assertIn("amqp_publisher_lost", self.log(self.pod["containers"][0]))
        self.the_database_goes_and_comes_back(servers, worker)
        for process in (worker, *servers):
            process.send_signal(signal.SIGTERM)
            self.assertEqual(process.wait(server.PATIENCE_SECONDS), 0)

    def the_database_goes_and_comes_back(self, servers, worker):
        self.postgres.stop()
        self.until(lambda: "waybill_ledger_up 0\n" in self.ask("/metrics"), "it says so", *servers)
        self.assertEqual(self.ask("/readyz"), "the ledger does not answer\n")
        self.assertEqual(self.ask("/healthz"), "ok\n")
        self.postgres.start()
        self.until(lambda: "waybill_ledger_up 1\n" in self.ask("/metrics"), "it says so", *servers)
        self.do_a_task_by(self.port, *servers, worker)


def main():
    words = server.arguments("kubectl", "openssl", "curl", "setpriv")
    if not PROGRAMS:
        print("postgres_manifests.py: Skipped\nPostgreSQL is not installed")
        sys.exit(77)
    server.RENDERED[:] = rendered()
    unittest.main(argv=words)


if __name__ == "__main__":
    main()
