#!/usr/bin/env python3
"""Definitions over HTTP with a login, from git's own http-backend behind a small server."""

import base64
import http.server
import os
import subprocess
import threading
import unittest

from upstream import GIT_ENVIRONMENT, NOOP, Place, Upstream, serving

USER, TOKEN = "robot", "s3cret'token"


def serve(top, seen):
    """git http-backend(1) as a CGI program, for one login; it redirects /moved elsewhere."""
    wanted = "Basic " + base64.b64encode(f"{USER}:{TOKEN}".encode()).decode()

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self, status, headers, body=b""):
            self.send_response(status)
            for name, value in headers:
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def backend(self):
            seen.append(self.path)
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length)
            if self.path.startswith("/moved/"):
                return self.answer(302, [("Location", "/defs/" + self.path[len("/moved/"):])])
            if self.server.hangs.is_set():
                seen.append("hangs")
                self.server.over.wait(60)
                return self.answer(500, [])
            if self.headers.get("Authorization") != wanted:
                return self.answer(401, [("WWW-Authenticate", 'Basic realm="defs"')])
            path, _, query = self.path.partition("?")
            environment = {
                **GIT_ENVIRONMENT, "GIT_PROJECT_ROOT": top, "GIT_HTTP_EXPORT_ALL": "1",
                "PATH_INFO": path, "QUERY_STRING": query, "REQUEST_METHOD": self.command,
                "CONTENT_TYPE": self.headers.get("Content-Type", ""), "CONTENT_LENGTH": str(length),
                "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
                "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""), "REMOTE_USER": USER}
            ran = subprocess.run(["git", "http-backend"], env=environment, input=body,
                                 capture_output=True, timeout=60, check=True)
            head, _, body = ran.stdout.partition(b"\r\n\r\n")
            headers = [tuple(line.split(": ", 1)) for line in head.decode().split("\r\n")]
            status = int(dict(headers).pop("Status", "200").split()[0])
            return self.answer(status, [each for each in headers if each[0] != "Status"], body)

        do_GET = do_POST = backend

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.hangs, server.over = threading.Event(), threading.Event()
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


class HttpTest(unittest.TestCase):
    def setUp(self):
        self.upstream = Upstream()
        self.addCleanup(self.upstream.close)
        self.commit = self.upstream.commit({"a.yaml": NOOP % "a"})
        self.seen = []
        self.server = serve(self.upstream.top, self.seen)
        self.addCleanup(self.server.server_close)
        self.addCleanup(self.server.shutdown)
        self.addCleanup(self.server.over.set)
        self.host = f"127.0.0.1:{self.server.server_port}"

    def place(self, path, login=None):
        place = Place("--definitions-from", f"http://{self.host}/{path}#main")
        self.addCleanup(place.close)
        if login:
            # The name of the file would be two words, or worse, to a shell that is not careful.
            file = os.path.join(place.top, "git 'creds; touch ran")
            with open(file, "w", encoding="utf-8") as made:
                made.write(f"http://{login}@{self.host}\n")
            place.words += ("--git-credentials-file", file)
            place.credentials = file
        return place

    def test_a_login_of_the_file_is_used(self):
        place = self.place("defs/.git", f"{USER}:{TOKEN.replace(chr(39), '%27')}")
        state, = place.sync()
        self.assertEqual(state["commit"], self.commit)
        self.assertEqual(place.names()[("task", "a")]["repository"],
                         f"http://{self.host}/defs/.git")
        self.assertNotIn("ran", os.listdir(place.top))
        asked = len(self.seen)
        second = self.upstream.commit({"a.yaml": NOOP % "b"})
        state, = place.sync()
        self.assertEqual(state["commit"], second)
        self.assertGreater(len(self.seen), asked)

    def test_without_the_right_login_it_fails_at_once_and_asks_nobody(self):
        for login in (None, f"{USER}:wrong"):
            state, = self.place("defs/.git", login).sync(status=1)
            self.assertIsNone(state["commit"])
            self.assertTrue(state["error"])
            self.assertNotIn("wrong", state["error"])

    def test_a_login_that_was_refused_stays_in_its_file(self):
        place = self.place("defs/.git", f"{USER}:wrong")
        place.sync(status=1)
        with open(place.credentials, encoding="utf-8") as file:
            self.assertIn(f"{USER}:wrong@", file.read())

    def test_a_remote_that_hangs_holds_up_no_server(self):
        file = os.path.join(self.upstream.top, "credentials")
        with open(file, "w", encoding="utf-8") as made:
            made.write(f"http://{USER}:{TOKEN.replace(chr(39), '%27')}@{self.host}\n")
        server = serving.Serving("--definitions-from", f"http://{self.host}/defs/.git#main",
                                 "--git-credentials-file", file, "--definitions-every", "1s")
        self.addCleanup(server.close)
        self.server.hangs.set()
        serving.until(lambda: "hangs" in self.seen, "a request that hangs")
        self.assertEqual(server.terminate(), 0)  # the run of git is ended, not waited for
        server.start()
        listed, = server.get("/v1/definitions").json["definitions"]
        self.assertEqual(listed["source"]["commit"], self.commit)

    def test_a_login_is_sent_nowhere_else(self):
        state, = self.place("moved/.git", f"{USER}:{TOKEN.replace(chr(39), '%27')}").sync(status=1)
        self.assertTrue(state["error"])
        self.assertFalse([path for path in self.seen if path.startswith("/defs/")])


if __name__ == "__main__":
    serving.main()
