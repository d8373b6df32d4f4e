#!/usr/bin/env python3
"""What Waybill uses of GitHub: the web application flow of OAuth apps, GET /user,
GET /repos/{owner}/{repo} and GET /repos/{owner}/{repo}/collaborators/{login}/permission. Prints its
address. Repositories are public: all may read them.

POST /control sets {"login": who is logged in there, "permissions": {"owner/name": {login: role}},
"private": the repositories that only those see who have a role there, "failing": status of every
answer of the API or 0, "limited": whether its rate limit is used up}; GET /control answers how
often the permissions were asked."""

import base64
import hashlib
import json
import secrets
import sys
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

CLIENT = ("github-client", "github-secret")
ACCOUNTS = {"ann": 1001, "bob": 1002, "carl": 1003}
ROLES = ("none", "read", "triage", "write", "maintain", "admin")
# What the old field says of the newer roles.
COARSE = {"maintain": "write", "triage": "read"}


class State:
    def __init__(self):
        self.login, self.permissions, self.failing, self.limited = "ann", {}, 0, False
        self.private = []
        self.asked, self.codes, self.tokens = 0, {}, {}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    state = State()

    def log_message(self, *_):
        pass

    def answer(self, status, value, headers=()):
        body = json.dumps(value).encode()
        self.send_response(status)
        for name, content in headers:
            self.send_header(name, content)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def body(self):
        return self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()

    def do_POST(self):
        body = self.body()
        if self.path == "/control":
            for name, value in json.loads(body).items():
                setattr(self.state, name, value)
            self.answer(200, {})
        elif self.path == "/login/oauth/access_token":
            self.answer(200, self.redeem(dict(urllib.parse.parse_qsl(body))))
        else:
            self.answer(404, {"message": "Not Found"})

    def redeem(self, fields):
        """It says 200 also where it refuses."""
        if (fields.get("client_id"), fields.get("client_secret")) != CLIENT:
            return {"error": "incorrect_client_credentials"}
        kept = self.state.codes.pop(fields.get("code"), None)
        digest = hashlib.sha256(fields.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        if kept is None or kept["code_challenge"] != challenge:
            return {"error": "bad_verification_code"}
        if kept["redirect_uri"] != fields.get("redirect_uri"):
            return {"error": "redirect_uri_mismatch"}
        token = "gho_" + secrets.token_hex(18)
        self.state.tokens[token] = kept["account"]
        return {"access_token": token, "token_type": "bearer", "scope": kept["scope"]}

    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        if url.path == "/control":
            return self.answer(200, {"asked": self.state.asked})
        if url.path == "/login/oauth/authorize":
            return self.authorize(dict(urllib.parse.parse_qsl(url.query)))
        if url.path.startswith("/api/"):
            return self.api(url.path.removeprefix("/api").split("/")[1:])
        return self.answer(404, {"message": "Not Found"})

    def authorize(self, query):
        if query["client_id"] != CLIENT[0] or query["code_challenge_method"] != "S256":
            return self.answer(404, {"message": "Not Found"})
        code = secrets.token_hex(10)
        self.state.codes[code] = {**query, "account": self.state.login}
        back = urllib.parse.urlencode({"code": code, "state": query["state"]})
        return self.answer(302, {}, [("Location", query["redirect_uri"] + "?" + back)])

    def api(self, segments):
        if segments[:1] == ["repos"]:
            self.state.asked += 1
        if self.state.failing:
            return self.answer(self.state.failing, {"message": "Server Error"})
        if self.state.limited:
            return self.answer(403, {"message": "API rate limit exceeded"},
                               [("x-ratelimit-remaining", "0"),
                                ("x-ratelimit-reset", "9999999999")])
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        account = self.state.tokens.get(token)
        if account is None or not self.headers.get("User-Agent"):
            return self.answer(401, {"message": "Bad credentials"})
        if segments == ["user"]:
            return self.answer(200, {"login": account, "id": ACCOUNTS[account], "email": None})
        if len(segments) == 6 and segments[3::2] == ["collaborators", "permission"]:
            return self.permission("/".join(segments[1:3]), segments[4], account)
        if len(segments) == 3 and segments[0] == "repos":
            return self.repository("/".join(segments[1:3]), account)
        return self.answer(404, {"message": "Not Found"})

    def role(self, repository, login):
        least = "none" if repository in self.state.private else "read"
        return self.state.permissions.get(repository, {}).get(login, least)

    def sees(self, repository, account):
        return (repository in self.state.permissions
                and self.role(repository, account) != "none")

    def repository(self, repository, account):
        if not self.sees(repository, account):
            return self.answer(404, {"message": "Not Found"})
        height = ROLES.index(self.role(repository, account))
        return self.answer(200, {
            "full_name": repository, "private": repository in self.state.private,
            "permissions": {name: height >= least for name, least in
                            (("admin", 5), ("maintain", 4), ("push", 3), ("triage", 2),
                             ("pull", 1))}})

    def permission(self, repository, login, account):
        if not self.sees(repository, account) or login not in ACCOUNTS:
            return self.answer(404, {"message": "Not Found"})
        if ROLES.index(self.role(repository, account)) < ROLES.index("write"):
            return self.answer(403, {"message": "Must have push access to view collaborator "
                                                "permission."})
        role = self.role(repository, login)
        return self.answer(200, {"permission": COARSE.get(role, role), "role_name": role,
                                 "user": {"login": login, "id": ACCOUNTS[login]}})


def main():
    if "--token" in sys.argv:  # of the server itself
        Handler.state.tokens[sys.argv[sys.argv.index("--token") + 1]] = "carl"
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print(f"http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
