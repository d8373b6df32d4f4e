#!/usr/bin/env python3
"""Logging in at GitHub, by a stand-in."""

from place import Browser, LoginServing, serving
from github import Github, github_stand_in

PEOPLE = [{"match": {"provider": "github", "login": "Ann"}, "role": "admin"},
          {"match": {"provider": "github", "subject": "1002"}, "role": "viewer"}]


class GithubTest(serving.ServedTest):
    @classmethod
    def setUpClass(cls):
        cls.github = Github()
        cls.addClassCleanup(cls.github.close)
        cls.serving = LoginServing()
        cls.addClassCleanup(cls.serving.close)
        cls.serving.write("secret", github_stand_in.CLIENT[1] + "\n")
        cls.serving.write("wrong-secret", "x")
        cls.serving.let_in(cls.github.login_file(PEOPLE))

    def setUp(self):
        super().setUp()
        self.github.control(login="ann", failing=0, limited=False)
        self.browser = Browser(self.serving)

    def test_somebody_logs_in_whatever_the_case_of_the_login(self):
        self.assertEqual(self.browser.log_in("github").status, 302)
        me = self.expect(200, self.browser.get("/v1/me"))
        self.assertEqual((me["name"], me["role"]), ("github:ann", "admin"))

    def test_an_account_is_known_by_its_number(self):
        self.github.control(login="bob")
        self.browser.log_in("github")
        self.assertEqual(self.expect(200, self.browser.get("/v1/me"))["role"], "viewer")

    def test_others_stay_out(self):
        self.github.control(login="carl")
        self.expect(403, self.browser.log_in("github"))

    def test_a_code_is_good_once_and_for_its_browser(self):
        url = self.browser.callback("github")
        self.expect(400, Browser(self.serving).get(url))
        slip = dict(self.browser.cookies["waybill.test"])
        self.assertEqual(self.browser.get(url).status, 302)
        self.browser.cookies["waybill.test"] = slip
        problem = self.expect(401, self.browser.get(url))
        self.assertIn("bad_verification_code", problem["detail"])

    def test_where_github_does_not_answer_nobody_is_let_in(self):
        for state, status in (({"failing": 502}, 503), ({"failing": 401}, 401),
                              ({"limited": True}, 503)):
            self.github.control(**{"failing": 0, "limited": False, **state})
            self.expect(status, self.browser.log_in("github"))
            self.assertIsNone(self.browser.session())

    def test_a_wrong_secret_of_the_client_is_told(self):
        self.serving.let_in(self.github.login_file(PEOPLE, "wrong-secret"))
        problem = self.expect(401, self.browser.log_in("github"))
        self.assertIn("incorrect_client_credentials", problem["detail"])
        self.serving.let_in(self.github.login_file(PEOPLE))

    def test_a_login_file_that_is_wrong_tells_all_of_it(self):
        wrong = self.github.login_file([{"match": {"provider": "github"}, "role": "boss"}], "gone")
        path = self.serving.write("wrong.yaml", serving.json.dumps({**wrong, "x": 1}))
        ran = serving.subprocess.run(
            self.serving.command("serve", "--login", path), env=self.serving.environment(),
            capture_output=True, text=True, timeout=serving.PATIENCE_SECONDS, check=False)
        self.assertEqual(ran.returncode, 2, ran.stderr)
        self.assertIn("2 problems", ran.stderr)
        self.assertIn(path + ":1:", ran.stderr)


if __name__ == "__main__":
    serving.main()
