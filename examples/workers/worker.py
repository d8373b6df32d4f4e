"""Runs the commands of a queue; WAYBILL_URL, WAYBILL_QUEUE and WAYBILL_TOKEN say of which."""
import atexit, json, os, signal, subprocess, tempfile, time, urllib.request, uuid
url, queue = (os.environ[f"WAYBILL_{name}"] for name in ("URL", "QUEUE"))
headers = {"Authorization": "Bearer " + os.environ.pop("WAYBILL_TOKEN", "none")}
lease, program, ending = {"worker": f"python-{uuid.uuid4()}", "lease": "6s"}, None, []
signal.signal(signal.SIGTERM, lambda *_: ending.append(True))
atexit.register(lambda: program and program.kill())
def post(path, body):
    keyed = {**headers, "Content-Type": "application/json", "Idempotency-Key": str(uuid.uuid4())}
    request = urllib.request.Request(url + path, json.dumps(body).encode(), keyed)
    for pause in (0.2, 0.5, 1, 2, 4, 8, None):  # each repeat has the same Idempotency-Key
        try: return json.loads(urllib.request.urlopen(request, timeout=90).read() or "null")
        except OSError as error:  # it was not reached, or refuses
            if pause is None or 400 <= getattr(error, "code", 500) < 500: raise
            time.sleep(pause)
while not ending:
    for task in post("/v1/claims", {**lease, "queues": [queue], "wait": "5s"})["tasks"]:
        held, out = {"id": task["id"], "fence": task["fence"]}, tempfile.NamedTemporaryFile()
        program, state = subprocess.Popen(task["spec"]["command"], stdout=out, stderr=out), None
        while (status := program.poll()) is None and state in (None, "extended") and not ending:
            try: program.wait(2)
            except subprocess.TimeoutExpired:  # a third of the lease is over
                state = post("/v1/beats", {**lease, "tasks": [held]})["tasks"][0]["state"]
        program.kill()
        if state == "lost": continue  # another may have it by now: nothing is said of it
        chunk = {"stream": "stdout", "text": open(out.name, errors="replace").read()}
        post(f"/v1/tasks/{task['id']}/logs", {"fence": task["fence"], "chunks": [chunk]})
        ended = "given_back" if status is None else "failed" if status else "succeeded"
        outcome = "cancelled" if state == "cancel_requested" else ended
        post("/v1/finishes", {"tasks": [{**held, "outcome": outcome}]})
