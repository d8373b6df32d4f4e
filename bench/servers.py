"""A PostgreSQL and a RabbitMQ of one's own, for benchmarks and chaos."""

import glob
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def until(ready, what, patience=60):
    end = time.monotonic() + patience
    while not ready():
        if time.monotonic() > end:
            raise SystemExit(f"{what} did not come about in {patience} s")
        time.sleep(0.05)


def ticks(process):
    """CPU seconds of a process, and of its children that have ended; none if it is gone."""
    try:
        with open(f"/proc/{process}/stat") as file:
            fields = file.read().rpartition(")")[2].split()
    except OSError:
        return 0, 0
    per_second = os.sysconf("SC_CLK_TCK")
    return sum(map(int, fields[11:15])) / per_second, int(fields[1])


class Postgres:
    """A server of the benchmark's own. It refuses to be root."""

    def __init__(self, directory, buffers):
        self.programs = sorted(glob.glob("/usr/lib/postgresql/*/bin"))[-1]
        self.top = tempfile.mkdtemp(prefix="pg-", dir=directory)
        self.words = []
        if os.geteuid() == 0:
            user = pwd.getpwnam("postgres")
            os.chown(self.top, user.pw_uid, user.pw_gid)
            self.words = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups",
                          "--pdeathsig", "KILL", "--"]
        self.port = free_port()
        made = subprocess.run(
            [*self.words, f"{self.programs}/initdb", "-D", f"{self.top}/data", "-U", "postgres",
             "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "-N"],
            cwd="/", capture_output=True, text=True)
        if made.returncode != 0:
            raise SystemExit(f"initdb failed in {self.top}; may the user postgres get there? "
                             f"Name another place with --directory.\n{made.stderr}")
        self.buffers = buffers
        self.process = None
        self.start()

    def start(self):
        """Fine after kill(): its processes may need a moment until the last of them is gone."""
        ready = [f"{self.programs}/pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port)]

        def is_up():
            if self.process is None or self.process.poll() is not None:
                with open(f"{self.top}/log", "a") as log:
                    self.process = subprocess.Popen(
                        [*self.words, f"{self.programs}/postgres", "-D", f"{self.top}/data", "-p",
                         str(self.port), "-k", "", "-c", "listen_addresses=127.0.0.1", "-c",
                         f"shared_buffers={self.buffers}", "-c", "max_wal_size=4GB"],
                        cwd="/", stdout=subprocess.DEVNULL, stderr=log)
            return subprocess.run(ready, check=False).returncode == 0
        until(is_up, "PostgreSQL's start")

    def kill(self):
        """As a crash of it."""
        self.process.kill()
        self.process.wait()

    def close(self):
        self.process.send_signal(signal.SIGINT)
        self.process.wait(60)
        shutil.rmtree(self.top, ignore_errors=True)

    def url(self, database):
        return f"postgres://postgres@127.0.0.1:{self.port}/{database}"

    def psql(self, database, script):
        ran = subprocess.run([f"{self.programs}/psql", "-X", "-q", "-A", "-t", "-v",
                              "ON_ERROR_STOP=1", "-d", self.url(database), "-c", script],
                             capture_output=True, text=True)
        if ran.returncode != 0:
            raise SystemExit(f"psql: {ran.stderr}")
        return ran.stdout.strip()

    def fresh(self, database):
        self.psql("postgres", f"DROP DATABASE IF EXISTS {database} WITH (FORCE)")
        self.psql("postgres", f"CREATE DATABASE {database}")
        return self.url(database)

    def cpu_seconds(self):
        """Of all of its processes, those that have ended too."""
        seconds = ticks(self.process.pid)[0]
        for name in os.listdir("/proc"):
            if name.isdigit():
                spent, parent = ticks(name)
                seconds += spent if parent == self.process.pid else 0
        return seconds


class Rabbit:
    """A RabbitMQ of the benchmark's own, with its own port mapper. None is there: no `url`."""

    def __init__(self, directory):
        programs = glob.glob("/usr/lib/rabbitmq/lib/rabbitmq_server-*/sbin/rabbitmq-server")
        self.url = None
        if not programs:
            return
        self.programs = os.path.dirname(programs[0])
        home = tempfile.mkdtemp(prefix="rabbit-", dir=directory)
        port, mapper = free_port(), free_port()
        self.port = port
        with open(f"{home}/rabbitmq.conf", "w") as file:
            file.write(f"listeners.tcp.1 = 127.0.0.1:{port}\n"
                       "vm_memory_high_watermark.absolute = 1GB\n"
                       "disk_free_limit.absolute = 50MB\n")
        for name, text in (("enabled_plugins", "[]."), (".erlang.cookie", "BENCHCOOKIE")):
            with open(f"{home}/{name}", "w") as file:
                file.write(text)
        os.chmod(f"{home}/.erlang.cookie", 0o400)
        self.environment = {
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": home, "LANG": "C.UTF-8",
            "RABBITMQ_NODENAME": f"waybill{port}@localhost",
            "RABBITMQ_CONFIG_FILE": f"{home}/rabbitmq.conf",
            "RABBITMQ_CONF_ENV_FILE": "/dev/null", "RABBITMQ_MNESIA_BASE": f"{home}/mnesia",
            "RABBITMQ_LOG_BASE": f"{home}/log", "RABBITMQ_SCHEMA_DIR": f"{home}/schema",
            "RABBITMQ_GENERATED_CONFIG_DIR": f"{home}/generated",
            "RABBITMQ_ENABLED_PLUGINS_FILE": f"{home}/enabled_plugins",
            "RABBITMQ_PID_FILE": f"{home}/rabbit.pid", "RUNNING_UNDER_SYSTEMD": "1",
            "RABBITMQ_DIST_PORT": str(free_port()),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
            "ERL_EPMD_PORT": str(mapper), "ERL_EPMD_ADDRESS": "127.0.0.1"}
        self.quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL,
                      "env": self.environment}
        self.mapper = subprocess.Popen(
            ["epmd", "-port", str(mapper), "-address", "127.0.0.1"], **self.quiet)
        until(lambda: accepts(mapper), "the start of Erlang's port mapper")
        self.start()
        self.url = f"amqp://guest:guest@127.0.0.1:{port}/%2f"

    def start(self):
        self.node = subprocess.Popen([f"{self.programs}/rabbitmq-server"], start_new_session=True,
                                     **self.quiet)
        until(lambda: accepts(self.port), "RabbitMQ's start", patience=240)

    def kill(self):
        """As a crash of it. What was declared before `write_declarations` is there again after
        start(); of what is declared within seconds of the crash RabbitMQ promises nothing."""
        os.killpg(self.node.pid, signal.SIGKILL)
        self.node.wait()

    def control(self, *words):
        ran = subprocess.run([f"{self.programs}/rabbitmqctl", "--quiet", *words], text=True,
                             capture_output=True, env=self.environment, check=False)
        if ran.returncode != 0:
            raise SystemExit(f"rabbitmqctl {' '.join(words)}: {ran.stdout} {ran.stderr}")
        return ran.stdout

    def write_declarations(self):
        self.control("eval", "mnesia:dump_log(), [ok = dets:sync(Table) || Table <- dets:all()].")

    def close(self):
        for process in (self.node, self.mapper) if self.url else ():
            process.terminate()
            process.wait(60)


def accepts(port):
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0
