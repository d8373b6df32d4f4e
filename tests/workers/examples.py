"""The examples of docs/guides/write-a-worker.md do what a worker has to."""

import os
import sys

from place import Place, arguments, expect, until


def check(place, command, queue):
    example = place.start(command, {"WAYBILL_URL": place.url, "WAYBILL_QUEUE": queue})

    def create(script, **more):
        spec = {"command": ["sh", "-c", script]}
        return place.create(kind="command", queue=queue, spec=spec, **more)

    done = [create(f"echo number {number}") for number in range(5)]
    for number, task_id in enumerate(done):
        until("it succeeds", lambda task_id=task_id: place.task(task_id)["state"] == "succeeded")
        expect(place.output(task_id), f"number {number}\n", "the output")
        expect(place.task(task_id)["attempt"], 1, "the attempts")
    flag = os.path.join(place.directory.name, queue)
    flaky = create(f"test -e {flag} || {{ touch {flag}; exit 75; }}",
                   retry={"failures": 3, "backoff": "100ms"})
    task = until("it succeeds", lambda: (t := place.task(flaky))["state"] == "succeeded" and t)
    expect((task["attempt"], task["failures"]), (2, 1), "attempts and failures")
    endless = create("exec sleep 1000")
    until("it runs", lambda: place.task(endless)["state"] == "leased")
    place.ask("POST", f"/v1/tasks/{endless}/cancel", {})
    until("it is cancelled", lambda: place.task(endless)["state"] == "cancelled")
    expect(place.happenings(endless).count("lease_expired"), 0, "leases that ran out")
    place.end(example)


if __name__ == "__main__":
    examples = os.path.join(arguments().source, "examples", "workers")
    with Place(arguments().waybill) as place:
        check(place, [sys.executable, "-B", os.path.join(examples, "worker.py")], "python")
        check(place, ["sh", os.path.join(examples, "worker.sh")], "shell")
