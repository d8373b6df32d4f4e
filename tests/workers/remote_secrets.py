"""`waybill worker --server`: a task is given its secrets by the server, and nobody else is."""

import base64
import json
import os
import subprocess

from place import Place, arguments, expect, until

VALUE = "hunter2-and-more"


class SecretPlace(Place):
    """A server with a key for secrets."""

    def __init__(self, waybill):
        self.key = ""
        super().__init__(waybill)

    def serve(self):
        self.key = os.path.join(self.directory.name, "secret.key")
        with open(self.key, "w", encoding="ascii") as file:
            file.write(new_key())
        os.environ["WAYBILL_SECRET_KEY_FILE"] = self.key
        super().serve()
        del os.environ["WAYBILL_SECRET_KEY_FILE"]  # the workers have none

    def run(self, *words, given=None):
        data = os.path.join(self.directory.name, "data")
        done = subprocess.run([self.waybill, *words, "--data", data], input=given, check=True,
                              stdout=subprocess.PIPE, stderr=self.log, text=True,
                              cwd=self.directory.name)
        return done.stdout


def new_key():
    return base64.b64encode(os.urandom(32)).decode() + "\n"


def check_given(place):
    place.run("secret", "set", "password", "--secret-key-file", place.key, given=VALUE)
    hired = place.start([place.waybill, "worker", "--server", place.url])
    expect(used(place, "first"), VALUE, "what the program was given")
    rows = json.loads(place.run("audit", "list", "--json", "--operation", "readTaskSecrets"))
    row = rows["entries"][0]
    expect((row["who"], row["outcome"], row["reason"]), ("local", "done", "password"), "the audit")
    return hired


def used(place, name):
    """What a task found in its variable; it says it, too, which is masked."""
    found = os.path.join(place.directory.name, name)
    script = f'echo "it is $PASSWORD"; printf %s "$PASSWORD" >{found}'
    spec = {"command": ["sh", "-c", script], "secrets": {"PASSWORD": "password"}}
    task_id = place.create(kind="command", spec=spec)
    until("it succeeds", lambda: place.task(task_id)["state"] == "succeeded")
    expect(place.output(task_id), "it is ***\n", "its output")
    with open(found, encoding="utf-8") as file:
        return file.read()


def check_refused(place):
    spec = {"command": ["sleep", "1000"], "secrets": {"PASSWORD": "password"}}
    task_id = place.create(kind="command", queue="mine", spec=spec)
    until("it runs", lambda: place.task(task_id)["state"] == "leased")
    for body in ({"worker": "somebody", "fence": 1},
                 {"worker": place.task(task_id)["worker"], "fence": 7}):
        try:
            place.ask("POST", f"/v1/tasks/{task_id}/secrets", body)
        except AssertionError as error:
            if "409" not in str(error) or VALUE in str(error):
                raise
        else:
            raise AssertionError(f"{body} was given secrets")
    place.ask("POST", f"/v1/tasks/{task_id}/cancel", {})
    until("it ends", lambda: place.task(task_id)["state"] == "cancelled")


def check_rotation(place):
    """The server goes on with both keys, and later with the new one alone."""
    new = os.path.join(place.directory.name, "new.key")
    with open(new, "w", encoding="ascii") as file:
        file.write(new_key())
    with open(place.key, encoding="ascii") as old, open(new, encoding="ascii") as first:
        both = first.read() + old.read()
    with open(place.key + ".both", "w", encoding="ascii") as file:
        file.write(both)
    os.rename(place.key + ".both", place.key)
    expect(used(place, "before"), VALUE, "what it was given before")
    place.run("secret", "rotate", "--secret-key-file", place.key, "--new-key-file", new)
    expect(used(place, "after"), VALUE, "what it was given after")
    os.rename(new, place.key)
    place.run("secret", "set", "password", "--secret-key-file", place.key, given=VALUE + "!")
    expect(used(place, "last"), VALUE + "!", "what it was given at last")


def check_silence(place):
    """No log has a value; neither has what is on disk."""
    for directory, _, files in os.walk(place.directory.name):
        for name in files:
            if name in ("first", "before", "after", "last"):
                continue
            with open(os.path.join(directory, name), "rb") as file:
                kept = file.read()
            # Also as it crosses the network.
            for form in (VALUE.encode(), base64.b64encode(VALUE.encode()).rstrip(b"=")):
                if form in kept:
                    raise AssertionError(f"{name} has a secret")


if __name__ == "__main__":
    with SecretPlace(arguments().waybill) as place:
        hired = check_given(place)
        check_refused(place)
        check_rotation(place)
        place.end(hired)
        expect(hired.returncode, 0, "the worker's status")
        check_silence(place)
