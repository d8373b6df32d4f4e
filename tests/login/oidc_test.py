#!/usr/bin/env python3
"""Logging in at an issuer of OpenID Connect that is not ours: npm's oidc-provider."""

import argparse
import json
import os
import subprocess
import time
import urllib.parse
import urllib.request

import place
from place import BASE, SESSION, SLIP, Browser, LoginServing, serving

import npm_packages  # of place's path

DIRECTORY = [""]
SECRET = "sec/ret+of waybill"


class OidcTest(serving.ServedTest):
    @classmethod
    def setUpClass(cls):
        npm_packages.install(os.path.join(place.HERE, "..", "servers", "oidc_provider"),
                             DIRECTORY[0], "oidc-provider")
        cls.serving = LoginServing()
        cls.addClassCleanup(cls.serving.close)
        cls.provider = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "--", "node", "server.mjs",
             f"{BASE}/login/acme/callback"], cwd=DIRECTORY[0], stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, text=True)
        cls.addClassCleanup(cls.end_provider)
        cls.issuer = cls.provider.stdout.readline().strip()
        cls.serving.write("secret", SECRET + "\n")
        cls.login = {
            "base_url": BASE,
            "providers": [{"name": "acme", "kind": "oidc", "issuer": cls.issuer,
                           "client_id": "waybill", "client_secret_file": "secret",
                           "name_claim": "preferred_username"}],
            "people": [{"match": {"provider": "acme", "group": "ops"}, "role": "operator"},
                       {"match": {"provider": "acme", "email_domain": "example.org"},
                        "role": "submitter"}]}
        cls.serving.let_in(cls.login)

    @classmethod
    def end_provider(cls):
        cls.provider.kill()
        cls.provider.wait()
        cls.provider.stdout.close()

    def setUp(self):
        super().setUp()
        self.control(account="sub-ann", bend="", claims={}, key="rsa-1")
        self.browser = Browser(self.serving)

    def control(self, **state):
        request = urllib.request.Request(self.issuer + "/control", json.dumps(state).encode())
        urllib.request.urlopen(request, timeout=30).close()

    def anew(self):
        """A server that knows nothing of the issuer yet."""
        self.serving.restart()

    def refused(self, status, **state):
        self.control(**state)
        browser = Browser(self.serving)
        answer = browser.log_in("acme")
        self.expect(status, answer)
        self.assertIsNone(browser.session(), state)
        return answer.json["detail"]

    def test_somebody_logs_in_and_out(self):
        self.assertEqual(self.expect(200, self.browser.get("/v1/login")),
                         {"providers": [{"name": "acme", "kind": "oidc", "path": "/login/acme"}]})
        problem = self.expect(401, self.browser.get("/v1/me"))
        self.assertIn("/v1/login", problem["detail"])
        answer = self.browser.log_in("acme", "/v1/me?x=%2F#top")
        self.assertEqual((answer.status, answer.headers["Location"]), (302, "/v1/me?x=%2F#top"))
        self.assertNotIn(SLIP, self.browser.cookies["waybill.test"])
        me = self.expect(200, self.browser.get("/v1/me"))
        self.assertEqual((me["name"], me["role"], me["came_by"], me["provider"], me["login"]),
                         ("acme:ann", "operator", "session", "acme", "ann"))
        listed = json.loads(self.serving.run("session", "list", "--json"))["sessions"]
        mine = [one for one in listed if one["id"] == me["session"]["id"]]
        self.assertEqual([(one["person"], one["state"]) for one in mine], [("acme:ann", "active")])
        self.assertNotIn(self.browser.session(), json.dumps(listed))
        self.assertEqual(mine[0]["seen_from"], "127.0.0.1")
        secret = self.browser.session()
        self.assertEqual(self.browser.post("/v1/logout").status, 204)
        self.assertIsNone(self.browser.session())
        self.browser.cookies["waybill.test"][SESSION] = secret
        self.expect(401, self.browser.get("/v1/me"))

    def test_an_admin_sees_who_is_logged_in_and_ends_it(self):
        self.browser.log_in("acme")
        self.expect(403, self.browser.get("/v1/sessions"))
        mine = self.expect(200, self.browser.get("/v1/me"))["session"]["id"]
        root = self.serving.run("token", "create", "--name", "root", "--role", "admin",
                                "--quiet").strip()
        def call(method, target):
            return self.serving.call(method, target, token=root)
        serving.until(lambda: call("GET", "/v1/me").status == 200, "the token is known")
        listed = self.expect(200, call("GET", "/v1/sessions"))["sessions"]
        one = next(each for each in listed if each["id"] == mine)
        self.assertEqual((one["person"], one["role"], one["state"], one["seen_from"],
                          one["current"]), ("acme:ann", "operator", "active", "127.0.0.1", False))
        self.expect(404, call("DELETE", "/v1/sessions/acme:nobody"))
        self.expect(200, call("DELETE", f"/v1/sessions/{mine}"))
        self.assertIn("ended", self.expect(401, self.browser.get("/v1/me"))["detail"])
        self.browser.log_in("acme")
        self.expect(200, self.browser.get("/v1/me"))
        ended = self.expect(200, call("DELETE", "/v1/sessions/acme:ann"))["sessions"]
        self.assertEqual({each["state"] for each in ended}, {"revoked"})
        self.expect(401, self.browser.get("/v1/me"))

    def test_who_makes_a_task_is_who_logged_in(self):
        self.browser.log_in("acme")
        made = self.expect(201, self.browser.post("/v1/tasks", self.new_task()))["task"]
        self.assertEqual(made["created_by"], "acme:ann")
        self.expect(400, self.browser.post("/v1/tasks", self.new_task(created_by="acme:boss")))

    def test_roles_come_from_the_rules(self):
        self.control(account="sub-cy")
        self.browser.log_in("acme")
        me = self.expect(200, self.browser.get("/v1/me"))
        self.assertEqual(me["role"], "submitter")
        Browser(self.serving).log_in("acme")
        problem = self.expect(403, self.browser.post("/v1/queues/q/pause", {}))
        self.assertEqual(problem["type"], "urn:waybill:problem:forbidden")

    def test_a_name_is_not_taken_over(self):
        self.browser.log_in("acme")
        self.control(account="sub-cy")
        other = Browser(self.serving)
        other.log_in("acme")
        self.assertEqual(self.expect(200, other.get("/v1/me"))["name"], "acme:ann#sub-cy")

    def test_whom_no_rule_lets_in_stays_out(self):
        self.assertIn("no rule", self.refused(403, account="sub-bob"))

    def test_a_login_belongs_to_the_browser_that_began_it(self):
        url = self.browser.callback("acme")
        self.expect(400, Browser(self.serving).get(url))
        other = Browser(self.serving)
        other.callback("acme")
        self.expect(400, other.get(url))  # a slip of its own, but another state
        self.assertIsNone(other.session())
        tampered = url.replace("state=", "state=x")
        self.expect(400, self.browser.get(tampered))
        self.assertEqual(self.browser.get(url).status, 302)

    def test_a_code_is_good_once(self):
        url = self.browser.callback("acme")
        slip = self.browser.cookies["waybill.test"][SLIP]
        self.assertEqual(self.browser.get(url).status, 302)
        again = Browser(self.serving)
        self.expect(400, again.get(url))
        again.cookies["waybill.test"] = {SLIP: slip}
        problem = self.expect(401, again.get(url))
        self.assertIn("invalid_grant", problem["detail"])
        self.assertIsNone(again.session())

    def test_a_code_of_another_login_does_not_fit(self):
        """PKCE: somebody else's code, put into one's own answer."""
        stolen = urllib.parse.parse_qs(urllib.parse.urlsplit(self.browser.callback("acme")).query)
        victim = Browser(self.serving)
        url = urllib.parse.urlsplit(victim.callback("acme"))
        query = urllib.parse.parse_qs(url.query)
        query["code"] = stolen["code"]
        answer = victim.get(url._replace(query=urllib.parse.urlencode(query, doseq=True)).geturl())
        self.expect(401, answer)
        self.assertIsNone(victim.session())

    def test_an_id_token_that_does_not_hold_is_refused(self):
        now = int(time.time())
        for claims, why in (({"nonce": "other"}, "nonce"), ({"nonce": None}, "nonce"),
                            ({"exp": now - 120}, "exp"), ({"exp": None}, "exp"),
                            ({"aud": "other"}, "aud"), ({"aud": ["waybill", "other"]}, "azp"),
                            ({"azp": "other"}, "azp"), ({"iss": "https://evil.example"}, "iss"),
                            ({"iat": now + 600}, "iat"), ({"sub": ""}, "sub")):
            self.assertIn(f"({why})", self.refused(401, claims=claims), claims)
        for bend in ("none", "hs256", "unsigned", "tampered"):
            self.assertIn("no key", self.refused(401, bend=bend, claims={}), bend)
        self.assertIn("extensions", self.refused(401, bend="crit"))

    def test_userinfo_of_somebody_else_is_refused(self):
        self.assertIn("somebody else", self.refused(401, bend="userinfo"))

    def test_other_algorithms_are_taken(self):
        for bend in ("es256", "ps256"):
            self.control(bend=bend)
            self.assertEqual(Browser(self.serving).log_in("acme").status, 302, bend)
        self.control(bend="", claims={"aud": ["other", "waybill"], "azp": "waybill"})
        self.assertEqual(Browser(self.serving).log_in("acme").status, 302)

    def test_a_key_that_is_new_is_fetched_but_not_for_everybody(self):
        self.anew()
        self.assertEqual(Browser(self.serving).log_in("acme").status, 302)
        self.control(key="rsa-2")
        self.assertEqual(Browser(self.serving).log_in("acme").status, 302)
        # It was asked a moment ago: an unknown key is not worth another question yet.
        self.assertIn("no key", self.refused(401, key="rsa-1"))
        self.anew()
        self.assertIn("no key", self.refused(401, key="small"))
        self.anew()

    def test_an_issuer_of_another_name_is_refused(self):
        self.anew()
        self.control(bend="issuer")
        problem = self.expect(503, self.browser.get("/login/acme"))
        self.assertIn("evil.example", problem["detail"])
        self.control(bend="away")
        answer = self.browser.get("/login/acme")
        self.expect(503, answer)
        self.assertIn("Retry-After", answer.headers)
        self.control(bend="")
        self.assertEqual(self.browser.log_in("acme").status, 302)

    def test_what_the_issuer_says_no_to_is_told(self):
        url = self.browser.callback("acme")
        state = urllib.parse.parse_qs(urllib.parse.urlsplit(url).query)["state"][0]
        answer = self.browser.get(f"/login/acme/callback?state={state}&error=access_denied")
        self.assertIn("access_denied", self.expect(401, answer)["detail"])
        self.expect(401, self.browser.get(f"/login/acme/callback?state={state}"))
        # Mix-up (RFC 9207): the answer of another issuer.
        mixed = self.browser.callback("acme").replace(
            urllib.parse.quote(self.issuer, safe=""), "https%3A%2F%2Fevil.example")
        self.assertIn("(iss)", self.expect(401, self.browser.get(mixed))["detail"])

    def test_it_returns_to_its_own_pages_only(self):
        for path in ("https://evil.example", "//evil.example", "/\\evil.example", "evil", ""):
            target = "/login/acme?return_to=" + urllib.parse.quote(path, safe="")
            self.expect(400, self.browser.get(target))
        self.expect(404, self.browser.get("/login/acne"))

    def test_a_session_is_new_with_each_login(self):
        """Fixation: what a browser had before, its own or planted, is worth nothing after."""
        self.browser.log_in("acme")
        first = self.browser.session()
        self.browser.log_in("acme")
        second = self.browser.session()
        self.assertNotEqual(first, second)
        planted = Browser(self.serving)
        planted.cookies["waybill.test"] = {SESSION: "ab" * 32}
        planted.log_in("acme")
        self.assertNotIn(planted.session(), ("ab" * 32, second))
        old = Browser(self.serving)
        for secret in (first, "ab" * 32, "", "x", second[:-1], second + "0", second.upper()):
            old.cookies["waybill.test"] = {SESSION: secret}
            self.expect(401, old.get("/v1/me"))

    def test_pages_of_others_change_nothing(self):
        self.browser.log_in("acme")
        task = self.new_task()
        for headers in ({"Origin": "https://evil.example"}, {"Origin": "null"},
                        {"Origin": "http://waybill.test"}, {"Origin": BASE + ".evil.example"},
                        {"Origin": BASE + ":8443"}, {"Origin": None, "Sec_Fetch_Site": None},
                        {"Sec_Fetch_Site": "cross-site"}, {"Sec_Fetch_Site": "same-site"},
                        {"Sec_Fetch_Site": "none"},
                        {"Origin": None, "Sec_Fetch_Site": "cross-site"}):
            for target, body in (("/v1/tasks", task), ("/v1/logout", {}), ("/v1/logout", None)):
                self.expect(403, self.browser.post(target, body, **headers))
        self.expect(415, self.browser.post("/v1/tasks", task, Content_Type="text/plain"))
        self.expect(415, self.browser.post("/v1/tasks", task,
                                           Content_Type="application/x-www-form-urlencoded"))
        self.expect(201, self.browser.post("/v1/tasks", task))
        self.expect(201, self.browser.post("/v1/tasks", task, Sec_Fetch_Site=None))
        self.expect(201, self.browser.post("/v1/tasks", task, Origin=None))
        # Where a token is shown, no cookie counts, and any page may have sent it.
        self.expect(401, self.browser.get("/v1/me", Authorization="Bearer x"))

    def test_a_session_that_is_revoked_ends_at_once(self):
        self.browser.log_in("acme")
        me = self.expect(200, self.browser.get("/v1/me"))
        self.serving.run("session", "revoke", me["session"]["id"], "--dry-run")
        self.expect(200, self.browser.get("/v1/me"))
        self.serving.run("session", "revoke", me["session"]["id"])
        self.expect(401, self.browser.get("/v1/me"))

    def test_sessions_outlive_the_server_and_not_the_rules(self):
        self.browser.log_in("acme")
        self.serving.restart()
        self.expect(200, self.browser.get("/v1/me"))
        self.serving.let_in({**self.login, "people": [], "default_role": "viewer"})
        self.assertEqual(self.expect(200, self.browser.get("/v1/me"))["role"], "viewer")
        others = [{"match": {"provider": "acme", "subject": "sub-cy"}, "role": "admin"}]
        self.serving.let_in({**self.login, "people": others})
        self.expect(403, self.browser.get("/v1/me"))
        self.serving.let_in(self.login)
        self.expect(200, self.browser.get("/v1/me"))

    def test_programs_go_on_with_tokens(self):
        token = self.serving.run("token", "create", "--name", self.queue[:40], "--role", "viewer",
                                 "--quiet").strip()
        self.anew()  # it knows of the token at once
        me = self.serving.get("/v1/me", Authorization=f"Bearer {token}").json
        self.assertEqual((me["came_by"], me["session"]), ("token", None))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--directory", required=True)
    DIRECTORY[0] = serving.options_of(parser).directory
    serving.unittest.main()
