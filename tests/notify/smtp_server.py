#!/usr/bin/python3
"""A mail server for tests: Debian's aiosmtpd, with STARTTLS and a login. It keeps each message it
takes in a file, and does what the file `behaviour` in its directory says, read anew each time:
{"rcpt": {"a@example.org": "550 5.1.1 nobody"}, "once": {"b@example.org": "451 4.7.1 later"},
"data": "554 no", "hang": true}. The first line it prints is its port."""

import argparse
import asyncio
import json
import os
import ssl
import sys
import threading

from aiosmtpd.smtp import SMTP, AuthResult


class Desk:
    def __init__(self, directory):
        self.directory, self.lock, self.number = directory, threading.Lock(), 0
        self.later = set()

    def behaviour(self):
        try:
            with open(os.path.join(self.directory, "behaviour"), encoding="utf-8") as file:
                return json.load(file)
        except FileNotFoundError:
            return {}

    def note(self, **what):
        with self.lock, open(os.path.join(self.directory, "log"), "a", encoding="utf-8") as file:
            file.write(json.dumps(what) + "\n")

    # aiosmtpd calls these by their names.
    # pylint: disable=invalid-name
    async def handle_RCPT(self, _server, _session, envelope, address, _options):
        answer = self.behaviour().get("rcpt", {}).get(address)
        once = self.behaviour().get("once", {}).get(address)
        if once and address not in self.later:
            self.later.add(address)
            answer = once
        self.note(rcpt=address, answer=answer or "250 OK")
        if answer:
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server, session, envelope):
        if self.behaviour().get("hang"):
            self.note(hang=True)
            await asyncio.sleep(3600)
        answer = self.behaviour().get("data")
        if answer:
            return answer
        with self.lock:
            self.number += 1
            path = os.path.join(self.directory, f"mail-{self.number:03}")
        with open(path + ".part", "wb") as file:
            file.write(envelope.content)
        os.rename(path + ".part", path)
        self.note(mail=path, sender=envelope.mail_from, to=envelope.rcpt_tos,
                  tls=session.ssl is not None, login=session.authenticated)
        return "250 taken"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--directory", required=True)
    parser.add_argument("--certificate")
    parser.add_argument("--key")
    parser.add_argument("--login", help="name:password")
    options = parser.parse_args()
    desk = Desk(options.directory)
    more = {}
    if options.certificate:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(options.certificate, options.key)
        more = {"tls_context": context, "require_starttls": True}
    if options.login:
        name, _, password = options.login.partition(":")

        def authenticate(_server, _session, _envelope, _mechanism, data):
            right = (data.login, data.password) == (name.encode(), password.encode())
            desk.note(login=data.login.decode(), right=right)
            return AuthResult(success=right, handled=False)
        more |= {"auth_required": True, "authenticator": authenticate}
    loop = asyncio.new_event_loop()
    server = loop.run_until_complete(
        loop.create_server(lambda: SMTP(desk, loop=loop, **more), "127.0.0.1", 0))
    print(server.sockets[0].getsockname()[1], flush=True)

    def end_with_the_test():
        sys.stdin.read()
        os._exit(0)
    threading.Thread(target=end_with_the_test, daemon=True).start()
    loop.run_forever()


if __name__ == "__main__":
    main()
