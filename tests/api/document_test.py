#!/usr/bin/env python3
"""The OpenAPI document is sound, agrees with the other schemas and with the server's problems, and
docs/reference/api.md is what scripts/api-docs makes of it."""

import copy
import json
import os
import re
import subprocess
import sys
import unittest

from lint import lint

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def read(*path):
    with open(os.path.join(TOP, *path), encoding="utf-8") as file:
        return file.read()


def no_name_twice(pairs):
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError(f"a name is there twice: {[name for name, _ in pairs]}")
    return made


DOCUMENT = json.loads(read("schemas", "openapi.json"), object_pairs_hook=no_name_twice)
POST = ("paths", "/v1/tasks", "post")
GET = ("paths", "/v1/tasks", "get")
SCHEMAS = ("components", "schemas")

# What is done to the document, and what must be said then.
PLANTED = (
    ((*POST, "requestBody", "content", "application/json", "schema"),
     {"$ref": "#/components/schemas/Nothing"}, "leads nowhere"),
    ((*SCHEMAS, "Idle"), {"type": "string"}, "used nowhere"),
    ((*GET, "operationId"), "createTasks", "there twice"),
    ((*GET, "summary"), "", "summary"),
    ((*GET, "tags"), ["other"], "tag"),
    ((*GET, "x-waybill-right"), "look", "no right"),
    ((*GET, "security"), [], "do not agree"),
    ((*GET, "responses"), {"default": {"$ref": "#/components/responses/Problem"}}, "success"),
    ((*GET, "responses", "default"), None, "any other problem"),
    ((*GET, "responses", "400"), {"description": "No."}, "no Problem"),
    ((*GET, "responses", "200", "content", "application/json", "schema"), None, "a schema"),
    ((*POST, "parameters"), [], "Idempotency-Key"),
    ((*POST, "requestBody"), None, "has a body"),
    ((*POST, "requestBody", "content", "application/json", "examples"), None, "no example"),
    ((*SCHEMAS, "NewTask", "additionalProperties"), None, "no name"),
    ((*SCHEMAS, "Retry", "additionalProperties"), True, "no name"),
    ((*SCHEMAS, "Beat", "additionalProperties"), None, "no name"),
    (("components", "parameters", "TaskId", "name"), "task", "in braces"),
    ((*SCHEMAS, "Duration", "format"), "duration", "the format duration"),
)


def with_planted(path, value):
    """The document with something put in a place of it, or taken from there."""
    document = copy.deepcopy(DOCUMENT)
    place = document
    for name in path[:-1]:
        place = place[name]
    if value is None:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return document


def anchors(page):
    """The headings of a page as they are linked to."""
    return [re.sub(r"[^a-z0-9 _-]", "", heading.lower()).replace(" ", "-")
            for heading in re.findall(r"^#+ (.*)$", page, re.MULTILINE)]


class DocumentTest(unittest.TestCase):
    def test_it_is_sound(self):
        self.assertEqual(lint(DOCUMENT), [])

    def test_what_is_wrong_is_seen(self):
        for path, value, said in PLANTED:
            with self.subTest("/".join(path), said=said):
                complaints = lint(with_planted(path, value))
                self.assertTrue(any(said in one for one in complaints), complaints)

    def test_a_task_is_the_one_of_the_command_line(self):
        cli = json.loads(read("schemas", "cli.schema.json"))["$defs"]
        schemas = DOCUMENT["components"]["schemas"]
        for ours, theirs in (("Task", "task"), ("HistoryEntry", "history_entry"),
                             ("Explanation", "task why"), ("TaskPage", "task list"),
                             ("QueueView", "queue"), ("Schedule", "schedule")):
            with self.subTest(ours):
                fields = set(cli[theirs]["properties"]) - {"dry_run"}
                self.assertEqual(set(schemas[ours]["properties"]), fields)
                self.assertEqual(set(schemas[ours]["required"]), set(cli[theirs]["required"]))
        entry = cli["history_entry"]["properties"]
        self.assertEqual(schemas["State"]["enum"], cli["state"]["enum"])
        self.assertEqual(schemas["Happening"]["enum"], entry["happening"]["enum"])
        self.assertEqual(schemas["RetryPolicy"]["required"],
                         cli["task"]["properties"]["retry"]["required"])
        self.assertEqual(
            schemas["Condition"]["properties"]["reason"]["enum"],
            cli["task why"]["properties"]["conditions"]["items"]["properties"]["reason"]["enum"])

    def test_retry_has_the_limits_of_the_definitions(self):
        def limits(retry):
            return {name: {key: value for key, value in field.items()
                           if key in ("minimum", "maximum", "default", "type")}
                    for name, field in retry["properties"].items()}
        definitions = json.loads(read("schemas", "definitions.schema.json"))["$defs"]
        self.assertEqual(limits(DOCUMENT["components"]["schemas"]["Retry"]),
                         limits(definitions["retry"]))

    def test_it_lists_the_problems_that_the_server_has(self):
        source = read("src", "http", "problem.cc")
        known = {name: int(status)
                 for status, name in re.findall(r'Kind\{(\d+), "([a-z-]+)"', source)}
        listed = {name: problem["status"]
                  for name, problem in DOCUMENT["x-waybill-problems"].items()}
        self.assertGreater(len(known), 10)
        self.assertEqual(listed, known)

    def test_the_page_is_made_from_it(self):
        made = subprocess.run([sys.executable, os.path.join(TOP, "scripts", "api-docs"), "--check"],
                              capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual((made.returncode, made.stderr), (0, ""))

    def test_the_page_links_to_what_is_in_it(self):
        page = read("docs", "reference", "api.md")
        headings = anchors(page)
        self.assertEqual(len(set(headings)), len(headings))
        self.assertEqual(set(re.findall(r"\]\(#([^)]*)\)", page)) - set(headings), set())


if __name__ == "__main__":
    unittest.main()
