"""Golden cases on S3, SNS and SQS, as moto's server has them."""

import json
import re
import shutil
import urllib.parse
import xml.etree.ElementTree

from cloud_backend import CloudBackend, Clouds, recorded_name
from file_backend import BUCKETS
from server import Missing, Server, ask, call

REGION = "us-west-1"
ACCOUNT = "123456789012"
SCOPE = re.compile(r"Credential=[^/]+/\d+/[^/]+/([a-z0-9]+)/aws4_request")
S3_PATH = re.compile(r"/([^/]+)(.*)", re.DOTALL)


def signed_for(service):
    """moto asks for a signature and does not check it."""
    return {"Authorization": f"AWS4-HMAC-SHA256 Credential=x/20200101/{REGION}/{service}"
                             "/aws4_request, SignedHeaders=host, Signature=0"}


class AwsDialect:
    def descriptions(self, request):
        headers = {name.lower(): value for name, value in request.headers}
        scope = SCOPE.search(headers.get("authorization", ""))
        service = scope[1] if scope else ""
        if service != "s3":
            body = urllib.parse.unquote_plus(request.text(), errors="replace")
            return [{"service": service, "method": request.method, "path": request.path,
                     "query": request.query, "body": body}]
        bucket, rest = S3_PATH.fullmatch(request.path).groups()
        bucket = recorded_name(bucket)
        own = {"service": service, "method": request.method, "path": f"/{bucket}{rest}",
               "query": request.query, "body": request.text()}
        if request.method != "PUT":
            return [own]
        # As cases that were recorded on Google's name a write.
        return [own, {**own, "service": "storage", "method": "POST",
                      "path": f"/upload/storage/v1/b/{bucket}/o"}]

    def refusal(self, _request, status, code):
        text = (f"<Error><Code>{code}</Code><Message>as the test wants it</Message></Error>")
        return "application/xml", text.encode()


class Moto(Server):
    dialect = AwsDialect()

    def __init__(self):
        program = shutil.which("moto_server")
        if not program:
            raise Missing("moto_server, which stands for S3, SNS and SQS, is not installed")
        super().__init__(lambda port, _: [program, "-H", "127.0.0.1", "-p", str(port)],
                         "/moto-api/", {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x"})

    def environment(self, proxy):
        return {"AWS_ENDPOINT_URL": proxy.url, "AWS_ACCESS_KEY_ID": "x",
                "AWS_SECRET_ACCESS_KEY": "x", "AWS_EC2_METADATA_DISABLED": "true"}


class S3Store:
    def __init__(self, moto):
        self.moto = moto

    def _ask(self, method, path, query="", body=b""):
        target = urllib.parse.quote(path) + query
        return ask(self.moto.url, method, target, signed_for("s3"), body)

    @staticmethod
    def bucket_url(bucket):
        return f"s3://{REGION}/{bucket}"

    def create(self, bucket):
        self._ask("PUT", f"/{bucket}", body=(
            "<CreateBucketConfiguration><LocationConstraint>"
            f"{REGION}</LocationConstraint></CreateBucketConfiguration>").encode())

    def put(self, bucket, key):
        self._ask("PUT", f"/{bucket}/{key}")

    def get(self, bucket, key):
        return self._ask("GET", f"/{bucket}/{key}").decode()

    def keys(self, bucket):
        found, token = [], ""
        while True:
            page = self._ask("GET", f"/{bucket}", "?list-type=2&encoding-type=url" + token)
            root = xml.etree.ElementTree.fromstring(page)
            space = root.tag.partition("}")[0] + "}"
            found += [urllib.parse.unquote(one.text) for one in root.iter(space + "Key")]
            more = root.findtext(space + "NextContinuationToken")
            if not more:
                return found
            token = "&continuation-token=" + urllib.parse.quote(more, safe="")


class SnsQueue:
    """Topics that pass on their messages, raw, to a queue of SQS of the same name."""

    def __init__(self, moto):
        self.moto = moto

    def _sns(self, **fields):
        headers = {**signed_for("sns"), "Content-Type": "application/x-www-form-urlencoded"}
        body = urllib.parse.urlencode({"Version": "2010-03-31", **fields}).encode()
        return ask(self.moto.url, "POST", "/", headers, body)

    def _sqs(self, action, **fields):
        headers = {**signed_for("sqs"), "Content-Type": "application/x-amz-json-1.0",
                   "X-Amz-Target": f"AmazonSQS.{action}"}
        return json.loads(ask(self.moto.url, "POST", "/", headers, json.dumps(fields).encode()))

    @staticmethod
    def arn(service, name):
        return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{name}"

    def create(self, name):
        # What was received stays hidden for longer than any test takes.
        self._sqs("CreateQueue", QueueName=name, Attributes={"VisibilityTimeout": "43200"})
        self._sns(Action="CreateTopic", Name=name)
        self._sns(Action="Subscribe", TopicArn=self.arn("sns", name), Protocol="sqs",
                  Endpoint=self.arn("sqs", name),
                  **{"Attributes.entry.1.key": "RawMessageDelivery",
                     "Attributes.entry.1.value": "true"})

    def exists(self, name):
        fields = {"Action": "GetTopicAttributes", "TopicArn": self.arn("sns", name)}
        headers = {**signed_for("sns"), "Content-Type": "application/x-www-form-urlencoded"}
        return call(self.moto.url, "POST", "/", headers,
                    urllib.parse.urlencode(fields).encode())[0] == 200

    def flags(self, topics):
        return {"task-queue-kind": "aws-sns", "aws-sns-region": REGION,
                **{f"{topic}-tasks-topic": self.arn("sns", name)
                   for topic, name in topics.items()}}

    def receive(self, name):
        url = f"{self.moto.url}/{ACCOUNT}/{name}"
        bodies = []
        while True:
            answer = self._sqs("ReceiveMessage", QueueUrl=url, MaxNumberOfMessages=10)
            if not answer.get("Messages"):
                return bodies
            bodies += [message["Body"] for message in answer["Messages"]]


class MotoBackend(CloudBackend):
    name = "moto"

    @staticmethod
    def start():
        return Clouds([Moto])

    def parts(self):
        moto = self.clouds.servers[0]
        return dict.fromkeys(BUCKETS, S3Store(moto)), SnsQueue(moto)
