"""Golden cases on the S3 of Ceph's gateway, which checks every signature, and on SNS of moto."""

import datetime
import hashlib
import hmac
import os
import shutil
import urllib.parse

from cloud_backend import SERVERS, CloudBackend, Clouds
from file_backend import BUCKETS
from moto_backend import AwsDialect, Moto, S3Store, SnsQueue
from server import Missing, Server, ask, free_port

ACCESS_KEY, SECRET_KEY = "WAYBILLTESTS00000000", "not/a+secret"
REGION = "us-west-1"


def quoted(text, safe=""):
    return urllib.parse.quote(text, safe=safe + "-_.~")


def keyed(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def signed(method, host, path, query, body):
    """Headers of Signature Version 4, for a path and query that are quoted already."""
    now = datetime.datetime.now(datetime.timezone.utc)
    stamp, day = now.strftime("%Y%m%dT%H%M%SZ"), now.strftime("%Y%m%d")
    payload = hashlib.sha256(body).hexdigest()
    headers = {"host": host, "x-amz-content-sha256": payload, "x-amz-date": stamp}
    names = ";".join(headers)
    canonical = "\n".join([method, path, query, *(f"{k}:{v}" for k, v in headers.items()), "",
                           names, payload])
    scope = f"{day}/{REGION}/s3/aws4_request"
    to_sign = "\n".join(["AWS4-HMAC-SHA256", stamp, scope,
                         hashlib.sha256(canonical.encode()).hexdigest()])
    key = ("AWS4" + SECRET_KEY).encode()
    for part in scope.split("/"):
        key = keyed(key, part)
    headers["Authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={ACCESS_KEY}/{scope}, SignedHeaders={names}, "
        f"Signature={keyed(key, to_sign).hex()}")
    return headers


class RadosGateway(Server):
    dialect = AwsDialect()

    def __init__(self):
        if not shutil.which("radosgw") or not shutil.which("ceph-osd"):
            raise Missing("radosgw is not installed")

        def command(port, directory):
            settings = {"PORT": port, "MONITOR_PORT": free_port(), "MONITOR_PORT_1": free_port(),
                        "DIR": directory, "ACCESS_KEY": ACCESS_KEY, "SECRET_KEY": SECRET_KEY}
            return ["env", *(f"{name}={value}" for name, value in settings.items()),
                    "bash", os.path.join(SERVERS, "radosgw.sh")]

        super().__init__(command, "/")

    def environment(self, proxy):
        return {"AWS_ENDPOINT_URL_S3": proxy.url, "AWS_ACCESS_KEY_ID": ACCESS_KEY,
                "AWS_SECRET_ACCESS_KEY": SECRET_KEY}


class SignedStore(S3Store):
    def __init__(self, gateway):
        self.url = gateway.url
        self.host = urllib.parse.urlsplit(gateway.url).netloc

    def _ask(self, method, path, query="", body=b""):
        pairs = urllib.parse.parse_qsl(query.lstrip("?"), keep_blank_values=True)
        query = "&".join(sorted(f"{quoted(name)}={quoted(value)}" for name, value in pairs))
        path = quoted(path, safe="/")
        headers = signed(method, self.host, path, query, body)
        return ask(self.url, method, path + ("?" + query if query else ""), headers, body)

    def create(self, bucket):
        self._ask("PUT", f"/{bucket}")


class RadosGatewayBackend(CloudBackend):
    name = "radosgw"

    @staticmethod
    def start():
        return Clouds([Moto, RadosGateway])

    def parts(self):
        moto, gateway = self.clouds.servers
        return dict.fromkeys(BUCKETS, SignedStore(gateway)), SnsQueue(moto)
