"""S3, SNS, STS, metadata servers and a proxy in this process, which answer as a test wants them to.

It is no judge of signatures, listings or conditional puts: Ceph's S3 and moto are. It is for what
no real server can be brought to answer."""

import http.server
import re
import threading
import urllib.parse
from xml.sax.saxutils import escape

REGION = "us-west-1"
TOPICS = "arn:aws:sns:us-west-1:123456789012:"
ROLES = "arn:aws:iam::123456789012:role/"


class Request:
    def __init__(self, handler):
        length = int(handler.headers.get("Content-Length") or 0)
        self.method, self.target, self.headers = handler.command, handler.path, handler.headers
        self.body = handler.rfile.read(length)
        url = urllib.parse.urlsplit(self.target)
        self.host = url.netloc or handler.headers.get("Host", "")
        self.path = urllib.parse.unquote(url.path)
        self.query = dict(urllib.parse.parse_qsl(url.query, keep_blank_values=True))
        form = "urlencoded" in handler.headers.get("Content-Type", "")
        self.form = dict(urllib.parse.parse_qsl(self.body.decode())) if form else {}

    @property
    def key_id(self):
        """Who signed it."""
        found = re.search(r"Credential=([^/]+)/", self.headers.get("Authorization", ""))
        return found.group(1) if found else ""

    def is_listing_of(self, bucket, prefix=""):
        asked = self.query.get("prefix", "")
        return (self.method == "GET" and self.path.rstrip("/") == "/" + bucket
                and "list-type" in self.query and asked.startswith(prefix))

    def __repr__(self):
        return f"{self.method} {self.host} {self.target} {self.body[:200]!r} by {self.key_id}"


class Answer:
    def __init__(self, status=200, body=b"", headers=(), cut_at=None):
        """`cut_at`: the connection is closed after so many bytes of the body."""
        self.status, self.headers, self.cut_at = status, dict(headers), cut_at
        self.body = body.encode() if isinstance(body, str) else body


LOST = Answer(cut_at=-1)  # not even a head


def listing(keys, prefixes=(), token="", encoded=True):
    quote = urllib.parse.quote_plus if encoded else escape
    text = "".join(f"<Contents><Key>{quote(key)}</Key><Size>0</Size>"
                   "<LastModified>2020-10-31T00:00:00.000Z</LastModified></Contents>"
                   for key in keys)
    text += "".join(f"<CommonPrefixes><Prefix>{quote(prefix)}</Prefix></CommonPrefixes>"
                    for prefix in prefixes)
    text += "<EncodingType>url</EncodingType>" if encoded else ""
    more = f"<NextContinuationToken>{escape(token)}</NextContinuationToken>" if token else ""
    return Answer(200, f"<ListBucketResult><IsTruncated>{'true' if token else 'false'}"
                       f"</IsTruncated>{more}{text}</ListBucketResult>")


def error(status, code, **headers):
    return Answer(status, f"<Error><Code>{code}</Code><Message>as told</Message></Error>",
                  {name.replace("_", "-"): value for name, value in headers.items()})


class OddCloud:
    """`hook(request)` is asked first; what it gives but None is the answer."""

    def __init__(self):
        self.buckets = {"ingest-bucket": {}, "own-bucket": {}, "peer-bucket": {}}
        self.published, self.requests = {"intake": [], "aggregate": []}, []
        self.hook = None
        self.lock = threading.Lock()
        cloud = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            timeout = 60

            def answer(self):
                request = Request(self)
                with cloud.lock:
                    cloud.requests.append(request)
                answer = cloud.hook(request) if cloud.hook else None
                if answer is None:
                    with cloud.lock:
                        answer = cloud.answer(request)
                if answer.cut_at == -1:
                    self.close_connection = True
                    return
                self.send_response(answer.status)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(answer.body)))
                self.end_headers()
                body = b"" if self.command == "HEAD" else answer.body
                self.wfile.write(body if answer.cut_at is None else body[:answer.cut_at])
                self.close_connection = self.close_connection or answer.cut_at is not None

            do_GET = do_PUT = do_POST = do_DELETE = do_CONNECT = answer

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 128

            def handle_error(self, *_):
                pass  # a client that was killed, or gave up

        self.server = Server(("127.0.0.1", 0), Handler)
        self.port = self.server.server_port
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()

    def answer(self, request):
        if request.form.get("Action") == "PublishBatch":
            return self.publish(request)
        if request.form.get("Action", "").startswith("AssumeRole"):
            return credentials(request)
        bucket, _, key = request.path.lstrip("/").partition("/")
        if bucket not in self.buckets:
            return error(404, "NoSuchBucket")
        objects = self.buckets[bucket]
        if request.method == "GET" and not key:
            return self.list(objects, request.query)
        if request.method == "PUT":
            if request.headers.get("If-None-Match") == "*" and key in objects:
                return error(412, "PreconditionFailed")
            objects[key] = request.body
            return Answer()
        if request.method == "DELETE":
            objects.pop(key, None)
            return Answer(204)
        return Answer(200, objects[key]) if key in objects else error(404, "NoSuchKey")

    @staticmethod
    def list(objects, query):
        prefix, delimiter = query.get("prefix", ""), query.get("delimiter", "")
        after = query.get("continuation-token") or query.get("start-after", "")
        found, prefixes = [], []
        for key in sorted(objects, key=lambda key: key.encode()):
            if not key.startswith(prefix) or key.encode() <= after.encode():
                continue
            folded = key.find(delimiter, len(prefix)) if delimiter else -1
            if folded >= 0:
                name = key[:folded + len(delimiter)]
                if name not in prefixes:
                    prefixes.append(name)
            else:
                found.append(key)
        most = int(query.get("max-keys", 1000))
        more = len(found) > most
        return listing(found[:most], prefixes, found[most - 1] if more else "",
                       query.get("encoding-type") == "url")

    def publish(self, request):
        entries = sorted(int(name.split(".")[2]) for name in request.form
                         if re.fullmatch(r"PublishBatchRequestEntries\.member\.\d+\.Id", name))
        topic, done = request.form["TopicArn"].rsplit(":", 1)[1], ""
        for number in entries:
            member = f"PublishBatchRequestEntries.member.{number}."
            self.published[topic].append(request.form[member + "Message"])
            done += (f"<member><Id>{request.form[member + 'Id']}</Id>"
                     f"<MessageId>m{number}</MessageId></member>")
        return Answer(200, f"<PublishBatchResponse><PublishBatchResult><Successful>{done}"
                           "</Successful><Failed/></PublishBatchResult></PublishBatchResponse>")

    def objects(self, bucket, *names):
        for name in names:
            self.buckets[bucket][name] = b""

    def asked(self, condition):
        with self.lock:
            return [request for request in self.requests if condition(request)]


def credentials(request, key_id=None, expires="2999-01-01T00:00:00Z"):
    """What the token service answers; the key id is the role's name."""
    action = request.form["Action"]
    key_id = key_id or request.form["RoleArn"].rsplit("/", 1)[1]
    return Answer(200, f"<{action}Response><{action}Result><Credentials>"
                       f"<AccessKeyId>{key_id}</AccessKeyId><SecretAccessKey>s</SecretAccessKey>"
                       f"<SessionToken>t-{key_id}</SessionToken><Expiration>{expires}</Expiration>"
                       f"</Credentials></{action}Result></{action}Response>")
