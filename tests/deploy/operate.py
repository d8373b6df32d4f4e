#!/usr/bin/env python3
"""Checks what operators are given, against the real binary: alerts, dashboard, systemd's units and
the Debian package. Exit status 77: a program that this needs is not here, and which."""

import argparse
import glob
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "http"))
import serving  # noqa: E402  pylint: disable=wrong-import-position

OPTIONS = argparse.Namespace()
NEEDED = ("promtool", "systemd-analyze", "dpkg-deb", "cpack", "curl", "file", "openssl")
# Of Prometheus itself, and of what a server only has with a setting that this test does not give.
OTHERS_METRICS = {"up", "ALERTS", "waybill_broker_up"}


def run(*words, **more):
    return subprocess.run(words, capture_output=True, text=True, timeout=120, check=False, **more)


def deploy(*parts):
    return os.path.join(OPTIONS.source, "deploy", *parts)


def metrics_in(expression):
    """The metrics that an expression of PromQL reads."""
    bare = re.sub(r"\{[^}]*\}", "", re.sub(r'"(?:[^"\\]|\\.)*"', '""', expression))
    bare = re.sub(r"\b(by|without|on|ignoring)\s*\([^)]*\)", "", bare)
    return set(re.findall(r"\b(?:waybill|process)_[a-z_]+|\bup\b|\bALERTS\b", bare))


class Alerts(unittest.TestCase):
    def test_each_rule_is_sound_fires_when_it_must_and_is_silent_else(self):
        rules = deploy("prometheus", "waybill.rules.yml")
        checked = run("promtool", "check", "rules", rules)
        self.assertEqual(checked.returncode, 0, checked.stderr)
        tested = run("promtool", "test", "rules", deploy("prometheus", "waybill.rules.test.yml"))
        self.assertEqual(tested.returncode, 0, tested.stdout + tested.stderr)

    def test_a_rule_that_never_fires_would_be_noticed(self):
        with tempfile.TemporaryDirectory() as directory:
            for name in ("waybill.rules.yml", "waybill.rules.test.yml"):
                shutil.copy(deploy("prometheus", name), directory)
            path = os.path.join(directory, "waybill.rules.yml")
            with open(path, encoding="utf-8") as file:
                text = file.read()
            self.assertEqual(text.count('state="leased"}) == 0'), 1)
            with open(path, "w", encoding="utf-8") as file:
                file.write(text.replace('state="leased"}) == 0', 'state="leased"}) < 0'))
            tested = run("promtool", "test", "rules",
                         os.path.join(directory, "waybill.rules.test.yml"))
            self.assertNotEqual(tested.returncode, 0)

    def test_the_server_has_every_metric_that_is_read(self):
        expressions = []
        with open(deploy("prometheus", "waybill.rules.yml"), encoding="utf-8") as file:
            expressions += re.findall(r"expr: (?:>\n)?((?:.|\n)*?)\n +(?:for|labels):", file.read())
        self.assertEqual(len(expressions), 12)
        with open(deploy("grafana", "waybill.json"), encoding="utf-8") as file:
            board = json.load(file)
        expressions += [target["expr"] for panel in board["panels"] for target in panel["targets"]]
        expressions += [variable["definition"] for variable in board["templating"]["list"]
                        if "definition" in variable]
        with open(deploy("kubernetes", "server", "autoscaler.yaml"), encoding="utf-8") as file:
            expressions += re.findall(r"valueLocation: (.*)", file.read())
        read = set().union(*map(metrics_in, expressions)) - OTHERS_METRICS
        self.assertGreater(len(read), 15)
        self.assertEqual(read - self.metrics_of_a_server(), set(), "the server has none")

    def metrics_of_a_server(self):
        with tempfile.TemporaryDirectory() as directory:
            certificate, key = (os.path.join(directory, name) for name in ("tls.crt", "tls.key"))
            made = run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30",
                       "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1",
                       "-keyout", key, "-out", certificate)
            self.assertEqual(made.returncode, 0, made.stderr)
            server = serving.Serving("--tls-certificate-file", certificate, "--tls-key-file", key)
            try:
                # The first requests, so that they are counted, and a task, so that it has a queue.
                server.run("task", "create", "--kind", "noop")

                def scrape():
                    got = run("curl", "-sS", "--cacert", certificate,
                              f"{server.url}/v1/queues", f"{server.url}/metrics")
                    self.assertEqual(got.returncode, 0, got.stderr)
                    names = set(re.findall(r"^# TYPE (\S+) ", got.stdout, re.M))
                    return {"waybill_tasks", "waybill_http_requests_total"} <= names and names
                return serving.until(scrape, "tasks and requests are counted")
            finally:
                server.close()


class Manager:
    """Stands in for systemd: a socket that is told how the process stands."""

    def __init__(self, directory):
        self.path = os.path.join(directory, "notify")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        self.socket.settimeout(serving.PATIENCE_SECONDS)

    def next(self):
        return self.socket.recv(1000).decode()

    def close(self):
        self.socket.close()


class Units(unittest.TestCase):
    NAMES = ("waybill.service", "waybill-worker@.service")

    def setUp(self):
        self.top = tempfile.mkdtemp(prefix="waybill-units-")
        self.addCleanup(shutil.rmtree, self.top)

    def unit(self, name):
        with open(deploy("systemd", name), encoding="utf-8") as file:
            return file.read()

    def test_systemd_takes_them_and_they_may_do_little(self):
        for name in self.NAMES:
            # One that is where the machine has it: the package's own is not installed here.
            path = os.path.join(self.top, name.replace("@", "@one"))
            with open(path, "w", encoding="utf-8") as file:
                file.write(self.unit(name).replace("/usr/bin/waybill", OPTIONS.waybill)
                           .replace("User=waybill", "User=daemon")
                           .replace("Group=waybill", "Group=daemon"))
            verified = run("systemd-analyze", "verify", "--man=no", path)
            # Of this unit: the machine's own may have their faults.
            said = [line for line in verified.stderr.splitlines() if self.top in line]
            self.assertEqual((verified.returncode, said), (0, []), name)
            judged = run("systemd-analyze", "security", "--offline=yes", "--threshold=50", path)
            self.assertEqual(judged.returncode, 0, judged.stdout)

    def test_a_wrong_word_would_be_noticed(self):
        path = os.path.join(self.top, "waybill.service")
        with open(path, "w", encoding="utf-8") as file:
            file.write(self.unit("waybill.service").replace("/usr/bin/waybill", OPTIONS.waybill)
                       .replace("KillMode=", "KillMod="))
        self.assertIn("KillMod", run("systemd-analyze", "verify", "--man=no", path).stderr)

    def start(self, words, manager):
        # A process that lives on after a failure here would hold the test up.
        return subprocess.Popen(["setpriv", "--pdeathsig", "KILL", "--", *words], cwd=self.top,
                                env={"PATH": os.environ["PATH"], "NOTIFY_SOCKET": manager.path},
                                stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)

    def words_of(self, name):
        line = re.search(r"^ExecStart=(.*)$", self.unit(name), re.M)[1]
        return line.replace("/usr/bin/waybill", OPTIONS.waybill).split()

    def test_the_services_say_when_they_are_ready_and_when_they_begin_to_end(self):
        manager = Manager(self.top)
        self.addCleanup(manager.close)
        with open(deploy("debian", "waybill.yaml"), encoding="utf-8") as file:
            settings = file.read()
        os.makedirs(f"{self.top}/definitions")
        with open(f"{self.top}/waybill.yaml", "w", encoding="utf-8") as file:
            file.write(settings.replace("/var/lib/waybill", f"{self.top}/data")
                       .replace("/etc/waybill/definitions", f"{self.top}/definitions")
                       .replace("127.0.0.1:8470", "127.0.0.1:0"))
        words = [word.replace("/etc/waybill", self.top)
                 for word in self.words_of("waybill.service")]
        self.lives_and_ends(words, manager)

    def test_a_worker_too(self):
        manager = Manager(self.top)
        self.addCleanup(manager.close)
        server = serving.Serving()
        self.addCleanup(server.close)
        for name, text in (("worker-one.yaml", "slots: 2\n"),
                           ("token", server.run("token", "create", "--name", "one", "--role",
                                                "worker"))):
            with open(f"{self.top}/{name}", "w", encoding="utf-8") as file:
                file.write(text)
        words = []
        for word in self.words_of("waybill-worker@.service"):
            for old, new in (("%i", "one"), ("%d", self.top), ("${SERVER}", server.url),
                             ("/etc/waybill", self.top), ("/var/lib/waybill-worker", self.top)):
                word = word.replace(old, new)
            words.append(word)
        self.lives_and_ends(words, manager)

    def lives_and_ends(self, words, manager):
        process = self.start(words, manager)
        try:
            self.assertEqual(manager.next(), "READY=1")
            process.send_signal(signal.SIGTERM)
            self.assertEqual(manager.next(), "STOPPING=1")
            _, stderr = process.communicate(timeout=serving.PATIENCE_SECONDS)
            self.assertEqual(process.returncode, 0, stderr)
        finally:
            process.kill()
            process.wait()


class Package(unittest.TestCase):
    def test_it_holds_what_a_machine_needs_and_the_program_in_it_runs(self):
        top = tempfile.mkdtemp(prefix="waybill-package-")
        self.addCleanup(shutil.rmtree, top)
        packed = run("cpack", "--config", os.path.join(OPTIONS.build, "CPackConfig.cmake"), "-G",
                     "DEB", "-B", top)
        self.assertEqual(packed.returncode, 0, packed.stdout + packed.stderr)
        [package] = glob.glob(f"{top}/*.deb")
        self.assertRegex(os.path.basename(package), r"^waybill_[0-9.]+_[a-z0-9]+\.deb$")
        fields = run("dpkg-deb", "--field", package, "Depends", "Package", "Maintainer").stdout
        for needed in ("libsqlite3-0", "libcurl4", "libmicrohttpd12", "adduser"):
            self.assertIn(needed, fields)
        control = f"{top}/control"
        self.assertEqual(run("dpkg-deb", "--control", package, control).returncode, 0)
        for script in ("postinst", "prerm", "postrm"):
            self.assertEqual(run("sh", "-n", f"{control}/{script}").returncode, 0)
            self.assertTrue(os.access(f"{control}/{script}", os.X_OK))
        root = f"{top}/root"
        self.assertEqual(run("dpkg-deb", "--extract", package, root).returncode, 0)
        with open(f"{control}/conffiles", encoding="utf-8") as file:
            for line in file.read().split():
                self.assertTrue(os.path.isfile(root + line), line)
        for path in ("/lib/systemd/system/waybill.service", "/etc/waybill/definitions",
                     "/lib/systemd/system/waybill-worker@.service",
                     "/usr/share/doc/waybill/README.md",
                     "/usr/share/doc/waybill/guides/operate.md",
                     "/usr/share/doc/waybill/reference/configuration.md"):
            self.assertTrue(os.path.exists(root + path), path)
        said = run(f"{root}/usr/bin/waybill", "version", cwd=top)
        self.assertTrue(said.stdout.startswith("waybill "), said.stderr)
        checked = run(f"{root}/usr/bin/waybill", "config", "check", "--config",
                      f"{root}/etc/waybill/waybill.yaml", "--definitions",
                      f"{root}/etc/waybill/definitions", cwd=top)
        self.assertEqual(checked.returncode, 0, checked.stderr)
        self.assertEqual(run("find", root, "-perm", "/022", "-not", "-type", "l").stdout, "",
                         "only root may change what is installed")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--waybill", required=True)
    parser.add_argument("--source", required=True, help="the project's directory")
    parser.add_argument("--build", required=True, help="the build's directory")
    options, rest = parser.parse_known_args(namespace=OPTIONS)
    missing = [name for name in NEEDED if not shutil.which(name)]
    if missing:
        print(f"operate.py: Skipped\n{', '.join(missing)} not installed")
        sys.exit(77)
    serving.WAYBILL[0] = options.waybill
    unittest.main(argv=[sys.argv[0], *rest])


if __name__ == "__main__":
    main()
