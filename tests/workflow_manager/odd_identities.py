"""Who is asked for credentials, in which order, and through which proxy: of odd_answers.py."""

import base64
import json
import time

from odd_cloud import Answer, OddCloud, ROLES, credentials
from odd_run import KEYS, ALL, is_publish, is_token_service, sns_error, times

IDENTITIES = {"ingestor-identity": "reader", "own-validation-identity": "writer",
              "peer-validation-identity": "peer", "aws-sns-identity": "publisher"}


# Credentials

def token_of_google(expires_at, tag="google"):
    def part(value):
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()
    return ".".join((part({"alg": "RS256"}), part({"exp": int(expires_at), "sub": tag}), "c2ln"))


def google(run, hook=None, lifetime=3600):
    """The metadata server of a Google machine, before `hook`."""
    asked = []

    def answer(request):
        if "computeMetadata" not in request.path:
            return hook(request) if hook else None
        asked.append(request)
        if request.headers.get("Metadata-Flavor") != "Google":
            return Answer(403)
        return Answer(200, token_of_google(time.time() + lifetime, f"token-{len(asked)}"),
                      {"Metadata-Flavor": "Google"})
    run.cloud.hook = answer
    run.environment["GCE_METADATA_HOST"] = f"127.0.0.1:{run.cloud.port}"
    run.flags.update({name: ROLES + role for name, role in IDENTITIES.items()})
    return asked


def a_role_for_each(run):
    asked = google(run)
    run.expect("exit status", 0, run())
    run.expect_published(ALL)
    run.expect("asked for a token", 1, len(asked))
    run.expect("audience", "sts.amazonaws.com/gke-identity-federation", asked[0].query["audience"])
    for path, role in (("/ingest-bucket", "reader"), ("/own-bucket", "writer"),
                       ("/peer-bucket", "peer")):
        run.expect(path, {role}, run.signers(path))
    assumed = run.cloud.asked(is_token_service)
    run.expect("actions", {"AssumeRoleWithWebIdentity"}, {r.form["Action"] for r in assumed})
    run.expect("roles", sorted(IDENTITIES.values()),
               sorted(r.form["RoleArn"].rsplit("/", 1)[1] for r in assumed))
    run.expect("sessions", {"workflow-manager"}, {r.form["RoleSessionName"] for r in assumed})
    run.expect("publisher", {"publisher"}, {r.key_id for r in run.cloud.asked(is_publish)})


def refused_once_by_token_service(run, name, status):
    google(run, times(1, is_token_service, sns_error(name, status)))
    run.expect("exit status", 0, run())
    run.expect_published(ALL)


def refused_by_token_service(run, name, says):
    google(run, lambda request: sns_error(name, 403) if is_token_service(request) else None)
    run.expect("exit status", 1, run())
    run.expect_published((0, 0))
    run.expect_says(name, "role/writer", *says)
    if "token-1" in run.stderr or "c2ln" in run.stderr:
        run.problems.append("the token is in the log")


def renewed(run):
    """Credentials that are good for two seconds, a token file that changes, and a long listing."""
    path = run.file("rotated", "token-0\n")
    numbers = iter(range(1, 1000))

    def hook(request):
        if is_token_service(request):
            number = next(numbers)
            run.file("rotated", f"token-{number}\n")
            soon = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 2))
            return credentials(request, f"key-{request.form['WebIdentityToken']}", soon)
        if request.is_listing_of("ingest-bucket", "kittens/"):
            time.sleep(2.1)  # longer than they are good
        return None
    run.cloud.hook = hook
    run.expect("exit status", 0, run(AWS_WEB_IDENTITY_TOKEN_FILE=path, AWS_ROLE_ARN=ROLES + "amb",
                                     AWS_ROLE_SESSION_NAME="mine"))
    run.expect_published(ALL)
    tokens = [r.form["WebIdentityToken"] for r in run.cloud.asked(is_token_service)]
    run.expect("tokens", [f"token-{number}" for number in range(len(tokens))], tokens)
    if len(tokens) < 2:
        run.problems.append("the role was taken on once only")
    publishers = {request.key_id for request in run.cloud.asked(is_publish)}
    run.expect("published with the first", False, "key-token-0" in publishers)


def own_token_service(run):
    other = OddCloud()
    try:
        path = run.file("token", "a-token")
        run.expect("exit status", 0, run(AWS_WEB_IDENTITY_TOKEN_FILE=path, AWS_ROLE_ARN=ROLES + "r",
                                         AWS_ENDPOINT_URL_STS=other.url))
        run.expect("asked there", 1, len(other.requests))
        run.expect("asked here", 0, len(run.cloud.asked(is_token_service)))
    finally:
        other.stop()


def machine(run, role=(200, "my-role"), token=(200, "TOKEN")):
    """EC2's metadata server, and the agent of a container."""
    def keys(name):
        return Answer(200, json.dumps({"AccessKeyId": name, "SecretAccessKey": "s", "Token": "t",
                                       "Expiration": "2999-01-01T00:00:00Z"}))
    folder = "/latest/meta-data/iam/security-credentials/"

    def hook(request):
        if request.path == "/latest/api/token":
            asks = "x-aws-ec2-metadata-token-ttl-seconds" in request.headers
            right = request.method == "PUT" and asks
            return Answer(*token) if right else Answer(400)
        if request.path.startswith(folder):
            if request.headers.get("x-aws-ec2-metadata-token") != "TOKEN":
                return Answer(401)
            return Answer(*role) if request.path == folder else keys("machine")
        if request.path == "/agent":
            return keys("agent-" + request.headers.get("Authorization", "none"))
        return None
    run.cloud.hook = hook
    run.environment["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = run.cloud.url


def found(run, who, **environment):
    machine(run)
    run.expect("exit status", 0, run(**environment))
    run.expect_published(ALL)
    run.expect("signers", {who}, run.signers("/own-bucket"))


def not_found(run, says, **of_machine):
    machine(run, **of_machine)
    run.expect("exit status", 1, run())
    run.expect_says(*says)
    run.expect("signed", set(), run.signers("/own-bucket"))


def places(run, order):
    """Each place comes before those that follow."""
    token = run.file("token", "a-token")
    config = run.file("config", "[default]\naws_access_key_id=profile\naws_secret_access_key=s\n")
    agent = {"AWS_CONTAINER_CREDENTIALS_FULL_URI": run.cloud.url + "/agent",
             "AWS_CONTAINER_AUTHORIZATION_TOKEN": "word"}
    environment = {"environment": KEYS,
                   "web identity": {"AWS_WEB_IDENTITY_TOKEN_FILE": token,
                                    "AWS_ROLE_ARN": ROLES + "web"},
                   "profile": {"AWS_CONFIG_FILE": config}, "container": agent, "machine": {}}
    who = {"environment": "ambient", "web identity": "web", "profile": "profile",
           "container": "agent-word", "machine": "machine"}
    set_all = {}
    for place in order:
        set_all.update(environment[place])
    found(run, who[order[0]], **set_all)


ORDER = ("environment", "web identity", "profile", "container", "machine")


# Proxies

def hosts(run, wanted, environment=None, **flags):
    """Where Amazon's services are asked, as a proxy hears it; it lets nobody through."""
    proxy = OddCloud()
    try:
        proxy.hook = lambda _: Answer(403)
        del run.environment["AWS_ENDPOINT_URL"]
        run.flags.update({name.replace("_", "-"): value for name, value in flags.items()})
        run.expect("exit status", 1, run(HTTPS_PROXY=proxy.url, **(environment or {})))
        run.expect("requests", {("CONNECT", wanted + ":443")},
                   {(request.method, request.target) for request in proxy.requests})
        run.expect_says("403")
    finally:
        proxy.stop()


def roles_hosts(run, wanted, **environment):
    """Which token service, for a role of the own bucket, which is asked for first."""
    token = run.file("token", "a-token")
    hosts(run, wanted, {"AWS_WEB_IDENTITY_TOKEN_FILE": token, **environment},
          own_validation_identity=ROLES + "writer")


def by_proxy(run, proxied, **environment):
    """Whether requests for a host that only the proxy knows go through it."""
    proxy = OddCloud()
    try:
        proxy.buckets, proxy.published = run.cloud.buckets, run.cloud.published
        given = {name: value.format(proxy=proxy.url[len("http://"):], port=run.cloud.port)
                 for name, value in environment.items()}
        given.setdefault("AWS_ENDPOINT_URL", f"http://s3.example.test:{run.cloud.port}")
        run.expect("exit status", 0 if proxied else 1, run(**KEYS, **given))
        run.expect("proxied", proxied, bool(proxy.requests))
        if proxied and "@" in "".join(given.values()):
            run.expect("authorization", {"Basic " + base64.b64encode(b"ann:a b").decode()},
                       {r.headers.get("Proxy-Authorization") for r in proxy.requests})
        if "a%20b" in run.stderr or "a b" in run.stderr:
            run.problems.append("the proxy's password is in the log")
    finally:
        proxy.stop()


def metadata_by_proxy(run):
    """A metadata server is not asked through a proxy, which would tell of itself."""
    proxy = OddCloud()
    try:
        run.expect("exit status", 1, run(HTTP_PROXY=proxy.url))
        run.expect("proxied", [], proxy.requests)
    finally:
        proxy.stop()


def cases():
    """Name -> function of a run."""
    yield "a role for each bucket", a_role_for_each
    for name, status in (("IDPCommunicationError", 400), ("InvalidIdentityToken", 400),
                         ("Throttling", 400), ("InternalFailure", 500)):
        yield f"{name} once", lambda run, n=name, s=status: refused_once_by_token_service(run, n, s)
    yield "AccessDenied", lambda run: refused_by_token_service(run, "AccessDenied", ["trusts"])
    yield "ExpiredTokenException", lambda run: refused_by_token_service(
        run, "ExpiredTokenException", ["too old"])
    yield "credentials that expire in mid-run", renewed
    yield "a token service of its own", own_token_service
    for number in range(len(ORDER)):
        yield f"places from {ORDER[number]} on", lambda run, n=number: places(run, ORDER[n:])
    yield "the agent's token is in a file", lambda run: found(
        run, "agent-filed", AWS_CONTAINER_CREDENTIALS_FULL_URI=run.cloud.url + "/agent",
        AWS_CONTAINER_AUTHORIZATION_TOKEN="word",
        AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=run.file("agent", "filed\n"))
    yield "a machine without a role", lambda run: not_found(
        run, ["no credentials", "no role"], role=(404, ""))
    yield "a machine that tells no role", lambda run: not_found(
        run, ["403"], role=(403, "<html>no</html>"))
    yield "no token of the metadata service", lambda run: not_found(
        run, ["no credentials", "403"], token=(403, ""))
    proxied = {"HTTP_PROXY": "http://{proxy}"}
    yield "HTTP_PROXY", lambda run: by_proxy(run, True, **proxied)
    yield "http_proxy", lambda run: by_proxy(run, True, http_proxy="http://{proxy}")
    yield "a proxy without a scheme", lambda run: by_proxy(run, True, HTTP_PROXY="{proxy}")
    yield "a proxy's password", lambda run: by_proxy(
        run, True, HTTP_PROXY="http://ann:a%20b@{proxy}")
    for exempt, direct in (("example.test", True), ("*.example.test", True),
                           ("s3.example.test:{port}", True), ("s3.example.test:1", False),
                           ("ample.test", False)):
        yield f"NO_PROXY={exempt}", lambda run, e=exempt, d=direct: by_proxy(
            run, not d, **proxied, NO_PROXY=e)
    yield "a proxy and the metadata servers", metadata_by_proxy
    yield "a bucket's host", lambda run: hosts(
        run, "own-bucket.s3.us-west-1.amazonaws.com", KEYS)
    yield "a bucket with dots", lambda run: hosts(
        run, "s3.us-west-1.amazonaws.com", KEYS, own_validation_input="s3://us-west-1/own.bucket")
    yield "a bucket in China", lambda run: hosts(
        run, "own-bucket.s3.cn-north-1.amazonaws.com.cn", KEYS,
        own_validation_input="s3://cn-north-1/own-bucket")
    yield "a role without AWS_REGION", lambda run: roles_hosts(run, "sts.us-west-1.amazonaws.com")
    yield "a role with AWS_REGION", lambda run: roles_hosts(
        run, "sts.eu-west-1.amazonaws.com", AWS_REGION="eu-west-1")
