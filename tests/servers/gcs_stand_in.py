#!/usr/bin/env python3
"""A stand-in for Google Cloud Storage's JSON API, for tests: buckets, objects, listings in pages,
generation preconditions, media, multipart and resumable uploads, hashes, bearer tokens. Everything
is in memory. It is held to the vendor's own client by gcs_vendor_client/."""

import argparse
import http.server
import json
import re
import urllib.parse

from gcs_stand_in_buckets import Buckets, Refusal, bad, check_name, check_preconditions
from gcs_stand_in_fields import OBJECT, OBJECTS, select
from gcs_stand_in_upload import Sessions, read_multipart, read_settings

PATH = re.compile(r"/(?P<kind>storage|upload/storage|download/storage)/v1/b"
                  r"(?:/(?P<bucket>[^/]+)(?P<objects>/o(?:/(?P<object>[^/]+))?)?)?")
RANGE = re.compile(r"bytes=(\d+)-(\d*)")


def decoded(text):
    try:
        return urllib.parse.unquote(text, errors="strict")
    except UnicodeDecodeError:
        raise bad("Invalid UTF-8 in a name.") from None


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 1 << 16

    def log_message(self, *_):
        pass

    def answer(self, status, body=b"", headers=()):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        if status not in (204, 304):
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD" and status not in (204, 304):
            self.wfile.write(body)

    def answer_json(self, resource, status=200, headers=()):
        self.answer(status, json.dumps(resource).encode(),
                    [("Content-Type", "application/json; charset=UTF-8"), *headers])

    def refuse(self, refusal):
        headers = []
        if refusal.status == 401:
            headers = [("WWW-Authenticate", 'Bearer realm="https://accounts.google.com/"')]
        if self.query.get("alt") == "media":
            self.answer(refusal.status, refusal.message.encode(),
                        [("Content-Type", "text/html; charset=UTF-8"), *headers])
            return
        error = {"message": refusal.message, "domain": "global", "reason": refusal.reason}
        self.answer_json({"error": {"code": refusal.status, "message": refusal.message,
                                    "errors": [error]}}, refusal.status, headers)

    def read_body(self):
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.read_bytes(int(self.headers.get("Content-Length", 0)))
        body = b""
        while size := int(self.read_line().split(b";")[0], 16):
            body += self.read_bytes(size + 2)[:size]
        while self.read_line().strip():
            pass
        return body

    def read_bytes(self, count):
        read = self.rfile.read(count)
        if len(read) < count:
            raise ConnectionAbortedError("the client sent half a request")
        return read

    def read_line(self):
        line = self.rfile.readline()
        if not line.endswith(b"\n"):
            raise ConnectionAbortedError("the client sent half a request")
        return line

    def check_token(self):
        wanted = self.server.token
        if self.command == "PUT" and "upload_id" in self.query:
            return  # whoever knows the session may go on with it
        given = self.headers.get("Authorization")
        if wanted and given is None:
            raise Refusal(401, "required", "Anonymous caller does not have storage access.")
        if wanted and given != f"Bearer {wanted}":
            raise Refusal(401, "authError", "Invalid Credentials")

    def serve(self):
        url = urllib.parse.urlsplit(self.path)
        self.query = {}
        try:
            body = self.read_body()
            self.query = dict(urllib.parse.parse_qsl(url.query, keep_blank_values=True,
                                                     errors="strict"))
            self.check_token()
            path = PATH.fullmatch(url.path)
            route = path and self.route(path)
            if not route:
                raise Refusal(404, "notFound", "Not Found")
            with self.server.buckets.lock:
                route(path, body)
        except UnicodeDecodeError:
            self.refuse(bad("Invalid UTF-8 in the query."))
        except Refusal as refusal:
            self.refuse(refusal)
        except ConnectionAbortedError:
            self.close_connection = True

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = serve

    def route(self, path):
        kind = path["kind"].partition("/")[0]
        level = "object" if path["object"] else "objects" if path["objects"] else (
            "bucket" if path["bucket"] else "buckets")
        return getattr(self, f"{self.command.lower()}_{kind}_{level}", None)

    def bucket(self, path):
        return self.server.buckets.find(decoded(path["bucket"]))

    def answer_object(self, found, bucket):
        self.answer_json(select(found.resource(bucket.name), self.query.get("fields"), OBJECT))

    def post_storage_buckets(self, _, body):
        made = self.server.buckets.create(str(read_settings(body).get("name", "")))
        self.answer_json(made.resource())

    def get_storage_bucket(self, path, _):
        self.answer_json(self.bucket(path).resource())

    def delete_storage_bucket(self, path, _):
        self.server.buckets.delete(decoded(path["bucket"]))
        self.answer(204)

    def get_storage_objects(self, path, _):
        page = self.bucket(path).list(self.query, self.server.fold_first)
        self.answer_json(select(page, self.query.get("fields"), OBJECTS))

    def get_storage_object(self, path, _):
        bucket = self.bucket(path)
        found = bucket.get(decoded(path["object"]), self.query)
        if self.query.get("alt") == "media":
            self.answer_media(found)
        else:
            self.answer_object(found, bucket)

    get_download_object = get_storage_object

    def answer_media(self, found):
        headers = [
            ("Content-Type", found.content_type),
            ("X-Goog-Generation", found.generation),
            ("X-Goog-Metageneration", found.metageneration),
            ("X-Goog-Hash", f"crc32c={found.crc32c},md5={found.md5}"),
            ("X-Goog-Stored-Content-Encoding", "identity"),
            ("X-Goog-Stored-Content-Length", len(found.body)),
        ]
        wanted = RANGE.fullmatch(self.headers.get("Range", ""))
        if not wanted:
            self.answer(200, found.body, headers)
            return
        size = len(found.body)
        begin, end = int(wanted[1]), min(int(wanted[2] or size), size - 1)
        if begin > end:
            raise Refusal(416, "requestedRangeNotSatisfiable", "Request range not satisfiable")
        headers.append(("Content-Range", f"bytes {begin}-{end}/{size}"))
        self.answer(206, found.body[begin : end + 1], headers)

    def patch_storage_object(self, path, body):
        bucket = self.bucket(path)
        changes = read_settings(body)
        self.answer_object(bucket.patch(decoded(path["object"]), changes, self.query), bucket)

    def delete_storage_object(self, path, _):
        self.bucket(path).delete(decoded(path["object"]), self.query)
        self.answer(204)

    def post_upload_objects(self, path, body):
        bucket = self.bucket(path)
        upload_type = self.query.get("uploadType")
        settings, media = {"contentType": self.headers.get("Content-Type")}, body
        if upload_type == "multipart":
            settings, media = read_multipart(self.headers.get("Content-Type", ""), body)
        elif upload_type == "resumable":
            settings = {"contentType": self.headers.get("X-Upload-Content-Type"),
                        **read_settings(body)}
        elif upload_type != "media":
            raise bad(f"Invalid upload type: {upload_type}")
        if "name" in self.query:
            settings["name"] = self.query["name"]
        settings = {name: value for name, value in settings.items() if value is not None}
        if upload_type == "resumable":
            self.start_session(bucket, settings)
        else:
            self.answer_object(bucket.insert(media, settings, self.query), bucket)

    def start_session(self, bucket, settings):
        check_name(settings.get("name", ""))
        check_preconditions(bucket.objects.get(settings["name"]), self.query, reading=False)
        upload_id = self.server.sessions.start(bucket, settings, self.query)
        location = (f"http://{self.headers['Host']}/upload/storage/v1/b/{bucket.name}/o"
                    f"?uploadType=resumable&upload_id={upload_id}")
        self.answer(200, b"", [("Location", location), ("X-GUploader-UploadID", upload_id)])

    def put_upload_objects(self, _, body):
        session = self.server.sessions.find(self.query.get("upload_id"))
        whole = session.made or session.take(self.headers.get("Content-Range"), body)
        if not whole:
            last = len(session.received) - 1
            self.answer(308, b"", [("Range", f"bytes=0-{last}")] if last >= 0 else [])
            return
        if not session.made:
            session.made = session.bucket.insert(session.received, session.settings, session.query)
        self.query = session.query
        self.answer_object(session.made, session.bucket)


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="on loopback; 0: any that is free")
    parser.add_argument("--token", help="the bearer token that is asked for; none: nobody's")
    parser.add_argument("--bucket", action="append", default=[], help="one that is there")
    parser.add_argument("--fold-first", action="store_true",
                        help="compare folded prefixes with the bounds, not the names behind them")
    options = parser.parse_args()
    server = Server(("127.0.0.1", options.port), Handler)
    server.token, server.fold_first = options.token, options.fold_first
    server.buckets, server.sessions = Buckets(options.bucket), Sessions()
    print(f"http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
