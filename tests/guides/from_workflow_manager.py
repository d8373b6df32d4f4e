#!/usr/bin/env python3
"""Runs the commands of docs/guides/from-workflow-manager.md in one directory, one block after the
other, and compares what they print with the block of text that follows. Blocks that need kubectl
are left out, and named, where it is not installed."""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile

BLOCK = re.compile(r"^```(\w+)([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks_of(guide):
    """Each command with its needs and what it prints, each file with its name and text."""
    with open(guide, encoding="utf-8") as file:
        found = [match.groups() for match in BLOCK.finditer(file.read())]
    for i, (language, rest, text) in enumerate(found):
        if language == "sh":
            follows = found[i + 1] if i + 1 < len(found) else ("", "", "")
            yield "run", rest.strip(), text, follows[2] if follows[0] == "text" else ""
        elif rest.strip().startswith("save="):
            yield "file", rest.strip()[len("save="):], text, ""


def run_all(guide, environment, directory):
    ran = failed = 0
    left_out = []
    for what, rest, text, expected in blocks_of(guide):
        if what == "file":
            with open(os.path.join(directory, rest), "w", encoding="utf-8") as file:
                file.write(text)
            continue
        if rest and not shutil.which(rest):
            left_out.append(rest)
            continue
        ran += 1
        done = subprocess.run(["bash", "-c", text], cwd=directory, env=environment, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60,
                              check=False)
        if done.stdout != expected:
            failed += 1
            print(f"this prints something else:\n{text}\nthe guide says:\n{expected}\n"
                  f"it is:\n{done.stdout}")
    return ran, failed, left_out


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--waybill", required=True)
    parser.add_argument("--source", required=True, help="the source tree")
    options = parser.parse_args()
    programs = os.path.dirname(os.path.abspath(options.waybill))
    environment = {"PATH": programs + ":" + os.environ["PATH"], "HOME": "/nonexistent"}
    guide = os.path.join(options.source, "docs/guides/from-workflow-manager.md")
    with tempfile.TemporaryDirectory() as directory:
        shutil.copytree(os.path.join(options.source, "deploy/kubernetes/gke"),
                        os.path.join(directory, "manifests"))
        ran, failed, left_out = run_all(guide, environment, directory)
    print(f"{ran} blocks were run, {failed} were not right"
          + "".join(f"; one was left out: {name} is not installed" for name in left_out))
    if failed or ran < 8:
        sys.exit(1)


if __name__ == "__main__":
    main()
