#!/usr/bin/env python3
"""Two servers with data directories of their own follow one repository, on one ledger in
PostgreSQL: both come to the same, and the ledger's schedules too."""

import glob
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest

from upstream import NOOP, Upstream, serving
from serving import Serving, until

PROGRAMS = sorted(glob.glob("/usr/lib/postgresql/*/bin"))


class Postgres:
    """A server of the test's own; it refuses to be root."""

    def __init__(self):
        self.top = tempfile.mkdtemp(prefix="waybill-postgres-")
        self.words = []
        if os.geteuid() == 0:
            user = pwd.getpwnam("postgres")
            os.chown(self.top, user.pw_uid, user.pw_gid)
            self.words = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups",
                          "--pdeathsig", "KILL", "--"]
        self.port = serving.socket.socket()
        self.port.bind(("127.0.0.1", 0))
        number = self.port.getsockname()[1]
        self.port.close()
        self.run("initdb", "-D", self.top + "/data", "-U", "postgres", "-A", "trust", "-E", "UTF8",
                 "--locale=C.UTF-8", "-N")
        self.process = subprocess.Popen(
            [*self.words, PROGRAMS[-1] + "/postgres", "-D", self.top + "/data", "-p", str(number),
             "-k", self.top, "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"],
            cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until(lambda: subprocess.run([PROGRAMS[-1] + "/pg_isready", "-q", "-h", "127.0.0.1", "-p",
                                      str(number)], check=False).returncode == 0, "PostgreSQL")
        self.url = f"postgres://postgres@127.0.0.1:{number}/postgres"

    def run(self, program, *words):
        subprocess.run([*self.words, f"{PROGRAMS[-1]}/{program}", *words], cwd="/", check=True,
                       capture_output=True, timeout=60)

    def close(self):
        self.process.send_signal(signal.SIGQUIT)
        self.process.wait()
        shutil.rmtree(self.top, ignore_errors=True)


class ServersTest(unittest.TestCase):
    def test_two_servers_come_to_the_same(self):
        postgres = Postgres()
        self.addCleanup(postgres.close)
        upstream = Upstream()
        self.addCleanup(upstream.close)
        upstream.commit({"a.yaml": NOOP % "a"})
        servers = []
        for _ in range(2):
            servers.append(Serving("--ledger", postgres.url, "--definitions-from", upstream.path,
                                   "--definitions-every", "1s"))
            self.addCleanup(servers[-1].close)
        for number in range(3):
            commit = upstream.commit({
                "a.yaml": NOOP % "a" + f"schedules: {{s{number}: {{cron: '@daily', task: a}}}}\n"})
            for server in servers:
                until(lambda at=server: at.get("/v1/definitions/a").json["source"]["commit"]
                      == commit, f"commit {number}")
            # The second of them finds what the first has written.
            names = [each["name"] for each in servers[0].get("/v1/schedules").json["schedules"]]
            self.assertEqual(names, [f"s{number}"])
        for server in servers:
            task = server.post("/v1/tasks", {"definition": "a"}).json["task"]
            self.assertEqual(task["labels"]["definition.commit"], commit)

    def test_servers_of_different_refs_leave_each_others_schedules_alone(self):
        postgres = Postgres()
        self.addCleanup(postgres.close)
        upstream = Upstream()
        self.addCleanup(upstream.close)
        ours = "schedules: {%s: {cron: '@daily', task: %s}}\n"
        upstream.commit({"a.yaml": NOOP % "a" + ours % ("of-main", "a")})
        upstream.git("checkout", "--quiet", "-b", "next")
        upstream.commit({"a.yaml": NOOP % "b" + ours % ("of-next", "b")})
        servers = {}
        for ref in ("main", "next"):
            servers[ref] = Serving("--ledger", postgres.url, "--definitions-from",
                                   f"{upstream.path}#{ref}", "--definitions-every", "1s")
            self.addCleanup(servers[ref].close)

        def schedules():
            listed = servers["main"].get("/v1/schedules").json["schedules"]
            return {each["name"]: each["source"].split("@")[0] for each in listed}

        self.assertEqual(schedules(), {"of-main": f"{upstream.path}#main",
                                       "of-next": f"{upstream.path}#next"})
        upstream.commit({"a.yaml": NOOP % "b" + ours % ("of-next-too", "b")})
        until(lambda: set(schedules()) == {"of-main", "of-next-too"}, "the schedules of both")

        # Of one name there is one: the first keeps it, and the other is told until it is free.
        shared = "schedules: {shared: {cron: '@%s', task: %s}}\n"
        upstream.git("checkout", "--quiet", "main")
        upstream.commit({"a.yaml": NOOP % "a" + shared % ("hourly", "a")})
        until(lambda: schedules().get("shared") == f"{upstream.path}#main", "it is of main")
        upstream.git("checkout", "--quiet", "next")
        upstream.commit({"a.yaml": NOOP % "b" + shared % ("daily", "b")})
        told = f'waybill_definitions_problems{{source="{upstream.path}#next"}} 1'
        until(lambda: told in servers["next"].get("/metrics").body.decode(), "next is told")
        self.assertEqual(schedules(), {"shared": f"{upstream.path}#main"})
        upstream.git("checkout", "--quiet", "main")
        upstream.commit({"a.yaml": NOOP % "a"})
        until(lambda: schedules() == {"shared": f"{upstream.path}#next"}, "it is free")
        until(lambda: told not in servers["next"].get("/metrics").body.decode(), "all is well")


if __name__ == "__main__":
    if not PROGRAMS:
        print("left out: PostgreSQL is not installed")
        sys.exit(77)
    serving.main()
