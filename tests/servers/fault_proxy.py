#!/usr/bin/env python3
"""An HTTP proxy that stands before a server and fails as it is told: refuses, cuts, delays, holds,
or carries a request out and loses the answer.

A rule (a dict) names requests by regular expressions on `service`, `method`, `path`, `query` and
`body`, searched for; lets `skip` of them through first; and takes `times` of them, all if not
given. Its `action` is one of

    status       answer with `status` and the server's kind of error, `code`, and say how many
                 seconds to keep away, `retry_after`; not carried out
    drop_before  cut the connection; not carried out
    drop_after   carry out, then cut the connection
    cut_half     carry out, answer half of the body, then cut the connection
    delay        wait `seconds`, then carry out
    hold         wait `seconds`, then cut the connection; not carried out
    blackhole    wait `seconds`, then answer 503; not carried out
    lie          answer 200 with an empty JSON object; not carried out
    barrier      wait until `parties` are here, or `seconds` are over, then carry out
"""

import argparse
import http.client
import http.server
import json
import re
import socket
import threading
import urllib.parse

OF_THE_CONNECTION = {"connection", "content-length", "transfer-encoding", "keep-alive"}
MATCHED = ("service", "method", "path", "query", "body")
ACTIONS = {"status", "drop_before", "drop_after", "cut_half", "delay", "hold", "blackhole", "lie",
           "barrier"}
SECONDS = {"delay": 0.05, "hold": 1, "blackhole": 1, "barrier": 1}


class Request:
    def __init__(self, method, target, headers, body):
        self.method, self.target, self.headers, self.body = method, target, headers, body
        url = urllib.parse.urlsplit(target)
        self.path = urllib.parse.unquote(url.path, errors="replace")
        self.query = urllib.parse.unquote(url.query, errors="replace")

    def text(self):
        return self.body.decode(errors="replace")

    def __str__(self):
        return f"{self.method} {self.target}"


class Dialect:
    """How a server's requests are described to rules, and how it refuses."""

    def descriptions(self, request):
        """Dicts of what rules match; a rule takes the request if it matches one of them."""
        return [{"service": "", "method": request.method, "path": request.path,
                 "query": request.query, "body": request.text()}]

    def refusal(self, _request, status, code):
        """Content type and body of an answer."""
        return "text/plain", f"{status} {code}".encode()


class Rule:
    def __init__(self, fault):
        unknown = fault.keys() - {*MATCHED, "action", "status", "code", "retry_after",
                                  "seconds", "parties", "skip", "times"}
        if unknown or fault.get("action") not in ACTIONS:
            raise ValueError(f"a rule that is none: {fault}")
        self.fault = fault
        self.action = fault["action"]
        self.seconds = fault.get("seconds", SECONDS.get(self.action, 0))
        self.patterns = {name: re.compile(fault[name]) for name in MATCHED if name in fault}
        self.skip, self.times = fault.get("skip", 0), fault.get("times")
        self.taken = 0
        self.barrier = threading.Barrier(fault.get("parties", 1))

    def matches(self, descriptions):
        return any(all(pattern.search(described[name]) for name, pattern in self.patterns.items())
                   for described in descriptions)

    def take(self):
        """Whether this match is one that the rule is for."""
        if self.skip > 0:
            self.skip -= 1
            return False
        if self.times is not None and self.taken >= self.times:
            return False
        self.taken += 1
        return True

    def wait(self, ended):
        if self.action != "barrier":
            ended.wait(self.seconds)
            return
        try:
            self.barrier.wait(self.seconds)
        except threading.BrokenBarrierError:
            pass  # nobody else came


class Script:
    """The rules of one or more proxies. Thread-safe."""

    def __init__(self):
        self.lock = threading.Lock()
        self.changed = threading.Condition(self.lock)
        self.in_flight = 0
        self.ended = threading.Event()
        self.begin()

    def begin(self, faults=(), gate=None):
        """Forgets all and begins anew. `gate` is asked first, with the request and its number
        counted from 0: it may block, and answers a rule for this request alone, or None."""
        with self.lock:
            self.rules = [Rule(fault) for fault in faults]
            self.gate = gate
            self.requests = []

    def taken(self):
        """How often a rule struck."""
        with self.lock:
            return sum(rule.taken for rule in self.rules)

    def done(self):
        with self.lock:
            self.in_flight -= 1
            self.changed.notify_all()

    def settle(self, held=0):
        """Waits until all requests but those that a gate holds are over."""
        with self.lock:
            if not self.changed.wait_for(lambda: self.in_flight <= held, 60):
                raise AssertionError(f"{self.in_flight} requests do not end")

    def made(self):
        with self.lock:
            return len(self.requests)

    def wait_for_more_than(self, count):
        with self.lock:
            if not self.changed.wait_for(lambda: len(self.requests) > count, 60):
                raise AssertionError(f"{count} requests, and no further one")

    def choose(self, request, dialect):
        with self.lock:
            number = len(self.requests)
            self.requests.append(request)
            self.in_flight += 1
            self.changed.notify_all()
            gate = self.gate
        if gate:
            fault = gate(number, request)
            if fault:
                return Rule(fault)
        with self.lock:
            descriptions = dialect.descriptions(request) if self.rules else []
            for rule in self.rules:
                if rule.matches(descriptions) and rule.take():
                    return rule
        return None


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 1 << 16

    def log_message(self, *_):
        pass

    def cut(self):
        self.close_connection = True
        self.wfile.flush()
        self.connection.shutdown(socket.SHUT_RDWR)

    def answer(self, status, headers, body, part=None):
        self.send_response_only(status)
        for name, value in headers:
            if name.lower() not in OF_THE_CONNECTION:
                self.send_header(name, value)
        if status not in (204, 304):
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if status not in (204, 304):
            self.wfile.write(body[:part])

    def refuse(self, request, status, code, retry_after=None):
        kind, body = self.server.dialect.refusal(request, status, code)
        headers = [("Content-Type", kind)]
        if retry_after is not None:
            headers.append(("Retry-After", str(retry_after)))
        self.answer(status, headers, body)

    def carry_out(self, request):
        upstream = http.client.HTTPConnection(*self.server.upstream, timeout=60)
        try:
            upstream.putrequest(request.method, request.target, skip_host=True,
                                skip_accept_encoding=True)
            for name, value in request.headers:
                if name.lower() not in OF_THE_CONNECTION:
                    upstream.putheader(name, value)
            if request.body or request.method in ("POST", "PUT"):
                upstream.putheader("Content-Length", str(len(request.body)))
            upstream.endheaders(request.body)
            response = upstream.getresponse()
            return response.status, response.getheaders(), response.read()
        finally:
            upstream.close()

    def serve(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        request = Request(self.command, self.path, self.headers.items(), body)
        try:
            rule = self.server.script.choose(request, self.server.dialect)
            self.follow(rule, request)
        except (ConnectionError, http.client.HTTPException):
            self.close_connection = True  # one of both ends is gone
        finally:
            self.server.script.done()

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = serve

    def follow(self, rule, request):
        action = rule.action if rule else None
        if action in ("delay", "hold", "blackhole", "barrier"):
            rule.wait(self.server.script.ended)
        if action == "status":
            self.refuse(request, rule.fault["status"], rule.fault.get("code", ""),
                        rule.fault.get("retry_after"))
        elif action == "lie":
            self.answer(200, [("Content-Type", "application/json")], b"{}")
        elif action == "blackhole":
            self.refuse(request, 503, "")
        elif action in ("drop_before", "hold"):
            self.cut()
        elif action in ("drop_after", "cut_half"):
            status, headers, body = self.carry_out(request)
            if action == "cut_half":
                self.answer(status, headers, body, part=len(body) // 2)
            self.cut()
        else:
            self.answer(*self.carry_out(request))


class Listener(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def handle_error(self, *_):
        pass  # a client that was killed


class FaultProxy:
    """Listens until stopped."""

    def __init__(self, upstream, script, dialect=None):
        self.server = Listener(("127.0.0.1", 0), Handler)
        url = urllib.parse.urlsplit(upstream)
        self.server.upstream = (url.hostname, url.port)
        self.server.script, self.server.dialect = script, dialect or Dialect()
        self.host = f"127.0.0.1:{self.server.server_port}"
        self.url = "http://" + self.host
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    def stop(self):
        self.server.script.ended.set()
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--upstream", required=True, help="http://host:port")
    parser.add_argument("--rules", default="[]", help="a JSON array")
    options = parser.parse_args()
    script = Script()
    script.begin(json.loads(options.rules))
    proxy = FaultProxy(options.upstream, script)
    print(proxy.url, flush=True)
    proxy.thread.join()


if __name__ == "__main__":
    main()
