#!/usr/bin/env python3
"""The ledger over TLS as production has it: both sides show certificates, and whoever is not who
they ought to be is told what to do. Exit status 77: a program that this needs is not here."""

import glob
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "http"))
import serving  # noqa: E402  pylint: disable=wrong-import-position
import tls_server  # noqa: E402  pylint: disable=wrong-import-position

TASKS = 30
WRONG = "not-the-right-one"
# Of each session of ours: how it came, and whether it is the one that listens.
SESSIONS = """SELECT count(*), count(*) FILTER (WHERE s.ssl AND s.client_dn = '/CN=waybill'),
  count(*) FILTER (WHERE query = 'LISTEN waybill')
  FROM pg_stat_activity a JOIN pg_stat_ssl s USING (pid) WHERE application_name = 'waybill'"""


class Tls(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.top = tempfile.mkdtemp(prefix="waybill-tls-")
        cls.addClassCleanup(shutil.rmtree, cls.top, ignore_errors=True)
        os.chmod(cls.top, 0o711)
        cls.server = tls_server.TlsPostgres(cls.top)
        cls.addClassCleanup(cls.server.close)
        # Once it takes the new settings.
        serving.until(lambda: cls.run_with(cls.server.url(), "db", "migrate").returncode == 0,
                      "the ledger is made over TLS")

    @classmethod
    def environment(cls, **more):
        kept = {name: value for name, value in os.environ.items() if name.endswith("SAN_OPTIONS")}
        return {"PATH": os.environ["PATH"], "HOME": cls.top, **kept, **more}

    @classmethod
    def run_with(cls, ledger, *words, **environment):
        return cls.run_words(*words, "--ledger", ledger, "--data", f"{cls.top}/data",
                             **environment)

    @classmethod
    def run_words(cls, *words, **environment):
        return subprocess.run([serving.WAYBILL[0], *words], cwd=cls.top, capture_output=True,
                              env=cls.environment(**environment), text=True, check=False,
                              timeout=serving.PATIENCE_SECONDS)

    def start(self, *words, **environment):
        log = open(f"{self.top}/log", "ab")  # pylint: disable=consider-using-with
        self.addCleanup(log.close)
        process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "--", serving.WAYBILL[0], *words], cwd=self.top,
            env=self.environment(**environment), stdout=log, stderr=log)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def test_server_worker_and_listeners_show_their_certificate(self):
        served = serving.Serving("--ledger", self.server.url())
        self.addCleanup(served.close)
        self.start("worker", "--ledger", self.server.url(), "--data", f"{self.top}/worker")
        for _ in range(TASKS):
            served.post("/v1/tasks", {"kind": "noop"})
        done = "/v1/tasks?state=succeeded&limit=1000"
        serving.until(lambda: len(served.get(done).json["tasks"]) == TASKS, "the tasks are done")

        def seen():
            all_of_them, secure, listening = self.server.psql(SESSIONS).split("|")
            self.assertEqual(secure, all_of_them)
            return int(listening) >= 1 and int(all_of_them) >= 3
        serving.until(seen, "a session listens")

    def test_db_copy_goes_over_tls_both_ways(self):
        files = f"{self.top}/files"
        made = self.run_words("task", "create", "--kind", "noop", "--data", files)
        self.assertEqual(made.returncode, 0, made.stderr)
        self.server.psql("CREATE DATABASE copied")
        there = self.server.url().replace(f"/{tls_server.DATABASE}?", "/copied?")
        for source, target in ((f"sqlite:{files}", there), (there, f"sqlite:{self.top}/back")):
            copied = self.run_words("db", "copy", "--from", source, "--to", target)
            self.assertEqual(copied.returncode, 0, copied.stderr)
        listed = self.run_words("task", "list", "--json", "--data", f"{self.top}/back")
        self.assertIn(made.stdout.strip().split()[0], listed.stdout)
        refused = self.run_words("db", "copy", "--from", f"sqlite:{files}", "--to",
                                 self.other(there, sslrootcert="strange.pem"))
        self.assertEqual(refused.returncode, 1, refused.stderr)
        self.assertIn("sslrootcert", refused.stderr)

    def other(self, url, **names):
        parameters = self.server.parameters()
        for name, file in names.items():
            url = url.replace(parameters[name], self.server.certificates.path(file))
        return url

    def refused(self, ledger, *phrases, words=("db", "stats"), **environment):
        """Twice: a server that starts must not wait for what will not come about."""
        for command in (words, ("serve", "--listen", "127.0.0.1:0")):
            ran = self.run_with(ledger, *command, **environment)
            self.assertEqual(ran.returncode, 1, (command, ran.stderr))
            for phrase in phrases:
                self.assertIn(phrase, ran.stderr)
            said = ran.stdout + ran.stderr
            for secret in (tls_server.PASSWORD, WRONG):
                self.assertNotIn(secret, said)

    def test_a_server_that_another_authority_vouches_for_is_refused(self):
        self.refused(self.server.url(sslrootcert=self.server.certificates.path("strange.pem")),
                     "certificate verify failed", "sslrootcert in the URL", "PGSSLROOTCERT")

    def test_a_server_of_another_name_is_refused(self):
        self.refused(self.server.url(host="127.0.0.1"), "does not match host name",
                     "name the host in the URL as its certificate does")

    def test_an_authority_that_is_not_there_is_refused(self):
        self.refused(self.server.url(sslrootcert=f"{self.top}/nowhere.pem"), "nowhere.pem",
                     "Either provide the file")

    def test_who_says_nothing_secretly_is_told_to(self):
        self.refused(self.server.url(sslmode="disable"), "sslmode=verify-full")

    def test_who_shows_no_certificate_is_told_to(self):
        self.refused(self.server.url(sslcert=None, sslkey=None), "sslcert and sslkey")

    def test_a_certificate_that_the_server_does_not_trust_is_refused(self):
        path = self.server.certificates.path
        self.refused(self.server.url(sslcert=path("stranger.pem"), sslkey=path("stranger.key")),
                     "alert unknown ca", "ssl_ca_file")

    def test_a_key_that_is_not_the_certificates_is_refused(self):
        self.refused(self.server.url(sslkey=self.server.certificates.path("stranger.key")),
                     "the key of that certificate")

    def test_a_certificate_of_another_user_is_refused(self):
        self.server.psql("CREATE ROLE other LOGIN")
        hba = f"{self.server.postgres.top}/data/pg_hba.conf"
        with open(hba, "a", encoding="utf-8") as file:
            file.write("hostssl all other 127.0.0.1/32 cert\n")
        self.server.psql("SELECT pg_reload_conf()")
        serving.until(lambda: "certificate authentication failed" in self.run_with(
            self.server.url(user="other"), "db", "stats").stderr, "the server knows the user")
        self.refused(self.server.url(user="other"), "another user's: name this one's")

    def test_a_password_is_never_shown(self):
        plain = self.server.url(user=tls_server.READER, sslcert=None, sslkey=None)
        self.refused(plain, "set PGPASSWORD, or name a file with PGPASSFILE")
        self.refused(plain, "password that PGPASSWORD or PGPASSFILE tells", PGPASSWORD=WRONG)
        self.refused(plain, "grant it the right", PGPASSWORD=tls_server.PASSWORD)
        for url in (plain.replace("@", f":{WRONG}@"), f"{plain}&password={WRONG}"):
            for words in (("db", "stats", "--ledger", url), ("worker", "--ledger", url),
                          ("db", "copy", "--from", url, "--to", f"sqlite:{self.top}/none")):
                ran = self.run_words(*words)
                self.assertEqual(ran.returncode, 2, ran.stderr)
                self.assertIn("must not hold a password", ran.stderr)
                self.assertNotIn(WRONG, ran.stdout + ran.stderr)

    def test_it_is_the_right_password_that_opens(self):
        self.server.psql(f"GRANT USAGE ON SCHEMA waybill TO {tls_server.READER};"
                         f"GRANT SELECT ON ALL TABLES IN SCHEMA waybill TO {tls_server.READER}")
        plain = self.server.url(user=tls_server.READER, sslcert=None, sslkey=None)
        shown = self.run_with(plain, "db", "stats", PGPASSWORD=tls_server.PASSWORD)
        self.server.psql(f"REVOKE ALL ON SCHEMA waybill FROM {tls_server.READER}")
        self.assertEqual(shown.returncode, 0, shown.stderr)


if __name__ == "__main__":
    serving.options_of()
    absent = [name for name in ("openssl", "setpriv") if not shutil.which(name)]
    if not glob.glob("/usr/lib/postgresql/*/bin/initdb"):
        absent.append("PostgreSQL")
    if absent:
        print(f"tls_test.py: Skipped\n{', '.join(absent)} not installed")
        sys.exit(77)
    unittest.main()
