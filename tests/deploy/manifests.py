#!/usr/bin/env python3
"""Checks deploy/: that the manifests are sound and hardened, that the real binary takes the
arguments of each, and that the image has what the binary links. Exit status 77: no PyYAML."""

import argparse
import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

try:
    import yaml
except ImportError:
    print("manifests.py: Skipped\npython3-yaml is not installed")
    sys.exit(77)

from fake_clouds import FakeClouds

CLOUDS = ("gke", "eks")
ORIGINALS_FLAGS = """--aggregation-period --grace-period --intake-max-age --is-first --k8s-namespace
--ingestor-label --ingestor-input --ingestor-identity --own-validation-input
--own-validation-identity --peer-validation-input --peer-validation-identity --push-gateway
--task-queue-kind --intake-tasks-topic --aggregate-tasks-topic --gcp-project-id --aws-sns-region
--memprofile""".split()
OPTIONS = argparse.Namespace()


class UniqueKeys(yaml.SafeLoader):
    def construct_mapping(self, node, deep=False):
        keys = [self.construct_object(key, deep) for key, _ in node.value]
        if len(keys) != len(set(keys)):
            raise ValueError(f"a key is there twice: {node.start_mark}")
        return super().construct_mapping(node, deep)


def load(path):
    with open(path, encoding="utf-8") as file:
        return [document for document in yaml.load_all(file, UniqueKeys) if document]


def manifests(cloud):
    found = {}
    for path in sorted(glob.glob(f"{OPTIONS.deploy}/kubernetes/{cloud}/*.yaml")):
        if os.path.basename(path) != "kustomization.yaml":
            found[os.path.basename(path)] = load(path)
    return found


def objects(cloud, kind):
    return [thing for things in manifests(cloud).values() for thing in things
            if thing["kind"] == kind]


def pod_of(thing):
    spec = thing["spec"]
    if thing["kind"] == "CronJob":
        spec = spec["jobTemplate"]["spec"]
    return spec["template"]["spec"]


def run(arguments, environment):
    return subprocess.run([OPTIONS.waybill, *arguments], env=environment, capture_output=True,
                          text=True, timeout=60, check=False)


class Manifests(unittest.TestCase):
    def test_kustomization_names_every_file(self):
        for cloud in CLOUDS:
            [kustomization] = load(f"{OPTIONS.deploy}/kubernetes/{cloud}/kustomization.yaml")
            self.assertEqual(sorted(kustomization["resources"]), sorted(manifests(cloud)))
            named = {image["name"] for image in kustomization["images"]}
            used = {pod_of(thing)["containers"][0]["image"]
                    for kind in ("CronJob", "Deployment") for thing in objects(cloud, kind)}
            self.assertEqual(named, used)
            for name in used:
                self.assertNotRegex(name, "[/.:]", "a registry is the user's choice")

    def test_pods_may_do_nothing_that_they_do_not_need(self):
        pods = [pod_of(thing) for cloud in CLOUDS for kind in ("CronJob", "Deployment")
                for thing in objects(cloud, kind)]
        self.assertEqual(len(pods), 6)
        for pod in pods:
            self.assertIs(pod["automountServiceAccountToken"], False)
            self.assertIs(pod["enableServiceLinks"], False)
            self.assertIs(pod["securityContext"]["runAsNonRoot"], True)
            self.assertGreater(pod["securityContext"]["runAsUser"], 0)
            self.assertEqual(pod["securityContext"]["seccompProfile"], {"type": "RuntimeDefault"})
            for container in pod["containers"]:
                self.assertEqual(container["securityContext"],
                                 {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True,
                                  "capabilities": {"drop": ["ALL"]}})
                for limit in ("cpu", "memory"):
                    self.assertIn(limit, container["resources"]["limits"])
                    self.assertIn(limit, container["resources"]["requests"])

    def test_accounts_and_targets_are_there(self):
        for cloud in CLOUDS:
            accounts = {thing["metadata"]["name"] for thing in objects(cloud, "ServiceAccount")}
            used = {pod_of(thing)["serviceAccountName"] for kind in ("CronJob", "Deployment")
                    for thing in objects(cloud, kind)}
            self.assertEqual(accounts, used)
            workers = {thing["metadata"]["name"] for thing in objects(cloud, "Deployment")}
            scaled = {thing["spec"]["scaleTargetRef"]["name"]
                      for thing in objects(cloud, "ScaledObject")}
            self.assertEqual(workers, scaled)
            logins = {thing["metadata"]["name"]
                      for thing in objects(cloud, "TriggerAuthentication")}
            for thing in objects(cloud, "ScaledObject"):
                for trigger in thing["spec"]["triggers"]:
                    self.assertIn(trigger["authenticationRef"]["name"], logins)
                    for value in trigger["metadata"].values():
                        self.assertIsInstance(value, str, "KEDA takes texts only")
            for thing in objects(cloud, "Deployment"):
                labels = thing["spec"]["template"]["metadata"]["labels"]
                self.assertEqual(thing["spec"]["selector"]["matchLabels"], labels)
                self.assertNotIn("replicas", thing["spec"])

    def test_a_worker_and_its_autoscaler_look_at_one_queue(self):
        for cloud in CLOUDS:
            queues = {}
            for thing in objects(cloud, "ScaledObject"):
                [trigger] = thing["spec"]["triggers"]
                queues[thing["spec"]["scaleTargetRef"]["name"]] = trigger["metadata"]
            for thing in objects(cloud, "Deployment"):
                arguments = pod_of(thing)["containers"][0]["args"]
                name = arguments[arguments.index("--queue") + 1]
                depth = queues[thing["metadata"]["name"]]
                queue = depth.get("queueURL") or depth["subscriptionName"].rsplit("/", 1)[1]
                self.assertEqual(queue, name)


class CronJobs(unittest.TestCase):
    def test_are_laid_out_as_the_originals(self):
        for cloud in CLOUDS:
            [job] = objects(cloud, "CronJob")
            spec = job["spec"]
            self.assertEqual(spec["schedule"], "*/10 * * * *")
            self.assertEqual(spec["concurrencyPolicy"], "Forbid")
            self.assertEqual(spec["successfulJobsHistoryLimit"], 5)
            self.assertEqual(spec["failedJobsHistoryLimit"], 3)
            self.assertEqual(pod_of(job)["restartPolicy"], "Never")
            container = pod_of(job)["containers"][0]
            fields = {variable["name"]: variable["valueFrom"]["fieldRef"]["fieldPath"]
                      for variable in container["env"] if "valueFrom" in variable}
            self.assertEqual(fields, {"NAMESPACE": "metadata.namespace", "POD": "metadata.name"})
            flags = [text.split("=")[0] for text in container["args"] if text.startswith("--")]
            self.assertEqual(flags, ORIGINALS_FLAGS)
            for text in container["args"]:
                self.assertIsInstance(text, str)

    def dry_run(self, cloud, more=()):
        [job] = objects(cloud, "CronJob")
        container = pod_of(job)["containers"][0]
        clouds = FakeClouds()
        environment = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", **clouds.environment()}
        for variable in container["env"]:
            environment[variable["name"]] = variable.get("value", "any")
        with tempfile.NamedTemporaryFile("w", suffix=".token") as token:
            token.write("token of the pod")
            token.flush()
            if cloud == "eks":  # which sets these for an account with a role
                environment["AWS_ROLE_ARN"] = "arn:aws:iam::123456789012:role/of-the-pod"
                environment["AWS_WEB_IDENTITY_TOKEN_FILE"] = token.name
            entry = ["workflow-manager"]  # of the image, as the Dockerfile has it
            ran = run([*entry, *container["args"], "--dry-run", "--log-level=warn", *more],
                      environment)
        clouds.shutdown()
        clouds.server_close()
        return ran, clouds

    def test_the_program_takes_their_arguments_and_lists_all_three_buckets(self):
        for cloud in CLOUDS:
            [job] = objects(cloud, "CronJob")
            ran, clouds = self.dry_run(cloud)
            self.assertEqual((ran.returncode, ran.stdout), (0, "nothing to publish\n"),
                             ran.stderr)
            arguments = pod_of(job)["containers"][0]["args"]
            for text in arguments:
                if text.startswith("arn:aws:iam"):
                    self.assertIn(text, clouds.roles)
            for flag in ("--ingestor-input", "--own-validation-input", "--peer-validation-input"):
                bucket = arguments[arguments.index(flag) + 1].rsplit("/", 1)[1]
                self.assertTrue(any(bucket in path for path in clouds.asked), bucket)

    def test_a_wrong_argument_would_be_noticed(self):
        self.assertEqual(self.dry_run("gke", ["--no-such-flag"])[0].returncode, 2)
        self.assertEqual(self.dry_run("gke", ["--task-queue-kind=pubsub"])[0].returncode, 1)


class Workers(unittest.TestCase):
    def test_the_program_knows_their_flags(self):
        known = run(["worker", "--help"], {"PATH": os.environ["PATH"]}).stdout
        if "--from" not in known:
            self.skipTest("this build's worker takes no tasks from brokers")
        for cloud in CLOUDS:
            for worker in objects(cloud, "Deployment"):
                arguments = pod_of(worker)["containers"][0]["args"]
                self.assertEqual(arguments[0], "worker")
                for text in arguments[1:arguments.index("--")]:
                    if text.startswith("--"):
                        self.assertIn(text, re.findall(r"--[a-z-]+", known))


class Image(unittest.TestCase):
    def test_has_what_the_program_links(self):
        if not shutil.which("dpkg") or not shutil.which("ldd"):
            self.skipTest("this is no Debian")
        with open(f"{OPTIONS.deploy}/container/Dockerfile", encoding="utf-8") as file:
            text = file.read()
        named = set(text[text.index("AS waybill\n"):].replace("\\", " ").split())
        needed = subprocess.run(["readelf", "-d", OPTIONS.waybill], capture_output=True, text=True,
                                check=True).stdout
        if re.search(r"lib(a|l|t|ub)san", needed):
            self.skipTest("no image is made of a build with sanitizers, which links more")
        paths = dict(re.findall(r"(\S+) => (\S+)", subprocess.run(
            ["ldd", OPTIONS.waybill], capture_output=True, text=True, check=True).stdout))
        for name in re.findall(r"NEEDED.*\[(.+)\]", needed):
            if name.startswith("ld-linux"):
                continue
            path = os.path.realpath(paths[name])  # dpkg may know it without the /usr in front
            owner = subprocess.run(["dpkg", "-S", path, path.removeprefix("/usr")],
                                   capture_output=True, text=True, check=False).stdout.split(":")[0]
            self.assertIn(owner, named | {"libc6", "libgcc-s1"}, f"{name} is of {owner}")

    def test_entry_points_are_the_original_s_and_ours(self):
        with open(f"{OPTIONS.deploy}/container/Dockerfile", encoding="utf-8") as file:
            text = file.read()
        self.assertIn('AS workflow-manager\nENTRYPOINT ["/usr/bin/waybill", "workflow-manager"]',
                      text)
        for base in re.findall(r"^FROM (\S+)", text, re.MULTILINE):
            self.assertIn(base, ("${DEBIAN}", "waybill"))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--waybill", required=True)
    parser.add_argument("--deploy", required=True)
    OPTIONS, rest = parser.parse_known_args()
    unittest.main(argv=[sys.argv[0], *rest])
