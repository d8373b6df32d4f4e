"""A RabbitMQ of a test's own: on free ports of loopback, in a directory that goes with it."""

import glob
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time

PATIENCE_SECONDS = 60
# Not /usr/sbin's, which wants to be the user rabbitmq.
PROGRAMS = "/usr/lib/rabbitmq/lib/rabbitmq_server-*/sbin/rabbitmq-server"


def missing():
    """Why it cannot be had; empty: it can."""
    installed = glob.glob(PROGRAMS) and shutil.which("epmd")
    return "" if installed else "RabbitMQ (rabbitmq-server) is not installed"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def accepts(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Rabbit:
    def __init__(self, settings=""):
        """`settings` of rabbitmq.conf, besides those that every test needs."""
        self.directory = tempfile.TemporaryDirectory(prefix="waybill-rabbit-")
        self.port, mapper_port = free_port(), free_port()
        home = self.directory.name
        self.write("rabbitmq.conf", f"listeners.tcp.1 = 127.0.0.1:{self.port}\n"
                   "vm_memory_high_watermark.absolute = 1GB\ndisk_free_limit.absolute = 50MB\n"
                   + settings)
        self.write("enabled_plugins", "[].")
        self.write(".erlang.cookie", "TESTCOOKIE")
        os.chmod(os.path.join(home, ".erlang.cookie"), 0o400)
        self.environment = {
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": home, "LANG": "C.UTF-8",
            "RABBITMQ_NODENAME": f"waybill{self.port}@localhost",
            "RABBITMQ_CONFIG_FILE": f"{home}/rabbitmq.conf", "RABBITMQ_CONF_ENV_FILE": "/dev/null",
            "RABBITMQ_MNESIA_BASE": f"{home}/mnesia", "RABBITMQ_LOG_BASE": f"{home}/log",
            "RABBITMQ_SCHEMA_DIR": f"{home}/schema",
            "RABBITMQ_GENERATED_CONFIG_DIR": f"{home}/generated",
            "RABBITMQ_ENABLED_PLUGINS_FILE": f"{home}/enabled_plugins",
            "RABBITMQ_PID_FILE": f"{home}/rabbit.pid",
            "RUNNING_UNDER_SYSTEMD": "1",  # the node takes the place of the script that starts it
            "RABBITMQ_DIST_PORT": str(free_port()),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
            "ERL_EPMD_PORT": str(mapper_port), "ERL_EPMD_ADDRESS": "127.0.0.1"}
        self.log = open(os.path.join(home, "out.log"), "ab")
        self.started = []
        self.run([shutil.which("epmd"), "-port", str(mapper_port), "-address", "127.0.0.1"],
                 mapper_port)
        self.start()
        self.url = f"amqp://guest:guest@127.0.0.1:{self.port}/%2f"

    def write(self, name, text):
        with open(os.path.join(self.directory.name, name), "w", encoding="utf-8") as file:
            file.write(text)

    def run(self, command, port):
        process = subprocess.Popen(command, env=self.environment, stdout=self.log,
                                   stderr=self.log, start_new_session=True)
        self.started.append(process)
        end = time.monotonic() + PATIENCE_SECONDS
        while not accepts(port):
            if process.poll() is not None or time.monotonic() > end:
                with open(self.log.name, encoding="utf-8", errors="replace") as log:
                    raise AssertionError(f"{command[0]} did not start: {log.read()[-2000:]}")
            time.sleep(0.05)
        return process

    def start(self):
        """The node, on what it has on disk."""
        self.node = self.run([glob.glob(PROGRAMS)[0]], self.port)

    def kill(self):
        """As a crash of it."""
        os.killpg(self.node.pid, signal.SIGKILL)
        self.node.wait()

    def freeze(self):
        """It says and hears nothing, and its connections stay open."""
        os.killpg(self.node.pid, signal.SIGSTOP)

    def go_on(self):
        if self.node.poll() is None:
            os.killpg(self.node.pid, signal.SIGCONT)

    def control(self, *words):
        program = os.path.join(os.path.dirname(glob.glob(PROGRAMS)[0]), "rabbitmqctl")
        ran = subprocess.run([program, "--quiet", *words], text=True, capture_output=True,
                             env=self.environment, check=False)
        if ran.returncode != 0:
            raise AssertionError(f"rabbitmqctl {' '.join(words)}: {ran.stdout} {ran.stderr}")
        return ran.stdout

    def said(self):
        """Its own log."""
        logs = glob.glob(os.path.join(self.directory.name, "log", "*.log"))
        text = ""
        for path in (*logs, self.log.name):
            with open(path, encoding="utf-8", errors="replace") as file:
                text += file.read()
        return text

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in reversed(self.started):
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        self.log.close()
        self.directory.cleanup()
