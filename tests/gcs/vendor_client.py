#!/usr/bin/env python3
"""Proves the Cloud Storage stand-in with Google's own client, which npm brings into the build
directory. Exit status 77: it cannot be had here, and why."""

import argparse
import os
import secrets
import shutil
import subprocess
import sys

SKIPPED = 77
PATIENCE_SECONDS = 120
# What npm says where no registry can be reached, or has no such package.
UNREACHABLE = ("ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ECONNRESET", "ETIMEDOUT", "ENETUNREACH",
               "EHOSTUNREACH", "ERR_SOCKET_TIMEOUT", "E403", "E404", "ENOTCACHED")


def skip(reason):
    print(f"vendor_client.py: Skipped\n{reason}")
    sys.exit(SKIPPED)


def read(path):
    if not os.path.exists(path):
        return None
    with open(path, encoding="utf-8") as file:
        return file.read()


def install(source, directory):
    """Brings what the lock names, unless it is there already."""
    installed = os.path.join(directory, "installed-lock.json")
    lock = read(os.path.join(source, "package-lock.json"))
    shutil.copytree(source, directory, dirs_exist_ok=True)
    if read(installed) == lock:
        return
    run = subprocess.run(
        ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=1",
         "--fetch-timeout=30000"],
        cwd=directory, capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False)
    if run.returncode != 0:
        print(run.stdout, run.stderr)
        if any(code in run.stderr for code in UNREACHABLE):
            skip("npm cannot reach a registry with @google-cloud/storage")
        sys.exit("npm ci failed")
    with open(installed, "w", encoding="utf-8") as file:
        file.write(lock)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--servers", required=True, help="tests/servers")
    parser.add_argument("--directory", required=True, help="where the client is installed")
    options = parser.parse_args()
    if not shutil.which("node") or not shutil.which("npm"):
        skip("node and npm are not installed")
    install(os.path.join(options.servers, "gcs_vendor_client"), options.directory)
    token = secrets.token_urlsafe()
    server = subprocess.Popen(
        [sys.executable, "-B", os.path.join(options.servers, "gcs_stand_in.py"), "--token", token],
        stdout=subprocess.PIPE, text=True)
    try:
        endpoint = server.stdout.readline().strip()  # it listens when it says where
        proof = subprocess.run(["node", "prove.mjs", endpoint, token], cwd=options.directory,
                               timeout=PATIENCE_SECONDS, check=False)
    finally:
        server.kill()
        server.wait()
    sys.exit(proof.returncode)


if __name__ == "__main__":
    main()
