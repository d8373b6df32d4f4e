#!/usr/bin/env python3
"""SIGTERM while RabbitMQ does not answer: `waybill workflow-manager` ends in seconds, tells that
not all is done, has written no marker, and has given its lock back."""

import argparse
import os
import signal
import socket
import subprocess
import sys
import time

from file_backend import FileBackend
from place import PATIENCE_SECONDS, Place

BATCHES = 25  # more than one publish holds: the others must not try it one after another
STOP_SECONDS = 10  # 5 that are given to what is under way, and some for a slow machine
GREETING = b"AMQP\0\0\x09\x01"


def stop_at(program):
    """How long it took after SIGTERM, and what is wrong."""
    place = Place(program, FileBackend(), BATCHES)
    with socket.create_server(("127.0.0.1", 0)) as broker:
        environment = {"PATH": os.environ["PATH"],
                       "WAYBILL_AMQP_URL": f"amqp://me:secret@127.0.0.1:{broker.getsockname()[1]}"}
        process = subprocess.Popen([*place.command, "--task-queue-kind=amqp"], env=environment,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        try:
            broker.settimeout(PATIENCE_SECONDS)
            client, _ = broker.accept()
            with client:
                greeting = client.recv(len(GREETING), socket.MSG_WAITALL)
                began = time.monotonic()
                process.send_signal(signal.SIGTERM)
                status, stderr = place.finish(process)
                took = time.monotonic() - began
        finally:
            process.kill()
            process.wait()
    problems = [f"it said {greeting}"] if greeting != GREETING else []
    if took > STOP_SECONDS:
        problems.append(f"ended after {took:.1f} s")
    if status != 1 or "asked to stop" not in stderr or "secret" in stderr:
        problems.append(f"ended with {status}: {stderr}")
    if place.markers():
        problems.append(f"markers: {place.markers()}")
    place.remove()
    return took, problems


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--waybill", required=True)
    options = parser.parse_args()
    took, problems = stop_at(options.waybill)
    for problem in problems:
        print(problem)
    print(f"ended after {took:.1f} s, {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
