"""`waybill worker --server`: what its tasks leave is sent to the server, once, and stays whole."""

import hashlib
import json
import os
import subprocess
import time
import urllib.request

from counting_proxy import CountingProxy
from place import Place, arguments, expect, until


def shell(place, script):
    return place.create(kind="command", spec={"shell": script})


def succeeded(place, task_id):
    until("it succeeds", lambda: place.task(task_id)["state"] == "succeeded")


def artifacts(place, task_id):
    listed = place.ask("GET", f"/v1/tasks/{task_id}/artifacts")["artifacts"]
    return {artifact["name"]: artifact for artifact in listed}


def download(place, artifact):
    with urllib.request.urlopen(place.url + artifact["url"], timeout=60) as answer:
        return answer.read()


def check_kept(place, proxy):
    """Pieces of several requests, a file of none, and the same bytes twice."""
    task_id = shell(place, "cd $WAYBILL_ARTIFACTS; head -c 9000000 /dev/urandom >big; cp big same;"
                           " touch empty; mkdir d; echo hello >d/small.txt")
    succeeded(place, task_id)
    kept = artifacts(place, task_id)
    expect(sorted(kept), ["big", "d/small.txt", "empty", "same"], "the artifacts")
    for artifact in kept.values():
        content = download(place, artifact)
        expect(len(content), artifact["size_bytes"], artifact["name"])
        expect(hashlib.sha256(content).hexdigest(), artifact["sha256"], artifact["name"])
    expect(kept["big"]["sha256"], kept["same"]["sha256"], "the digest of the same bytes")
    sent = proxy.count("PUT /v1/artifacts/")
    expect(sent, 3 + 1 + 1, "requests for contents")
    # What the server has is not sent again.
    again = shell(place, "echo hello >$WAYBILL_ARTIFACTS/again")
    succeeded(place, again)
    expect(proxy.count("PUT /v1/artifacts/"), sent, "requests for contents")
    expect(download(place, artifacts(place, again)["again"]), b"hello\n", "the same content")


def check_cut(place, proxy):
    """The line is cut while a content is sent, for less than the lease: it goes on where it was."""
    task_id = shell(place, "head -c 60000000 /dev/zero | tr '\\0' $WAYBILL_ATTEMPT"
                           " >$WAYBILL_ARTIFACTS/of-$WAYBILL_ATTEMPT; sleep 0.2")
    before = proxy.count("PUT /v1/artifacts/")
    until("it sends", lambda: proxy.count("PUT /v1/artifacts/") > before + 1)
    proxy.cut()
    time.sleep(12)  # longer than one call is waited for
    proxy.mend()
    succeeded(place, task_id)
    expect(place.task(task_id)["attempt"], 1, "the attempt")
    kept = artifacts(place, task_id)
    expect(list(kept), ["of-1"], "the artifacts")
    expect(download(place, kept["of-1"]), b"1" * 60000000, "its content")


def check_given(place):
    """A task is given what another one left, as files: the worker has neither ledger nor store."""
    made = shell(place, "cd $WAYBILL_ARTIFACTS; head -c 9000000 /dev/urandom >big;"
                        " echo hello >small")
    succeeded(place, made)
    kept = artifacts(place, made)
    given = [{"name": "in/" + name, "sha256": kept[name]["sha256"],
              "size_bytes": kept[name]["size_bytes"]} for name in kept]
    task_id = place.create(kind="command", spec={
        "shell": "cd in; cat small; sha256sum <big | head -c 64 >$WAYBILL_ARTIFACTS/digest",
        "inputs": given})
    succeeded(place, task_id)
    digest = download(place, artifacts(place, task_id)["digest"]).decode()
    expect(digest, kept["big"]["sha256"], "the digest of what it was given")
    wrong = place.create(kind="command", spec={"shell": "true", "inputs": [
        {"name": "a", "sha256": "0" * 64, "size_bytes": 1}]})
    until("it fails", lambda: place.task(wrong)["state"] == "failed")
    said = place.task(wrong)["error"]
    if "is not kept any more" not in said:
        raise AssertionError(said)


def check_server_memory(place, before):
    """Contents of 60 MB went through; what is held is far less."""
    with open(f"/proc/{place.server.pid}/status", encoding="ascii") as file:
        peak = next(int(line.split()[1]) << 10 for line in file if line.startswith("VmHWM"))
    print(f"memory of the server: {before >> 20} MiB before, at most {peak >> 20} MiB")
    if peak > before + (48 << 20):
        raise AssertionError(f"the server held {peak} bytes, {before} before")


def rss_bytes(place):
    with open(f"/proc/{place.server.pid}/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


if __name__ == "__main__":
    with Place(arguments().waybill) as place:
        began = rss_bytes(place)
        line = CountingProxy(place.listen)
        hired = place.start([place.waybill, "worker", "--server", line.url, "--lease", "300s",
                             "--beat", "1s"])
        check_kept(place, line)
        check_cut(place, line)
        check_given(place)
        check_server_memory(place, began)
        place.end(hired)
        expect(hired.returncode, 0, "the worker's status")
        line.close()
        data = os.path.join(place.directory.name, "data")
        expect(os.listdir(os.path.join(data, "artifacts", "unfinished")), [], "what is unfinished")
        checked = subprocess.run([place.waybill, "db", "check", "--json", "--data", data],
                                 check=True, stdout=subprocess.PIPE, text=True)
        expect(json.loads(checked.stdout).get("violations"), [], "db check")
