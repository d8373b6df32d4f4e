"""A sandbox for tasks of kind container, whichever this machine has, with an image of busybox."""

import hashlib
import os
import shutil
import subprocess

PODMAN = ["podman", "--runtime=runc", "--cgroup-manager=cgroupfs", "--events-backend=none",
          "--storage-driver=overlay"]


class Sandbox:
    """`options` are of `waybill up` and `worker`, `image` is for definitions. Where neither podman
    nor bubblewrap can run, `missing` says why, and there is no image."""

    def __init__(self, top, programs, engine=None):
        self.top = top
        self.options, self.image = [], None
        self.missing = self.look()
        self.engine = engine or ("podman" if shutil.which("podman") and shutil.which("runc")
                                 else "bubblewrap")
        if not self.missing:
            self.make(programs)

    @staticmethod
    def look():
        if os.geteuid() != 0:
            return "containers take root"
        if not shutil.which("busybox"):
            return "busybox-static is not installed"
        if not (shutil.which("podman") and shutil.which("runc")) and not shutil.which("bwrap"):
            return "neither podman with runc nor bubblewrap is installed"
        return None

    def make(self, programs):
        root = os.path.join(self.top, "image")
        os.makedirs(os.path.join(root, "bin"))
        shutil.copy(shutil.which("busybox"), os.path.join(root, "bin/busybox"))
        for name in programs:
            os.symlink("busybox", os.path.join(root, "bin", name))
        tar = os.path.join(self.top, "image.tar")
        subprocess.run(["tar", "-C", root, "-cf", tar, "."], check=True)
        store = os.path.join(self.top, "containers")
        self.options = ["--containers", self.engine, "--container-store", store]
        if self.engine == "podman":
            self.podman(store, "import", "--quiet", tar, "localhost/mirror:1")
            digest = self.podman(store, "image", "inspect", "--format={{.Digest}}",
                                 "localhost/mirror:1")
            self.image = "localhost/mirror@" + digest.strip()
            return
        with open(tar, "rb") as file:
            digest = hashlib.sha256(file.read()).hexdigest()
        os.mkdir(store)
        shutil.move(tar, os.path.join(store, f"sha256-{digest}.tar"))
        self.image = "sha256:" + digest

    @staticmethod
    def podman(store, *words):
        places = [f"--{name}={store}/{name}" for name in ("root", "runroot", "tmpdir")]
        return subprocess.run(PODMAN + places + list(words), check=True, stdout=subprocess.PIPE,
                              text=True).stdout
