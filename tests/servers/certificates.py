"""An authority of a test's own, `ours`, and a strange one; certificates of a server that is
localhost and of a client by ours, and of a stranger of the client's name by the other."""

import os
import subprocess


class Certificates:
    def __init__(self, directory, client):
        self.directory = directory
        for authority in ("ours", "strange"):
            self.openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                         "-nodes", "-days", "2", "-subj", f"/CN={authority}", "-keyout",
                         f"{authority}.key", "-out", f"{authority}.pem")
        self.make("server", "localhost", "ours", "DNS:localhost")
        self.make("client", client, "ours", f"DNS:{client}")
        self.make("stranger", client, "strange", f"DNS:{client}")

    def path(self, name):
        return os.path.join(self.directory, name)

    def openssl(self, *words):
        subprocess.run(["openssl", *words], cwd=self.directory, check=True, capture_output=True)

    def make(self, name, common_name, authority, alternative):
        self.openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                     "-subj", f"/CN={common_name}", "-keyout", f"{name}.key", "-out",
                     f"{name}.csr")
        with open(self.path("names"), "w", encoding="utf-8") as file:
            file.write(f"subjectAltName={alternative}")
        self.openssl("x509", "-req", "-days", "2", "-in", f"{name}.csr", "-CA",
                     f"{authority}.pem", "-CAkey", f"{authority}.key", "-CAcreateserial",
                     "-extfile", "names", "-out", f"{name}.pem")
        os.chmod(self.path(f"{name}.key"), 0o600)
