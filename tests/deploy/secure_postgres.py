"""A PostgreSQL of a test's own that takes only TLS and passwords, as one of production does."""

import glob
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time

PROGRAMS = sorted(glob.glob("/usr/lib/postgresql/*/bin"))
PATIENCE_SECONDS = 30


class SecurePostgres:
    """Has the user and database `waybill`, and a certificate of "localhost", signed by itself."""

    def __init__(self, port, password):
        self.port = port
        self.top = tempfile.mkdtemp(prefix="waybill-postgres-")
        self.words = []
        self.process = None
        self.certificate = f"{self.top}/tls.crt"
        access = "local all all trust\nhostssl all all 127.0.0.1/32 scram-sha-256\n"
        for name, text in (("password", password), ("hba", access)):
            with open(f"{self.top}/{name}", "w", encoding="utf-8") as file:
                file.write(text)
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30",
                        "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
                        "-keyout", f"{self.top}/tls.key", "-out", self.certificate],
                       check=True, capture_output=True)
        os.chmod(f"{self.top}/tls.key", 0o600)
        if os.geteuid() == 0:  # a PostgreSQL refuses to be root
            user = pwd.getpwnam("postgres")
            for path in (self.top, *glob.glob(f"{self.top}/*")):
                os.chown(path, user.pw_uid, user.pw_gid)
            self.words = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups",
                          "--pdeathsig", "KILL", "--"]
        self.run("initdb", "-D", f"{self.top}/data", "-U", "waybill", "-A", "scram-sha-256",
                 f"--pwfile={self.top}/password", "-E", "UTF8", "--locale=C.UTF-8", "-N")
        self.start()
        self.run("createdb", "-h", self.top, "-p", str(port), "-U", "waybill", "waybill")

    def run(self, program, *words):
        subprocess.run([*self.words, f"{PROGRAMS[-1]}/{program}", *words], cwd="/", check=True,
                       capture_output=True, timeout=60)

    def start(self):
        settings = {"listen_addresses": "127.0.0.1", "fsync": "off", "ssl": "on",
                    "ssl_cert_file": self.certificate, "ssl_key_file": f"{self.top}/tls.key",
                    "hba_file": f"{self.top}/hba"}
        self.process = subprocess.Popen(
            [*self.words, f"{PROGRAMS[-1]}/postgres", "-D", f"{self.top}/data", "-p",
             str(self.port), "-k", self.top,
             *[word for name, value in settings.items() for word in ("-c", f"{name}={value}")]],
            cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        give_up = time.monotonic() + PATIENCE_SECONDS
        while subprocess.run([f"{PROGRAMS[-1]}/pg_isready", "-q", "-h", self.top, "-p",
                              str(self.port)], check=False).returncode != 0:
            if self.process.poll() is not None or time.monotonic() > give_up:
                raise AssertionError("PostgreSQL did not start")
            time.sleep(0.02)

    def stop(self):
        self.process.send_signal(signal.SIGQUIT)
        self.process.wait()

    def close(self):
        self.stop()
        shutil.rmtree(self.top, ignore_errors=True)
