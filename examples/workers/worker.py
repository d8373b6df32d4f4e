"""Runs the commands of a queue; WAYBILL_URL, WAYBILL_QUEUE and WAYBILL_TOKEN say of which."""
import atexit, json, os, re, signal, subprocess, tempfile, time, urllib.request, uuid
url, queue = (os.environ[f"WAYBILL_{name}"] for name in ("URL", "QUEUE"))
headers = {"Authorization": "Bearer " + os.environ.pop("WAYBILL_TOKEN", "none")}
lease, units = {"worker": f"python-{uuid.uuid4()}", "lease": "6s"}, dict(h=3600, m=60, s=1, ms=1e-3)
program, ending = None, []
signal.signal(signal.SIGTERM, lambda *_: ending.append(True))
atexit.register(stop := lambda: program and program.poll() is None and os.killpg(program.pid, 9))
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
        limit = re.findall("([0-9.]+)(h|ms?|s)", task["timeout"] or "")  # 1h30m, 2.5s
        run = ["timeout", "-k5", str(sum(float(number) * units[unit] for number, unit in limit))]
        run += task["spec"].get("command") or ["sh", "-c", task["spec"]["shell"]]
        program, state = subprocess.Popen(run, stdout=out, stderr=out, start_new_session=True), None
        while (status := program.poll()) is None and state in (None, "extended") and not ending:
            try: program.wait(2)
            except subprocess.TimeoutExpired:  # a third of the lease is over
                state = post("/v1/beats", {**lease, "tasks": [held]})["tasks"][0]["state"]
        stop()
        if state == "lost": continue  # another may have it by now: nothing is said of it
        chunk = {"stream": "stdout", "text": open(out.name, errors="replace").read(2**19)}
        post(f"/v1/tasks/{task['id']}/logs", {"fence": task["fence"], "chunks": [chunk]})
        ended = "given_back" if status is None else "failed" if status else "succeeded"
        outcome = "cancelled" if state == "cancel_requested" else ended
        post("/v1/finishes", {"tasks": [{**held, "outcome": outcome}]})
