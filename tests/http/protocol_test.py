#!/usr/bin/env python3
"""HTTP itself: methods, types, conditions, who may ask where, and how it ends."""

import gzip
import json
import re
import shutil
import signal
import subprocess
import threading

import serving
from serving import ServedTest, Serving


class ProtocolTest(ServedTest):
    def test_head_is_get_without_a_body(self):
        task = self.create()
        for target in (f"/v1/tasks/{task['id']}", "/v1/queues", "/healthz", "/v1/openapi.json"):
            got, head = self.serving.get(target), self.serving.call("HEAD", target)
            self.assertEqual((head.status, head.body), (200, b""))
            if target != "/v1/queues":
                self.assertEqual(head.headers["Content-Length"], got.headers["Content-Length"])
        self.assertEqual(self.serving.call("HEAD", "/v1/nothing").status, 404)

    def test_a_path_says_what_it_takes(self):
        for target, allowed in (("/v1/tasks", "GET, HEAD, OPTIONS, POST"),
                                ("/v1/claims", "OPTIONS, POST"),
                                ("/v1/kinds", "GET, HEAD, OPTIONS")):
            for method, status in (("OPTIONS", 204), ("PUT", 405), ("BREW", 405)):
                answer = self.serving.call(method, target)
                self.expect(status, answer)
                self.assertEqual(answer.headers["Allow"], allowed)
        self.assertEqual(self.serving.call("POST", "/healthz", {}).status, 405)

    def test_there_is_nothing_at_other_paths(self):
        for target in ("/v1", "/v1/", "/v2/tasks", "/v1/tasks/", "/v1//tasks", "/V1/tasks",
                       "/v1/tasks%2f", "/healthz/", "/v1/../v1/tasks", "/metrics/x"):
            problem = self.expect(404, self.serving.get(target))
            self.assertEqual(problem["type"], "urn:waybill:problem:" + (
                "not-found" if target == "/v1/tasks/.." else "no-such-route"), target)

    def test_a_body_is_json_and_says_so(self):
        body = json.dumps(self.new_task()).encode()
        for type in ("text/plain", "application/x-www-form-urlencoded", "application/jsonx", "",
                     "multipart/form-data; boundary=x", "text/json"):
            self.expect(415, self.serving.post("/v1/tasks", body, Content_Type=type))
        for type in ("application/json", "application/json; charset=utf-8", "Application/JSON"):
            self.expect(201, self.serving.post("/v1/tasks", body, Content_Type=type))
        for wrong in (b"{", b"", b"{} {}", b"\xff", b'{"kind":"a","kind":"b"}', b"[" * 10_000,
                      b"[" * 10_000 + b"]" * 10_000, b'{"kind":"\x00"}', b"NaN", b'{"a":1,}',
                      b'{"kind": "\xc3"}'):
            self.expect(400, self.serving.post("/v1/tasks", wrong))
        self.expect(400, self.serving.call("GET", "/v1/queues", {}))

    def test_a_body_is_utf_8_and_comes_as_it_is(self):
        body = json.dumps(self.new_task()).encode()
        for charset in ("latin1", "utf-16", "us-ascii;q=1"):
            self.expect(415, self.serving.post(
                "/v1/tasks", body, Content_Type="application/json;charset=" + charset))
        for charset in ("UTF-8", '"utf-8"', "utf-8; x=y"):
            self.expect(201, self.serving.post(
                "/v1/tasks", body, Content_Type="application/json ; charset=" + charset))
        for encoding in ("gzip", "br", "identity, gzip"):
            answer = self.serving.post("/v1/tasks", gzip.compress(body), Content_Encoding=encoding)
            self.assertIn("send it as it is", self.expect(415, answer)["detail"])
            self.assertEqual(answer.headers["Accept-Encoding"], "identity")
        self.expect(201, self.serving.post("/v1/tasks", body, Content_Encoding="identity"))

    def test_what_is_wrong_is_said_so_that_it_can_be_mended(self):
        for body, said in ((b"", "POST /v1/tasks takes a body of JSON, and none was sent"),
                           (b"[]", "the body has to be "), (b"null", "the body has to be "),
                           (b"{", "the body is not JSON: "),
                           (b"[" * 65 + b"]" * 65, "the body is nested deeper than 64 levels"),
                           (b'{"kind":"noop","spec":{"a":[{"b":1,"\\u0062":2}]}}',
                            'the body has an object with two members "b"')):
            answer = self.serving.post("/v1/tasks", body)
            self.assertTrue(self.expect(400, answer)["detail"].startswith(said), answer)
        for target, said in (("/v1/tasks?label=team", "label wants name=value"),
                             ("/v1/events?label==x", "label wants name=value"),
                             ("/v1/tasks?created_after=x",
                              "created_after is not a time: 'x'; write it as 20")):
            self.assertIn(said, self.expect(400, self.serving.get(target))["detail"])
        problem = self.expect(404, self.serving.get("/v1/runs/nope"))
        self.assertIn("is no run's id", problem["detail"])
        for target, said in (("/v1/tasks/", "leave out the slash at its end"),
                             ("/v1/nothing/", "GET /v1/openapi.json says what there is")):
            self.assertIn(said, self.expect(404, self.serving.get(target))["detail"])
        connection = self.serving.connect()
        self.addCleanup(connection.close)
        connection.putrequest("POST", "/v1/queues/q/pause")
        connection.putheader("Idempotency-Key", "a")
        connection.putheader("Idempotency-Key", "b")
        connection.endheaders()
        response = connection.getresponse()
        self.assertEqual((response.status, b"more than one" in response.read()), (400, True))

    def test_the_document_is_sent_again_only_when_it_is_another(self):
        whole = self.serving.get("/v1/openapi.json")
        etag = whole.headers["ETag"]
        for named in (etag, "W/" + etag, f'"other", {etag}', "*"):
            answer = self.serving.get("/v1/openapi.json", If_None_Match=named)
            self.assertEqual((answer.status, answer.body), (304, b""))
            self.assertEqual(answer.headers["ETag"], etag)
            # Of a 304 it is the length of what is not sent (RFC 9110, 8.6).
            self.assertEqual(answer.headers["Content-Length"], str(len(whole.body)))
        self.assertEqual(self.serving.get("/v1/openapi.json", If_None_Match='"other"').status, 200)

    def test_compressed_bytes_have_another_etag_and_both_say_that_it_is_known(self):
        plain = self.serving.get("/v1/openapi.json")
        packed = self.serving.get("/v1/openapi.json", Accept_Encoding="gzip")
        etags = [plain.headers["ETag"], packed.headers["ETag"]]
        self.assertNotEqual(*etags)
        for etag in etags:
            for coding, own in zip(("identity", "gzip"), etags):
                answer = self.serving.get("/v1/openapi.json", If_None_Match=etag,
                                          Accept_Encoding=coding)
                self.assertEqual((answer.status, answer.body), (304, b""))
                self.assertEqual(answer.headers["ETag"], own)
        # A large task, read compressed, is amended by the ETag that came with it.
        task = self.create(spec={"command": ["true", "x" * 3000]}, delay="1h")
        path = f"/v1/tasks/{task['id']}"
        etag = self.serving.get(path, Accept_Encoding="gzip").headers["ETag"]
        self.assertIn("-gzip", etag)
        for named, status in (("W/" + etag, 412), (etag, 200), (etag, 412)):
            answer = self.serving.call("PATCH", path, {"priority": 7}, If_Match=named)
            self.expect(status, answer)

    def test_an_unknown_query_parameter_is_refused_with_what_was_meant(self):
        problem = self.expect(400, self.serving.get("/v1/tasks?stat=ready"))
        self.assertIn("state", problem["detail"])
        for target in ("/v1/queues?x=1", "/v1/claims?x=1"):
            method = "POST" if "claims" in target else "GET"
            body = {"worker": "w"} if method == "POST" else None
            self.expect(400, self.serving.call(method, target, body))

    def test_what_is_long_is_compressed_for_those_who_take_it(self):
        plain = self.serving.get("/v1/openapi.json")
        self.assertIsNone(plain.headers["Content-Encoding"])
        for header, packed in (("gzip", True), ("deflate, gzip;q=0.5", True), ("gzip;q=0", False),
                               ("br", False), ("*", True), ("identity", False)):
            answer = self.serving.get("/v1/openapi.json", Accept_Encoding=header)
            self.assertEqual(answer.headers["Content-Encoding"], "gzip" if packed else None, header)
            body = gzip.decompress(answer.body) if packed else answer.body
            self.assertEqual(body, plain.body)
        self.assertIn("Accept-Encoding", answer.headers["Vary"] or "")

    def test_every_answer_keeps_browsers_from_taking_it_for_a_page(self):
        for answer in (self.serving.get("/v1/queues"), self.serving.get("/v1/nothing"),
                       self.serving.get("/healthz"), self.serving.get("/v1/tasks?x=1")):
            self.assertEqual(answer.headers["X-Content-Type-Options"], "nosniff")
            self.assertEqual(answer.headers["Cache-Control"], "no-store")

    def test_a_connection_serves_many_requests(self):
        connection = self.serving.connect()
        for _ in range(3):
            for target, status in (("/v1/queues", 200), ("/v1/none", 404), ("/healthz", 200)):
                connection.request("GET", target)
                first = connection.sock
                response = connection.getresponse()
                response.read()
                self.assertEqual(response.status, status)
                self.assertIs(connection.sock, first)
        connection.close()

    def test_nobody_is_let_in_unasked_by_a_foreign_name(self):
        for host in ("evil.example", "127.0.0.1.evil.example", "evil.example:8470", "10.0.0.1"):
            self.expect(421, self.serving.get("/v1/queues", Host=host))
        port = self.serving.port
        for host in (f"127.0.0.1:{port}", f"localhost:{port}", "localhost", f"[::1]:{port}"):
            self.expect(200, self.serving.get("/v1/queues", Host=host))
        for origin in ("http://evil.example", "null", f"http://127.0.0.1:{port + 1}"):
            self.expect(403, self.serving.get("/v1/queues", Origin=origin))
        self.expect(200, self.serving.get("/v1/queues", Origin=f"http://127.0.0.1:{port}"))

    def test_its_openapi_document_is_the_one_of_the_project(self):
        document = self.expect(200, self.serving.get("/v1/openapi.json"))
        self.assertEqual(document["openapi"][:2], "3.")
        self.assertIn("/v1/tasks", document["paths"])


class MetricsTest(ServedTest):
    def test_it_is_well_and_ready(self):
        self.assertEqual(self.serving.get("/healthz").body, b"ok\n")
        ready = serving.until(lambda: self.serving.get("/readyz").status == 200, "it is ready")
        self.assertTrue(ready)

    def test_they_are_in_prometheus_text_format(self):
        self.create()
        serving.until(lambda: self.serving.metric("waybill_tasks") >= 1, "tasks are counted")
        self.serving.get("/v1/nothing")
        answer = self.serving.get("/metrics")
        self.assertTrue(answer.headers["Content-Type"].startswith("text/plain; version=0.0.4"))
        if shutil.which("promtool"):
            subprocess.run(["promtool", "check", "metrics"], input=answer.body, check=True)
        kinds, seen = {}, set()
        sample = re.compile(r'([a-z_]+)((?:{[a-z_]+="(?:[^"\\\n]|\\.)*"(?:,[a-z_]+="(?:[^"\\\n]|'
                            r'\\.)*")*})?) (-?[0-9.e+-]+)')
        for line in answer.body.decode().splitlines():
            words = line.split(" ", 3)
            if words[:2] == ["#", "TYPE"]:
                self.assertNotIn(words[2], kinds, "a family is there once, all of it together")
                kinds[words[2]] = words[3]
            elif words[0] != "#":
                match = sample.fullmatch(line)
                self.assertTrue(match, line)
                self.assertEqual(list(kinds)[-1], match[1])
                self.assertNotIn(match[1] + match[2], seen)
                seen.add(match[1] + match[2])
        self.assertEqual(kinds["waybill_tasks"], "gauge")
        self.assertEqual(kinds["waybill_http_requests_total"], "counter")
        self.assertIn('waybill_http_requests_total{operation="createTasks",status="201"}', seen)


class DoorTest(ServedTest):
    def test_it_does_not_start_where_others_reach_it_without_tokens(self):
        for words, starts in (((), False), (("--insecure",), True)):
            command = self.serving.command("serve", "--listen", "0.0.0.0:0", "--json", *words)
            with subprocess.Popen(command, cwd=self.serving.top, stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, env=self.serving.environment()) as one:
                line = one.stdout.readline()
                self.assertEqual(b"listening" in line and b"url" in line, starts, line)
                if starts:
                    port = int(json.loads(line)["url"].rsplit(":", 1)[1])
                    own, self.serving.port = self.serving.port, port
                    self.expect(200, self.serving.get("/v1/queues", Host="other.example"))
                    self.serving.port = own
                    one.send_signal(signal.SIGTERM)
                _, errors = one.communicate(timeout=serving.PATIENCE_SECONDS)
                self.assertEqual(one.returncode, 0 if starts else 1, errors)
                if not starts:
                    self.assertIn(b"waybill token create", errors + line)


class DrainTest(ServedTest):
    def setUp(self):
        super().setUp()
        self.own = Serving()
        self.addCleanup(self.own.close)

    def test_what_has_come_is_answered_and_the_rest_refused(self):
        stream = self.own.events("/v1/events")
        idle = self.own.connect()
        idle.request("GET", "/healthz")
        idle.getresponse().read()
        answers = []

        def claim():
            answers.append(self.own.post("/v1/claims", {"worker": "w", "wait": "60s"}))

        threads = [threading.Thread(target=claim) for _ in range(5)]
        for thread in threads:
            thread.start()
        serving.until(lambda: self.own.metric("waybill_http_claims_waiting") == 5, "they wait")
        late = self.own.socket()
        late.sendall(b"POST /v1/tasks HTTP/1.1\r\nHost: localhost\r\nContent-Length: 57\r\n"
                     b"Content-Type: application/json\r\n\r\n")
        serving.until(lambda: self.own.metric("waybill_http_connections") >= 9, "it has come")
        self.own.process.send_signal(signal.SIGTERM)
        self.assertIsNone(stream.next())
        for thread in threads:
            thread.join()
        for answer in answers:
            self.assertEqual((answer.status, answer.json), (200, {"tasks": []}))
            self.assertEqual(answer.headers["Connection"].lower(), "close")

        def refused():
            try:
                self.own.socket().close()
                return False
            except ConnectionRefusedError:
                return True

        serving.until(refused, "new connections are refused")
        self.assertIsNone(self.own.process.poll(), "it waits for the one whose body comes")
        late.sendall(b'{"kind":"command","spec":{"command":["true"]},"queue":"q"}'[:57])
        answer = b""
        while part := late.recv(65536):
            answer += part
        self.assertRegex(answer, rb"^HTTP/1.1 \d\d\d ")
        self.assertIn(b"connection: close", answer.lower())
        late.close()
        self.assertEqual(self.own.process.wait(serving.PATIENCE_SECONDS), 0)
        self.own.process.stdout.close()
        idle.close()
        stream.close()

    def test_a_second_signal_ends_it_at_once(self):
        late = self.own.socket()
        late.sendall(b"POST /v1/tasks HTTP/1.1\r\nHost: localhost\r\nContent-Length: 57\r\n\r\n")
        serving.until(lambda: self.own.metric("waybill_http_connections") >= 2, "it has come")
        self.own.process.send_signal(signal.SIGTERM)
        serving.until(self.ends_soon, "it has begun to end")
        self.own.process.send_signal(signal.SIGTERM)
        self.own.process.wait(serving.PATIENCE_SECONDS // 3)
        self.own.process.stdout.close()
        late.close()

    def ends_soon(self):
        try:
            self.own.socket().close()
            return False
        except ConnectionRefusedError:
            return True

    def test_one_who_does_not_finish_his_request_holds_it_up_for_the_grace_only(self):
        brief = Serving("--grace", "1s")
        self.addCleanup(brief.close)
        for half in (b"GET /v1/que", b"POST /v1/tasks HTTP/1.1\r\nHost: localhost\r\n"
                                     b"Content-Length: 9\r\n\r\n{"):
            late = brief.socket()
            self.addCleanup(late.close)
            late.sendall(half)
        stream = brief.events("/v1/events")
        self.addCleanup(stream.close)
        self.assertEqual(brief.terminate(), 0)


if __name__ == "__main__":
    serving.main()
