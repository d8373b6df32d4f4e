#!/usr/bin/env python3
"""Kills `waybill serve` with SIGKILL at random moments while clients create tasks.

Each client sends each of its keys until it is answered. In the end every key has just one task, the
one that its answer told."""

import argparse
import http.client
import random
import sys
import threading
import time

import serving
from serving import Serving

CLIENTS = 16


class Client(threading.Thread):
    def __init__(self, server, number, end):
        super().__init__()
        self.server, self.number, self.end = server, number, end
        self.made, self.problems, self.repeats = {}, [], 0

    def run(self):
        while not self.end.is_set():
            key = f"client-{self.number}-{len(self.made)}"
            task = self.create(key)
            if task is not None:
                self.made[key] = task

    def create(self, key):
        """The id of its task, however often it takes."""
        body = {"kind": "noop", "spec": {}, "queue": "q", "labels": {"key": key}}
        give_up = time.monotonic() + serving.PATIENCE_SECONDS
        while time.monotonic() < give_up:
            try:
                answer = self.server.post("/v1/tasks", body, Idempotency_Key=key)
            except (OSError, http.client.HTTPException):
                self.repeats += 1
                time.sleep(0.005)  # nothing tells when the server is there again
                continue
            if answer.status == 201:
                return answer.json["task"]["id"]
            if answer.status not in (503, 504):
                self.problems.append(f"{key}: {answer}")
                return None
        self.problems.append(f"{key}: no answer")
        return None


def stored(server):
    """Key and id of each task."""
    found, target = [], "/v1/tasks?queue=q&limit=1000"
    cursor = ""
    while cursor is not None:
        page = server.get(target + (f"&cursor={cursor}" if cursor else "")).json
        found += [(task["labels"]["key"], task["id"]) for task in page["tasks"]]
        cursor = page["next_cursor"]
    return found


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    options = serving.options_of(parser)
    chance = random.Random(options.seed)
    server, end = Serving(), threading.Event()
    try:
        clients = [Client(server, number, end) for number in range(CLIENTS)]
        for client in clients:
            client.start()
        for _ in range(options.rounds):
            end.wait(chance.uniform(0.05, 0.8))
            server.kill()
            server.start()
        end.set()
        for client in clients:
            client.join()
        wanted = {key: task for client in clients for key, task in client.made.items()}
        found = stored(server)
        server.terminate()
        server.run("db", "check", "--quiet")
    finally:
        end.set()
        server.close()
    problems = [problem for client in clients for problem in client.problems]
    if sorted(found) != sorted(wanted.items()):
        problems.append(f"{len(found)} tasks of {len(wanted)} keys: "
                        f"{sorted(set(found) ^ set(wanted.items()))[:10]}")
    for problem in problems:
        print(problem)
    repeats = sum(client.repeats for client in clients)
    print(f"seed {options.seed}: killed {options.rounds} times, {len(wanted)} keys, {repeats} "
          f"requests without an answer, {len(problems)} problems")
    return 1 if problems or repeats == 0 or not wanted else 0


if __name__ == "__main__":
    sys.exit(main())
