#!/usr/bin/env python3
"""The list of tasks in a browser, and at the server, with very many tasks in the ledger.

`make test` runs it with some thousands, to see that it works; `make console-scale` with ten
million, which http_load stores, and holds what it measures to the limits.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
import unittest

import console_test
from console_test import OPTIONS, Browser, find_chromium, npm_packages, serving
from serving import Serving

LIST_P95_MS_MAX = 100
FIRST_PAINT_MS_MAX = 1000
BATCH = 5000
LIVE = 2000
ASKED = 40  # how often each list is asked for


def milliseconds(work):
    begun = time.perf_counter()
    work()
    return (time.perf_counter() - begun) * 1000


def p95(values):
    return statistics.quantiles(values, n=20)[-1]


class ScaleTest(unittest.TestCase):
    def fill(self, server):
        """Tasks that ended, and on top of them some that wait."""
        ended = OPTIONS.tasks
        if OPTIONS.load:
            server.terminate()
            subprocess.run([OPTIONS.load, "fill", os.path.join(server.data, "ledger.db"),
                            f"tasks={ended}"], check=True)
            server.start()
        self.create(server, LIVE if OPTIONS.load else ended)

    def create(self, server, count):
        for begin in range(0, count, BATCH):
            tasks = [{"kind": "command", "spec": {"command": ["true"]}, "queue": "held",
                      "labels": {"number": str(number)}}
                     for number in range(begin, min(begin + BATCH, count))]
            answer = server.post("/v1/tasks", {"tasks": tasks})
            self.assertEqual(answer.status, 200, answer)

    def lists(self, server):
        """The p95 of each list that the page asks for, and of what follows it."""
        found = {}
        for name, query in (("all", "limit=50"), ("ready", "limit=50&state=ready"),
                            ("ended", "limit=50&state=succeeded&state=failed"),
                            ("a queue's", "limit=50&queue=held"),
                            ("oldest first", "limit=50&order=oldest_first"),
                            ("none", "limit=50&state=cancelled")):
            def page(target=f"/v1/tasks?{query}"):
                answer = server.get(target)
                self.assertEqual(answer.status, 200, answer)
                return answer.json
            cursor = page()["next_cursor"]
            times = [milliseconds(page) for _ in range(ASKED)]
            if cursor:
                after = lambda: page(f"/v1/tasks?{query}&cursor={cursor}")
                times += [milliseconds(after) for _ in range(ASKED)]
            found[name] = round(p95(times), 1)
        return found

    def test_lists_stay_quick(self):
        server = Serving()
        self.addCleanup(server.close)
        self.fill(server)
        told = {"tasks": OPTIONS.tasks, "list_p95_ms": self.lists(server)}
        total = OPTIONS.tasks + (LIVE if OPTIONS.load else 0)
        status, said = Browser("scale.mjs", server, total=total).run({})
        self.assertEqual(status, 0, said + server.log())
        line, = [each for each in said.splitlines() if each.startswith("{")]
        told.update(json.loads(line))
        print(json.dumps(told, indent=1))
        if OPTIONS.strict:
            self.assertLess(max(told["list_p95_ms"].values()), LIST_P95_MS_MAX)
            self.assertLess(told["first_paint_ms"], FIRST_PAINT_MS_MAX)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--waybill", required=True, help="the program that is tested")
    parser.add_argument("--directory", required=True, help="where npm packages are installed")
    parser.add_argument("--screens", required=True, help="where screenshots go")
    parser.add_argument("--tasks", type=int, default=10_000)
    parser.add_argument("--load", help="http_load, which stores them; else the API does")
    parser.add_argument("--strict", action="store_true", help="hold it to the limits")
    parser.parse_args(namespace=OPTIONS)
    serving.WAYBILL[0] = OPTIONS.waybill
    OPTIONS.chromium = find_chromium()
    if not OPTIONS.chromium:
        npm_packages.skip("chromium is not installed")
    npm_packages.install(console_test.HERE, OPTIONS.directory, "playwright-core")
    os.makedirs(OPTIONS.screens, exist_ok=True)
    unittest.main(argv=sys.argv[:1])


if __name__ == "__main__":
    main()
