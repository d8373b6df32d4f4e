"""`waybill worker --server`: an idle one waits at the server, and ends when it is told to; output
comes in batches, whole and in order, also over an outage."""

import datetime
import json
import os
import subprocess
import time

from counting_proxy import CountingProxy
from place import Place, arguments, expect, until


IDLE_SECONDS = 10  # measured


def worker(place, url, *more):
    log = open(os.path.join(place.directory.name, "worker.log"), "wb")
    place.started_log = log.name
    process = place.start([place.waybill, "worker", "--server", url, *more], err=log)
    log.close()
    return process


def said(place):
    with open(place.started_log, encoding="utf-8", errors="replace") as log:
        return log.read()


def check_wait(place):
    proxy = CountingProxy(place.listen)
    hired = worker(place, proxy.url)
    until("it waits", lambda: proxy.count("/v1/claims") >= 2)
    latencies = []
    for _ in range(20):
        task_id = place.create(kind="command", spec={"command": ["true"]})
        task = until("it is done", lambda: (t := place.task(task_id))["state"] == "succeeded" and t)
        latencies.append(seconds(task["started_at"]) - seconds(task["created_at"]))
    latencies.sort()
    print(f"from accepted to begun: median {latencies[10] * 1000:.1f} ms, "
          f"worst {latencies[-1] * 1000:.1f} ms")
    if latencies[10] > 0.1:
        raise AssertionError("the server does not tell an idle worker at once")
    # One claim that waits for each set of kinds is all that an idle worker asks.
    before = proxy.count()
    time.sleep(IDLE_SECONDS)
    idle = proxy.count() - before
    print(f"idle: {idle} requests in {IDLE_SECONDS} s")
    if idle > 4:
        raise AssertionError(f"an idle worker asks all the time: {proxy.lines[-idle:]}")
    begin = time.monotonic()
    place.end(hired)
    expect(hired.returncode, 0, "the worker's status")
    if time.monotonic() - begin > 3:
        raise AssertionError(f"it took {time.monotonic() - begin:.1f} s to stop")
    # Its claims waited until then: they take nothing from who comes next.
    left = place.create(kind="command", spec={"command": ["true"]})
    hired = worker(place, proxy.url)
    task = until("it is done", lambda: (t := place.task(left))["state"] == "succeeded" and t)
    expect(task["attempt"], 1, "the attempts of a task that came when the worker had ended")
    place.end(hired)
    proxy.close()


def seconds(text):
    return datetime.datetime.fromisoformat(text).timestamp()


def check_listed(place):
    hired = worker(place, place.url, "--slots", "3", "--queues", "listed")
    task_id = place.create(kind="command", queue="listed", spec={"command": ["sleep", "1000"]})
    until("it runs", lambda: place.task(task_id)["state"] == "leased")
    listed = place.ask("GET", "/v1/workers")["workers"]
    mine = [one for one in listed if one["process_id"] == hired.pid]
    expect(len(mine), 1, f"entries of the worker in {listed}")
    expect(mine[0]["name"], place.task(task_id)["worker"], "its name")
    expect(mine[0]["queues"], ["listed"], "its queues")
    version = json.loads(subprocess.check_output([place.waybill, "version", "--json"]))["version"]
    expect(mine[0]["version"], version, "its version")
    expect((mine[0]["slots"], mine[0]["busy"]), (3, 1), "its slots")
    expect(mine[0]["tasks"], [task_id], "what it holds")
    if not mine[0]["started_at"] <= mine[0]["seen_at"]:
        raise AssertionError(f"it began after it was seen: {mine}")
    place.ask("POST", f"/v1/tasks/{task_id}/cancel", {})
    until("it ends", lambda: place.task(task_id)["state"] == "cancelled")
    place.end(hired)
    listed = place.ask("GET", "/v1/workers")["workers"]
    expect([one for one in listed if one["process_id"] == hired.pid], [], "it after its end")


def check_output(place):
    proxy = CountingProxy(place.listen)
    hired = worker(place, proxy.url)
    lines = 3000
    script = f"i=0; while [ $i -lt {lines} ]; do echo line $i; i=$((i+1)); done"
    task_id = place.create(kind="command", spec={"command": ["sh", "-c", script]})
    until("it is done", lambda: place.task(task_id)["state"] == "succeeded")
    expect(place.output(task_id), "".join(f"line {i}\n" for i in range(lines)), "the output")
    sent = proxy.count("/logs")
    print(f"{lines} lines in {sent} requests")
    if sent > 60:
        raise AssertionError(f"{sent} requests for {lines} lines")
    # An outage in the middle: nothing is lost, nothing comes twice.
    flag = os.path.join(place.directory.name, "go-on")
    script = f"echo before; while [ ! -e {flag} ]; do sleep 0.1; done; echo during; echo end >&2"
    task_id = place.create(kind="command", spec={"command": ["sh", "-c", script]})
    until("it writes", lambda: place.output(task_id) == "before\n")
    proxy.cut()
    open(flag, "w", encoding="ascii").close()
    until("it is missed", lambda: "ledger_away" in said(place))
    proxy.mend()
    until("it is done", lambda: place.task(task_id)["state"] == "succeeded")
    expect(place.output(task_id), "before\nduring\n", "the output over an outage")
    expect(place.happenings(task_id).count("lease_expired"), 0, "leases that ran out")
    until("it is back", lambda: "ledger_back" in said(place))
    place.end(hired)
    proxy.close()


def check_dead_server(place):
    """The end of a worker without its server says nothing of a server that is back."""
    proxy = CountingProxy(place.listen)
    hired = worker(place, proxy.url, "--lease", "4s", "--beat", "1s", "--grace", "100ms")
    task_id = place.create(kind="command", spec={"command": ["sleep", "1000"]})
    until("it runs", lambda: place.task(task_id)["state"] == "leased")
    proxy.cut()
    until("it is missed", lambda: "ledger_away" in said(place))
    place.end(hired)
    if "ledger_back" in said(place):
        raise AssertionError("the server is dead, and the worker says that it is back")
    proxy.close()


def check_token_file(place):
    empty = os.path.join(place.directory.name, "empty-token")
    open(empty, "w", encoding="ascii").close()
    for path in ("no-such-file", place.directory.name, empty):
        refused = worker(place, place.url, "--token-file", path)
        refused.wait(60)
        expect(refused.returncode, 2, f"the status for {path}")
        if path not in said(place) or "waybill token create" not in said(place):
            raise AssertionError(f"for {path} it says: {said(place)}")


if __name__ == "__main__":
    with Place(arguments().waybill) as place:
        check_token_file(place)
        check_wait(place)
        check_listed(place)
        check_output(place)
        check_dead_server(place)
