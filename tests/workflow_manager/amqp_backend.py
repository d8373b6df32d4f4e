"""Buckets as directories, and topics as queues of a real RabbitMQ."""

import glob
import os
import shlex
import socket
import subprocess
import time

from file_backend import FileBackend
from server import PATIENCE_SECONDS, Missing, Server, free_port

# Not /usr/sbin's, which wants to be the user rabbitmq.
PROGRAMS = "/usr/lib/rabbitmq/lib/rabbitmq_server-*/sbin"
CONFIGURATION = """listeners.tcp.1 = 127.0.0.1:{port}
vm_memory_high_watermark.absolute = 1GB
disk_free_limit.absolute = 50MB
"""


class Rabbit(Server):
    """Its node's port mapper ends with it."""

    def __init__(self):
        found = glob.glob(PROGRAMS)
        if not found:
            raise Missing("RabbitMQ (rabbitmq-server) is not installed")
        self.programs = found[0]
        super().__init__(self._command, None)

    def _command(self, port, home):
        mapper = free_port()
        self._write(home, "rabbitmq.conf", CONFIGURATION.format(port=port))
        self._write(home, "enabled_plugins", "[].")
        self._write(home, ".erlang.cookie", "TESTCOOKIE")
        os.chmod(os.path.join(home, ".erlang.cookie"), 0o400)
        self.environment = {
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME": home,
            "LANG": "C.UTF-8",
            "RABBITMQ_NODENAME": f"waybill{port}@localhost",
            "RABBITMQ_CONFIG_FILE": home + "/rabbitmq.conf",
            "RABBITMQ_CONF_ENV_FILE": "/dev/null",
            "RABBITMQ_MNESIA_BASE": home + "/mnesia",
            "RABBITMQ_LOG_BASE": home + "/log",
            "RABBITMQ_SCHEMA_DIR": home + "/schema",
            "RABBITMQ_GENERATED_CONFIG_DIR": home + "/generated",
            "RABBITMQ_ENABLED_PLUGINS_FILE": home + "/enabled_plugins",
            "RABBITMQ_PID_FILE": home + "/rabbit.pid",
            # The node then takes the place of the script that starts it.
            "RUNNING_UNDER_SYSTEMD": "1",
            "RABBITMQ_DIST_PORT": str(free_port()),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS":
                "-kernel inet_dist_use_interface {127,0,0,1}",
            "ERL_EPMD_PORT": str(mapper),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
        }
        words = [f"{name}={value}" for name, value in self.environment.items()]
        start = (f"setpriv --pdeathsig KILL -- epmd -port {mapper} -address 127.0.0.1 & "
                 f"until epmd -port {mapper} -names >/dev/null 2>&1; do :; done; "
                 f"exec {shlex.quote(self.programs)}/rabbitmq-server")
        return ["env", "-i", *words, "sh", "-c", start]

    @staticmethod
    def _write(home, name, text):
        with open(os.path.join(home, name), "w", encoding="utf-8") as file:
            file.write(text)

    def _wait_until_up(self, path):
        give_up = time.monotonic() + PATIENCE_SECONDS
        while self.process.poll() is None and time.monotonic() < give_up:
            try:
                socket.create_connection(("127.0.0.1", self.port)).close()
                return
            except OSError:
                time.sleep(0.02)  # nothing tells when a server begins to listen
        with open(self.log, encoding="utf-8", errors="replace") as log:
            raise AssertionError(f"{self.process.args} did not start:\n{log.read()[-2000:]}")

    def control(self, *words):
        """What rabbitmqctl says."""
        return subprocess.run([self.programs + "/rabbitmqctl", "--quiet", *words], check=True,
                              env=self.environment, stdout=subprocess.PIPE, text=True).stdout

    def queues(self):
        """{queue: (messages, of them persistent, bytes of their bodies)}"""
        rows = self.control("list_queues", "--no-table-headers", "name", "messages",
                            "messages_persistent", "message_bytes")
        found = {}
        for row in rows.splitlines():
            name, *numbers = row.split("\t")
            found[name] = tuple(int(number) for number in numbers)
        return found


class AmqpBackend(FileBackend):
    name = "amqp"

    @staticmethod
    def start():
        return Rabbit()

    def __init__(self, rabbit):
        super().__init__()
        self.rabbit = rabbit

    def topic(self, kind):
        return f"{os.path.basename(self.directory)}-{kind}"

    def flags(self, case):
        return {**super().flags(case), "task-queue-kind": "amqp",
                "intake-tasks-topic": self.topic("intake"),
                "aggregate-tasks-topic": self.topic("aggregate")}

    def environment(self):
        return {"WAYBILL_AMQP_URL": f"amqp://guest:guest@127.0.0.1:{self.rabbit.port}/%2f"}
