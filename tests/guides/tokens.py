#!/usr/bin/env python3
"""Types what docs/guides/tokens.md says to type, one block after the other in one directory, and
compares what is printed with the block of text that follows. Ids, times, the port and the width of
columns are as they are; and what the guide waits for is waited for."""

import argparse
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile

from from_workflow_manager import blocks_of

BLOCKS = 7


def plain(text):
    text = re.sub(r"\b[0-9a-f]{8}\b", "ID", text)
    text = re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z", "TIME", text)
    text = re.sub(r"(never|TIME) +active", "USED active", text)  # written once a minute
    return re.sub(r" +", " ", text)


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return str(taken.getsockname()[1])


def end_server(directory):
    try:
        with open(os.path.join(directory, "server.pid"), encoding="ascii") as file:
            os.kill(int(file.read()), signal.SIGKILL)
    except (FileNotFoundError, ProcessLookupError):
        pass  # it was not begun, or the guide has ended it


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--waybill", required=True)
    parser.add_argument("--source", required=True, help="the source tree")
    options = parser.parse_args()
    programs = os.path.dirname(os.path.abspath(options.waybill))
    environment = {"PATH": programs + ":" + os.environ["PATH"], "HOME": "/nonexistent"}
    guide = os.path.join(options.source, "docs/guides/tokens.md")
    port, ran, failed = free_port(), 0, 0
    with tempfile.TemporaryDirectory() as directory:
        try:
            for _, _, text, expected in blocks_of(guide):
                ran += 1
                done = subprocess.run(["bash", "-c", text.replace("8470", port)], cwd=directory,
                                      env=environment, text=True, stdout=subprocess.PIPE,
                                      stderr=subprocess.STDOUT, timeout=240, check=False)
                if plain(done.stdout).rstrip("\n") != plain(expected).rstrip("\n"):
                    failed += 1
                    print(f"this prints something else:\n{text}\nthe guide says:\n{expected}\n"
                          f"it is:\n{done.stdout}")
        finally:
            end_server(directory)
    if ran != BLOCKS:
        sys.exit(f"{ran} blocks were found in {guide}, not {BLOCKS}")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
