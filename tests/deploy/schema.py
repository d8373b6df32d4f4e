#!/usr/bin/env python3
"""Holds the manifests of deploy/kubernetes to the published types of Kubernetes and KEDA, which npm
brings into the build directory. Exit status 77: they cannot be had here, and why."""

import argparse
import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "servers"))
import npm_packages  # noqa: E402  pylint: disable=wrong-import-position

PLANTED = (("workflow-manager.yaml", "restartPolicy:", "restartPolicies:"),
           ("workflow-manager.yaml", "backoffLimit: 0", "backoffLimit: none"),
           ("intake-batch-autoscaler.yaml", "maxReplicaCount", "maxReplicas"))


def check(directory, files):
    return subprocess.run(["node", "check.mjs", *files], cwd=directory, capture_output=True,
                          text=True, timeout=120, check=False)


def rendered(deploy, directory):
    """What kustomize makes of each of its directories: files are checked as changed."""
    files = []
    for path in sorted(glob.glob(f"{deploy}/kubernetes/*/kustomization.yaml")):
        made = subprocess.run(["kubectl", "kustomize", os.path.dirname(path)], capture_output=True,
                              text=True, timeout=120, check=False)
        if made.returncode != 0:
            sys.exit(f"{path}: {made.stderr}")
        files.append(f"{directory}/{os.path.basename(os.path.dirname(path))}.rendered.yaml")
        with open(files[-1], "w", encoding="utf-8") as file:
            file.write(made.stdout)
    return files


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--deploy", required=True)
    parser.add_argument("--directory", required=True, help="where the packages are installed")
    options = parser.parse_args()
    options.deploy = os.path.abspath(options.deploy)
    npm_packages.install(os.path.join(HERE, "schema"), options.directory, "kubernetes-types")
    files = [path for path in sorted(glob.glob(f"{options.deploy}/kubernetes/*/*.yaml")
                                     + glob.glob(f"{options.deploy}/kubernetes/*/rabbitmq/*.yaml"))
             if os.path.basename(path) != "kustomization.yaml"]
    if shutil.which("kubectl"):
        files += rendered(options.deploy, options.directory)
    else:
        print("kubectl is not installed: what kustomize makes of them is not checked")
    objects = 0
    for path in files:
        with open(path, encoding="utf-8") as file:
            objects += len(re.findall(r"^kind: ", file.read(), re.MULTILINE))
    checked = check(options.directory, files)
    print(checked.stdout, checked.stderr)
    if checked.returncode != 0 or f"{objects} objects checked" not in checked.stdout:
        sys.exit(1)
    # It is seen to find what is wrong.
    with tempfile.TemporaryDirectory() as directory:
        planted = []
        for name, right, wrong in PLANTED:
            with open(f"{options.deploy}/kubernetes/gke/{name}", encoding="utf-8") as file:
                text = file.read()
            planted.append(os.path.join(directory, wrong.replace(": ", "_")))
            with open(planted[-1], "w", encoding="utf-8") as file:
                file.write(text.replace(right, wrong))
        found = check(options.directory, planted).stdout
        missed = [path for path in planted if f"{path}: " not in found]
    if missed:
        sys.exit(f"not found to be wrong: {missed}\n{found}")


if __name__ == "__main__":
    main()
