#!/usr/bin/env python3
"""Runs the commands of a queue, given by WAYBILL_QUEUE; WAYBILL_URL and WAYBILL_TOKEN say where."""
import json, os, subprocess, threading, time, urllib.request, uuid

URL, LEASE = os.environ.get("WAYBILL_URL", "http://127.0.0.1:8470"), 6
NAME, QUEUE = f"python-{uuid.uuid4()}", os.environ.get("WAYBILL_QUEUE", "default")
HEADERS = {"Content-Type": "application/json"}
TOKEN = os.environ.pop("WAYBILL_TOKEN", "")  # no business of the programs that are run
if TOKEN: HEADERS["Authorization"] = "Bearer " + TOKEN

def post(path, body):
    headers = {**HEADERS, "Idempotency-Key": str(uuid.uuid4())}  # the same for each repeat
    for pause in (0.2, 0.5, 1, 2, 4, 8, None):
        request = urllib.request.Request(URL + path, json.dumps(body).encode(), headers)
        try:
            with urllib.request.urlopen(request, timeout=90) as answer:
                return json.loads(answer.read() or "null")
        except OSError as error:  # not reached, or an answer like 503 or 409
            if pause is None or 400 <= getattr(error, "code", 500) < 500: raise
            time.sleep(pause)

def run(task, held):
    argv = task["spec"]["command"]
    program = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    lines = []
    reader = threading.Thread(target=lambda: lines.extend(program.stdout))
    reader.start()
    state = "extended"
    while state == "extended" and program.poll() is None:
        try: program.wait(LEASE / 3)
        except subprocess.TimeoutExpired:
            beat = {"worker": NAME, "lease": f"{LEASE}s", "tasks": [held]}
            state = post("/v1/beats", beat)["tasks"][0]["state"]
    if state != "extended": program.kill()
    reader.join()
    if state == "lost": return  # another may have it by now: report nothing
    if lines:
        logs = {"fence": task["fence"], "chunks": [{"stream": "stdout", "text": "".join(lines)}]}
        post(f"/v1/tasks/{task['id']}/logs", logs)
    outcome = "failed" if program.wait() else "succeeded"
    if state == "cancel_requested": outcome = "cancelled"
    finish = {**held, "outcome": outcome}
    if outcome == "failed": finish["error"] = f"{argv[0]} ended with status {program.returncode}"
    print(post("/v1/finishes", {"tasks": [finish]})["tasks"][0], flush=True)

while True:
    claim = {"worker": NAME, "queues": [QUEUE], "kinds": ["command"], "wait": "30s"}
    for task in post("/v1/claims", {**claim, "lease": f"{LEASE}s"})["tasks"]:
        try: run(task, {"id": task["id"], "fence": task["fence"]})
        except OSError as error: print("given up; its lease runs out:", error, flush=True)
