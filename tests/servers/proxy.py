#!/usr/bin/env python3
"""An HTTP proxy on loopback, for tests of clients: tunnels (CONNECT) and plain requests.

usage: proxy.py PORT LOG [--user NAME:PASSWORD] [--refuse STATUS | --cut]

Appends a line to LOG for each request: method and target, then " authorized" if the user was right.
--refuse answers every request with that status, --cut closes the connection instead.
"""

import argparse
import base64
import select
import socket
import socketserver
import urllib.parse


def relay(one, other):
    ends = {one: other, other: one}
    while True:
        readable, _, _ = select.select(list(ends), [], [])
        for end in readable:
            data = end.recv(65536)
            if not data:
                return
            ends[end].sendall(data)


class Handler(socketserver.StreamRequestHandler):
    def handle(self):
        options = self.server.options
        line = self.rfile.readline().decode("latin-1").rstrip()
        headers = []
        while (header := self.rfile.readline()) not in (b"\r\n", b""):
            headers.append(header)
        if not line:
            return
        method, target, _ = line.split(" ", 2)
        authorized = ""
        if options.user:
            token = base64.b64encode(options.user.encode()).decode()
            wanted = f"proxy-authorization: basic {token}".lower()
            if not any(h.decode("latin-1").strip().lower() == wanted for h in headers):
                self.note(f"{method} {target}")
                return self.answer(407)
            authorized = " authorized"
        self.note(f"{method} {target}{authorized}")
        if options.cut:
            return
        if options.refuse:
            return self.answer(options.refuse)
        if method == "CONNECT":
            host, port = target.rsplit(":", 1)
            with socket.create_connection((host, int(port))) as upstream:
                self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
                relay(self.connection, upstream)
            return
        url = urllib.parse.urlsplit(target)
        path = url.path + ("?" + url.query if url.query else "")
        with socket.create_connection((url.hostname, url.port or 80)) as upstream:
            upstream.sendall(f"{method} {path} HTTP/1.1\r\n".encode() + b"".join(headers) + b"\r\n")
            relay(self.connection, upstream)

    def note(self, text):
        with open(self.server.options.log, "a", encoding="utf-8") as log:
            log.write(text + "\n")

    def answer(self, status):
        self.wfile.write(f"HTTP/1.1 {status} No\r\nContent-Length: 0\r\n\r\n".encode())


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("log")
    parser.add_argument("--user")
    parser.add_argument("--refuse", type=int)
    parser.add_argument("--cut", action="store_true")
    options = parser.parse_args()
    server = Server(("127.0.0.1", options.port), Handler)
    server.options = options
    server.serve_forever()


if __name__ == "__main__":
    main()
