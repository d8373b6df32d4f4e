"""npm packages that a test runs with, brought into the build directory. A test that cannot have
them ends with exit status 77 and says why."""

import os
import shutil
import subprocess
import sys

SKIPPED = 77
PATIENCE_SECONDS = 120
# What npm says where no registry can be reached, or has no such package.
UNREACHABLE = ("ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ECONNRESET", "ETIMEDOUT", "ENETUNREACH",
               "EHOSTUNREACH", "ERR_SOCKET_TIMEOUT", "E403", "E404", "ENOTCACHED")


def skip(reason):
    print(f"{os.path.basename(sys.argv[0])}: Skipped\n{reason}")
    sys.exit(SKIPPED)


def read(path):
    if not os.path.exists(path):
        return None
    with open(path, encoding="utf-8") as file:
        return file.read()


def install(source, directory, what, patience_seconds=PATIENCE_SECONDS, command="ci"):
    """Copies `source` to `directory` and brings what its lock names, unless it is there already.
    `what` is the package that it is for."""
    if not shutil.which("node") or not shutil.which("npm"):
        skip("node and npm are not installed")
    installed = os.path.join(directory, "installed-lock.json")
    lock = read(os.path.join(source, "package-lock.json"))
    shutil.copytree(source, directory, dirs_exist_ok=True)
    if read(installed) == lock:
        return
    try:
        run = subprocess.run(
            ["npm", command, "--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=1",
             "--fetch-timeout=30000"],
            cwd=directory, capture_output=True, text=True, timeout=patience_seconds, check=False)
    except subprocess.TimeoutExpired:
        skip(f"npm did not bring {what} within {patience_seconds} s")
    if run.returncode != 0:
        print(run.stdout, run.stderr)
        if any(code in run.stderr for code in UNREACHABLE):
            skip(f"npm cannot reach a registry with {what}")
        sys.exit(f"npm {command} failed")
    with open(installed, "w", encoding="utf-8") as file:
        file.write(lock)
