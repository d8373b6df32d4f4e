"""A pgbouncer of a test's own in front of a PostgreSQL: each transaction gets whichever session's
turn it is, so that nobody can rely on one."""

import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../bench"))
from servers import free_port, until  # noqa: E402

PROGRAM = shutil.which("pgbouncer") or "/usr/sbin/pgbouncer"
SETTINGS = """[databases]
* = host=127.0.0.1 port={server}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = trust
auth_file = {top}/users
pool_mode = transaction
server_round_robin = 1
default_pool_size = {sessions}
max_client_conn = 200
logfile = {top}/log
pidfile = {top}/pid
admin_users = postgres
"""


def missing():
    """Why it cannot be had; empty: it can."""
    return "" if os.access(PROGRAM, os.X_OK) else "pgbouncer is not installed"


class Pooler:
    def __init__(self, directory, server_port, sessions):
        self.top = tempfile.mkdtemp(prefix="pooler-", dir=directory)
        self.port = free_port()
        self.words = ["setpriv", "--pdeathsig", "KILL"]
        with open(f"{self.top}/ini", "w", encoding="utf-8") as file:
            file.write(SETTINGS.format(server=server_port, port=self.port, sessions=sessions,
                                       top=self.top))
        with open(f"{self.top}/users", "w", encoding="utf-8") as file:
            file.write('"postgres" ""\n')
        if os.geteuid() == 0:  # it refuses to be root
            user = pwd.getpwnam("postgres")
            os.chown(self.top, user.pw_uid, user.pw_gid)
            self.words += ["--reuid=postgres", "--regid=postgres", "--clear-groups"]
        self.process = None
        self.start()

    def start(self):
        self.process = subprocess.Popen([*self.words, "--", PROGRAM, "-q", f"{self.top}/ini"],
                                        cwd="/", stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)
        until(lambda: self.show("VERSION"), f"pgbouncer's start; its log: {self.top}/log")

    def show(self, what):
        """What it says of itself; empty: nobody answers."""
        ran = subprocess.run(["psql", "-X", "-A", "-t", "-d", self.url("pgbouncer"), "-c",
                              f"SHOW {what}"], capture_output=True, text=True, check=False)
        return ran.stdout.strip() if ran.returncode == 0 else ""

    def url(self, database):
        return f"postgres://postgres@127.0.0.1:{self.port}/{database}"

    def kill(self):
        self.process.kill()
        self.process.wait()

    def log(self):
        with open(f"{self.top}/log", encoding="utf-8", errors="replace") as file:
            return file.read()

    def close(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
