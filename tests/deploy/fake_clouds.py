"""Enough of Amazon's and Google's services, on loopback, for a dry run over empty buckets: S3 and
Cloud Storage listings, STS, and Google's metadata server. Keeps what it was asked for."""

import base64
import http.server
import json
import threading
import time
import urllib.parse

EMPTY_LISTING = (b'<?xml version="1.0"?><ListBucketResult><KeyCount>0</KeyCount>'
                 b"<IsTruncated>false</IsTruncated></ListBucketResult>")
ROLE = """<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials>
<AccessKeyId>id</AccessKeyId><SecretAccessKey>key</SecretAccessKey><SessionToken>t</SessionToken>
<Expiration>2099-01-01T00:00:00Z</Expiration></Credentials>
</AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>"""


def unsigned_token():
    def part(value):
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()
    return f'{part({"alg": "none"})}.{part({"exp": int(time.time()) + 3600})}.x'


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.asked.append(self.path)
        if self.path.startswith("/computeMetadata/"):
            if "/identity" in self.path:
                return self.answer(unsigned_token().encode())
            return self.answer(json.dumps({"access_token": "t", "expires_in": 3600,
                                           "token_type": "Bearer"}).encode())
        if self.path.startswith("/storage/"):
            return self.answer(b'{"kind":"storage#objects"}')
        return self.answer(EMPTY_LISTING)

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        form = urllib.parse.parse_qs(body)
        self.server.roles.update(form.get("RoleArn", []))
        self.answer(ROLE.encode())

    def answer(self, body):
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Metadata-Flavor", "Google")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class FakeClouds(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked = []
        self.roles = set()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def address(self):
        return f"127.0.0.1:{self.server_port}"

    def environment(self):
        return {"AWS_ENDPOINT_URL": f"http://{self.address}",
                "STORAGE_EMULATOR_HOST": self.address, "GCE_METADATA_HOST": self.address}
