#!/usr/bin/env python3
"""Types what docs/guides/define-a-task.md says to type, one block after the other in one directory,
and compares what is printed with the block of text that follows. Ids, commits, times, the directory
and the width of columns are as they are."""

import argparse
import os
import re
import subprocess
import sys
import tempfile

from from_workflow_manager import blocks_of


def plain(text, directory):
    text = text.replace(directory, "/srv/you")
    text = re.sub(r"\b[0-9a-f]{12}(?:[0-9a-f]{28})?\b", "COMMIT", text)
    text = re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z", "TIME", text)
    return re.sub(r" +", " ", text)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--waybill", required=True)
    parser.add_argument("--source", required=True, help="the source tree")
    options = parser.parse_args()
    programs = os.path.dirname(os.path.abspath(options.waybill))
    environment = {"PATH": programs + ":" + os.environ["PATH"], "HOME": "/nonexistent",
                   "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null"}
    ran = failed = 0
    with tempfile.TemporaryDirectory() as directory:
        directory = os.path.realpath(directory)
        guide = os.path.join(options.source, "docs/guides/define-a-task.md")
        for what, rest, text, expected in blocks_of(guide):
            if what == "file":
                with open(os.path.join(directory, rest), "w", encoding="utf-8") as file:
                    file.write(text)
                continue
            ran += 1
            done = subprocess.run(["bash", "-c", text], cwd=directory, env=environment, text=True,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60,
                                  check=False)
            if plain(done.stdout, directory) != plain(expected, directory):
                failed += 1
                print(f"this prints something else:\n{text}\nthe guide says:\n{expected}\n"
                      f"it is:\n{done.stdout}")
    if ran < 8:
        sys.exit(f"only {ran} blocks were found in {guide}")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
