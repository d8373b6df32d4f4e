"""`waybill worker --server`: a worker and the server die, and every task succeeds once."""

import os
import signal
import urllib.error
import urllib.request

from place import PATIENCE_SECONDS, Place, arguments, expect, until

TASKS = 200


def worker(place, *more):
    return place.start([place.waybill, "worker", "--server", place.url, "--lease", "4s", "--beat",
                        "1s", "--poll", "200ms", "--slots", "3", *more])


def check_kills(place):
    done = os.path.join(place.directory.name, "done")
    script = f"echo output of $0; head -c 2000000 /dev/urandom | cksum >/dev/null; echo $0 >>{done}"
    bodies = [{"kind": "command", "spec": {"command": ["sh", "-c", script, str(number)]}}
              for number in range(TASKS)]
    ids = [task["id"] for task in place.ask("POST", "/v1/tasks", {"tasks": bodies})["tasks"]]
    doomed, survivor = worker(place), worker(place)
    until("30 are done", lambda: place.count("succeeded") >= 30)
    place.end(doomed, signal.SIGKILL)
    until("80 are done", lambda: place.count("succeeded") >= 80)
    place.end(place.server)
    place.serve()
    until("all are done", lambda: place.count("succeeded") == TASKS)
    lost = 0
    for number, task_id in enumerate(ids):
        task, happened = place.task(task_id), place.happenings(task_id)
        expect(happened.count("succeeded"), 1, f"how often {task_id} succeeded")
        expect(task["failures"], 0, f"the failures of {task_id}")
        deaths = happened.count("lease_expired")
        expect(task["attempt"], 1 + deaths + happened.count("given_back"), f"{task_id}: attempts")
        lost += deaths
        if f"output of {number}\n" not in place.output(task_id):
            raise AssertionError(f"the output of {task_id} is not there")
    # Three slots of the dead worker, and what a claim whose answer was lost had taken.
    if not 1 <= lost <= 10:
        raise AssertionError(f"{lost} leases ran out")
    with open(done, encoding="ascii") as lines:
        expect(sorted(set(map(int, lines))), list(range(TASKS)), "what was run")
    place.end(survivor)
    expect(survivor.returncode, 0, "the survivor's status")


def check_cancel_and_retry(place):
    hired = worker(place, "--grace", "200ms")
    script = "echo on; exec sleep 1000"
    endless = place.create(kind="command", spec={"command": ["sh", "-c", script]})
    until("it runs", lambda: place.output(endless) == "on\n")
    place.ask("POST", f"/v1/tasks/{endless}/cancel", {"reason": "enough"})
    until("it is cancelled", lambda: place.task(endless)["state"] == "cancelled")
    flag = os.path.join(place.directory.name, "flag")
    script = f"test -e {flag} || {{ touch {flag}; exit 75; }}"
    flaky = place.create(kind="command", spec={"command": ["sh", "-c", script]},
                         retry={"failures": 3, "backoff": "100ms"})
    task = until("it succeeds", lambda: (t := place.task(flaky))["state"] == "succeeded" and t)
    expect((task["attempt"], task["failures"]), (2, 1), "attempts and failures")
    hopeless = place.create(kind="command", spec={"command": ["sh", "-c", "exit 75"]},
                            retry={"failures": 2, "backoff": "100ms"})
    task = until("it fails", lambda: (t := place.task(hopeless))["state"] == "failed" and t)
    expect((task["attempt"], task["failures"]), (2, 2), "attempts and failures")
    noop = place.create(kind="noop", spec={})
    until("noop succeeds", lambda: place.task(noop)["state"] == "succeeded")
    interrupted = place.create(kind="command", spec={"command": ["sleep", "1000"]})
    until("it runs", lambda: place.task(interrupted)["state"] == "leased")
    place.end(hired)
    expect(hired.returncode, 0, "the worker's status")
    expect(place.task(interrupted)["state"], "ready", "a task that was given back")
    expect(place.happenings(interrupted).count("given_back"), 1, "how often it was given back")


def check_token(place):
    token, place.token = place.make_token("worker"), place.make_token("admin")
    until("a token is asked for", lambda: refuses(place))
    stranger = worker(place)
    stranger.wait(PATIENCE_SECONDS)
    expect(stranger.returncode, 1, "the status of a worker without a token")
    script = "echo ${WAYBILL_TOKEN-none}"
    done = place.create(kind="command", spec={"command": ["sh", "-c", script]})
    hired = place.start([place.waybill, "worker", "--server", place.url],
                        {"WAYBILL_TOKEN": token})
    until("it succeeds", lambda: place.task(done)["state"] == "succeeded")
    expect(place.output(done), "none\n", "what the program knows of the token")
    place.end(hired)


def refuses(place):
    """Whether a request without a token is refused: the server looks for tokens now and then."""
    try:
        urllib.request.urlopen(place.url + "/v1/kinds", timeout=PATIENCE_SECONDS).close()
    except urllib.error.HTTPError as error:
        return error.code == 401
    return False


if __name__ == "__main__":
    with Place(arguments().waybill) as place:
        check_token(place)
    with Place(arguments().waybill) as place:
        check_cancel_and_retry(place)
    with Place(arguments().waybill) as place:
        check_kills(place)
