"""A PostgreSQL that lets nobody in without TLS, and whom its certificates are of."""

import os
import signal
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
for folder in ("../../bench", "../servers"):
    sys.path.insert(0, os.path.join(HERE, folder))
from certificates import Certificates  # noqa: E402
from servers import Postgres  # noqa: E402

DATABASE = "waybill"
OWNER = "waybill"  # has a certificate
READER = "carol"  # has a password
PASSWORD = "correct-horse-battery"
ACCESS = f"""hostssl all {READER} 127.0.0.1/32 scram-sha-256
hostssl all {OWNER} 127.0.0.1/32 cert
local all all trust
"""


class TlsPostgres:
    """Has the database and the users above."""

    def __init__(self, directory):
        self.certificates = Certificates(directory, OWNER)
        self.postgres = Postgres(directory, "32MB")
        self.port = self.postgres.port
        self.postgres.psql("postgres", f"CREATE ROLE {OWNER} LOGIN SUPERUSER;"
                           f"CREATE ROLE {READER} LOGIN PASSWORD '{PASSWORD}'")
        self.postgres.psql("postgres", f"CREATE DATABASE {DATABASE}")
        data = f"{self.postgres.top}/data"
        owner = os.stat(data)
        for name in ("server.key", "server.pem", "ours.pem"):
            with open(self.certificates.path(name), "rb") as source:
                with open(f"{data}/{name}", "wb") as copy:
                    copy.write(source.read())
            os.chmod(f"{data}/{name}", 0o600)
            os.chown(f"{data}/{name}", owner.st_uid, owner.st_gid)
        with open(f"{data}/postgresql.conf", "a", encoding="utf-8") as file:
            file.write("ssl = on\nssl_cert_file = 'server.pem'\nssl_key_file = 'server.key'\n"
                       "ssl_ca_file = 'ours.pem'\n")
        with open(f"{data}/pg_hba.conf", "w", encoding="utf-8") as file:
            file.write(ACCESS)
        self.postgres.process.send_signal(signal.SIGHUP)

    def parameters(self, **others):
        """What a URL says of TLS; `others` stand in for these, None leaves one out."""
        path = self.certificates.path
        given = {"sslmode": "verify-full", "sslrootcert": path("ours.pem"),
                 "sslcert": path("client.pem"), "sslkey": path("client.key"), **others}
        return {name: value for name, value in given.items() if value}

    def url(self, user=OWNER, host="localhost", **others):
        query = "&".join(f"{name}={value}" for name, value in self.parameters(**others).items())
        return f"postgres://{user}@{host}:{self.port}/{DATABASE}?{query}"

    def psql(self, script):
        """As somebody who is let in."""
        ran = subprocess.run([f"{self.postgres.programs}/psql", "-X", "-q", "-A", "-t", "-v",
                              "ON_ERROR_STOP=1", "-d", self.url(), "-c", script],
                             capture_output=True, text=True, check=False)
        if ran.returncode != 0:
            raise AssertionError(f"psql: {ran.stderr}")
        return ran.stdout.strip()

    def close(self):
        self.postgres.close()
