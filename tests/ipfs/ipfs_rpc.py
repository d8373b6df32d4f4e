"""Words with a node of IPFS, past Waybill."""

import json
import urllib.error
import urllib.parse
import urllib.request
import uuid


class Rpc:
    def __init__(self, url):
        self.url = url + "/api/v0/"

    def call(self, command, body=None, content_type=None, **query):
        address = self.url + command + "?" + urllib.parse.urlencode(query)
        request = urllib.request.Request(address, body or b"", method="POST")
        if content_type:
            request.add_header("Content-Type", content_type)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.read()

    def add(self, files, **query):
        """The CID of the last thing that the node says, in the form that Waybill writes."""
        boundary = uuid.uuid4().hex
        body = b""
        for name, content in files.items():
            quoted = urllib.parse.quote(name, safe="")
            body += (f"--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; "
                     f"filename=\"{quoted}\"\r\nContent-Type: application/octet-stream\r\n\r\n"
                     ).encode() + content + b"\r\n"
        body += f"--{boundary}--\r\n".encode()
        options = {"cid-version": 1, "raw-leaves": "true", "cid-base": "base32", **query}
        said = self.call("add", body, f"multipart/form-data; boundary={boundary}", **options)
        return json.loads(said.strip().splitlines()[-1])["Hash"]

    def has(self, cid):
        try:
            self.call("cat", arg=cid, timeout="1s", length=1)
        except urllib.error.HTTPError:
            return False
        return True

    def pins(self, cid):
        try:
            return bool(self.call("pin/ls", arg=cid, type="recursive"))
        except urllib.error.HTTPError:
            return False
