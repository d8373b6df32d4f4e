"""`waybill serve` as it stands behind a proxy that speaks TLS, and browsers that log in there."""

import http.client
import json
import os
import sys
import urllib.parse

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "http"), os.path.join(HERE, "..", "servers")]

import serving  # noqa: E402  pylint: disable=wrong-import-position

BASE = "https://waybill.test"
SESSION = "__Host-waybill-session"
SLIP = "__Host-waybill-login"


class LoginServing(serving.Serving):
    """Starts without --login, so that its port is known; `let_in` starts it anew with it."""

    def write(self, name, text):
        path = os.path.join(self.top, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def let_in(self, login, *words):
        # JSON is YAML.
        self.words = ("--login", self.write("login.yaml", json.dumps(login)), *words)
        self.restart()


class Browser:
    """Keeps cookies for each host, and says where its requests come from as browsers do. What goes
    to BASE comes to the server."""

    def __init__(self, server):
        self.server, self.cookies = server, {}

    def ask(self, method, url, body=None, headers=None):
        parts = urllib.parse.urlsplit(urllib.parse.urljoin(BASE, url))
        ours = f"{parts.scheme}://{parts.netloc}" == BASE
        jar = self.cookies.setdefault(parts.netloc, {})
        given = {"Host": parts.netloc}
        if jar:
            given["Cookie"] = "; ".join(f"{name}={value}" for name, value in jar.items())
        if ours and method != "GET":
            given.update({"Origin": BASE, "Sec-Fetch-Site": "same-origin"})
        if body is not None:
            given["Content-Type"] = "application/json"
            body = json.dumps(body)
        given.update(headers or {})
        given = {name: value for name, value in given.items() if value is not None}
        connection = (http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=30) if ours
                      else http.client.HTTPConnection(parts.netloc, timeout=30))
        try:
            connection.request(method, parts._replace(scheme="", netloc="", fragment="").geturl(),
                               body, given)
            response = connection.getresponse()
            answer = serving.Answer(response, response.read())
        finally:
            connection.close()
        for line in answer.headers.get_all("Set-Cookie") or []:
            self.keep(jar, line, ours)
        return answer

    @staticmethod
    def keep(jar, line, ours):
        pair, *attributes = [part.strip() for part in line.split(";")]
        name, _, value = pair.partition("=")
        if ours:
            wanted = {"Path=/", "HttpOnly", "SameSite=Lax", "Secure"}
            assert wanted <= set(attributes) and not any(a.startswith("Domain") for a in attributes)
        lowered = [attribute.lower() for attribute in attributes]
        if "max-age=0" in lowered or not value or any("expires=thu, 01 jan 1970" in attribute
                                                      for attribute in lowered):
            jar.pop(name, None)
        else:
            jar[name] = value

    def get(self, url, **headers):
        return self.ask("GET", url, headers={n.replace("_", "-"): v for n, v in headers.items()})

    def post(self, url, body=None, **headers):
        return self.ask("POST", url, body,
                        {name.replace("_", "-"): value for name, value in headers.items()})

    def follow(self, url, stop=None):
        """The answer at the end of all redirects, or the URL that begins with `stop`."""
        for _ in range(20):
            if stop and url.startswith(stop):
                return url
            answer = self.get(url)
            if answer.status not in (302, 303, 307):
                return answer
            url = urllib.parse.urljoin(url if "://" in url else BASE + url,
                                       answer.headers["Location"])
        raise AssertionError("redirects without end")

    def callback(self, provider, return_to="/v1/me"):
        """Where the provider sends the browser in the end."""
        begin = f"/login/{provider}?return_to={urllib.parse.quote(return_to, safe='')}"
        return self.follow(BASE + begin, stop=f"{BASE}/login/{provider}/callback")

    def log_in(self, provider, return_to="/v1/me"):
        """The answer to the callback."""
        return self.get(self.callback(provider, return_to))

    def session(self):
        return self.cookies.get("waybill.test", {}).get(SESSION)
