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
    check_odd_tasks(place, queue, create)
    endless = create("exec sleep 1000")
    until("it runs", lambda: place.task(endless)["state"] == "leased")
    place.ask("POST", f"/v1/tasks/{endless}/cancel", {})
    until("it is cancelled", lambda: place.task(endless)["state"] == "cancelled")
    expect(place.happenings(endless).count("lease_expired"), 0, "leases that ran out")
    patient = create("exec sleep 1000")
    first = until("it runs", lambda: place.task(patient)["lease_until"])
    until("it is extended", lambda: (place.task(patient)["lease_until"] or first) > first)
    place.end(example)
    expect(place.happenings(patient)[-1], "given_back", "what happened at its end")
    expect(place.task(patient)["state"], "ready", "the state at its end")


def check_odd_tasks(place, queue, create):
    """What a worker has to outlive: each ends at its first attempt, with what it said."""
    once = {"retry": {"failures": 1}}

    def ends(state, task_id):
        task = until("it ends", lambda: (t := place.task(task_id))["state"] == state and t)
        expect((task["attempt"], task["worker_deaths"]), (1, 0), "attempts and deaths of workers")
        return place.output(task_id)

    shell = place.create(kind="command", queue=queue, spec={"shell": "echo $((6 * 7))"})
    expect(ends("succeeded", shell), "42\n", "the output of a shell")
    spec = {"command": ["./no-such-program"]}
    expect("no-such-program" in ends("failed", place.create(
        kind="command", queue=queue, spec=spec, **once)), True, "that it says what is not there")
    long = ends("succeeded", create("head -c 9000000 /dev/zero | tr '\\0' x; echo end", **once))
    expect((len(long) < 9_000_000, long[:3]), (True, "xxx"), "the output, of which a part is kept")
    expect(ends("failed", create("echo begun; sleep 1000", timeout="1.5s", **once)), "begun\n",
           "the output of what took too long")


def check_size(path):
    with open(path, encoding="utf-8") as file:
        lines = file.read().splitlines()
    if len(lines) > 34 or max(map(len, lines)) > 100:
        raise AssertionError(f"{path}: {len(lines)} lines, not 34 of 100 columns at most")


if __name__ == "__main__":
    examples = os.path.join(arguments().source, "examples", "workers")
    for name in ("worker.py", "worker.sh"):
        check_size(os.path.join(examples, name))
    with Place(arguments().waybill) as place:
        check(place, [sys.executable, "-B", os.path.join(examples, "worker.py")], "python")
        check(place, ["sh", os.path.join(examples, "worker.sh")], "shell")
