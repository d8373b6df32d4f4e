#!/usr/bin/env python3
"""Proves the Cloud Storage stand-in with Google's own client, which npm brings into the build
directory. Exit status 77: it cannot be had here, and why."""

import argparse
import os
import secrets
import subprocess
import sys

PATIENCE_SECONDS = 120


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--servers", required=True, help="tests/servers")
    parser.add_argument("--directory", required=True, help="where the client is installed")
    options = parser.parse_args()
    sys.path.insert(0, options.servers)
    import npm_packages  # pylint: disable=import-outside-toplevel
    npm_packages.install(os.path.join(options.servers, "gcs_vendor_client"), options.directory,
                         "@google-cloud/storage")
    token = secrets.token_urlsafe()
    server = subprocess.Popen(
        [sys.executable, "-B", os.path.join(options.servers, "gcs_stand_in.py"),
         "--token=" + token],
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
