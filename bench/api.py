#!/usr/bin/env python3
"""What the HTTP API does: `make bench-api`.

Starts `waybill serve` on a fresh directory beside the figures' file, which has to be on the disk to
measure, and loads it with http_load from the same machine: the driver's share of the processors is
in every figure. The floor is GET /v1/definitions on as many connections: a request that goes
through the same threads and asks the ledger nothing. An answer that is not the wanted one fails the
benchmark.
"""

import argparse
import glob
import json
import os
import re
import shutil
import signal
import statistics
import subprocess
import tempfile
import time


class Server:
    """`waybill serve` on a free port; ends with the block."""

    def __init__(self, waybill, directory):
        command = [waybill, "serve", "--listen", "127.0.0.1:0", "--json", "--quiet",
                   "--log-level", "error", "--data", directory]
        environment = {"PATH": os.environ["PATH"]}
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True,
                                        env=environment, cwd=os.path.dirname(directory))
        line = self.process.stdout.readline()
        found = re.search(r"127\.0\.0\.1:(\d+)", line)
        if not found:
            raise SystemExit(f"waybill serve does not say where it listens: {line!r}")
        self.port = found.group(1)

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)

    def rss_mb(self):
        with open(f"/proc/{self.process.pid}/status") as status:
            return int(re.search(r"VmRSS:\s+(\d+) kB", status.read()).group(1)) / 1024


class Bench:
    def __init__(self, options, directory):
        self.options = options
        self.directory = directory
        self.figures = []

    def server(self, name="data"):
        return Server(self.options.waybill, os.path.join(self.directory, name))

    def fresh(self):
        shutil.rmtree(os.path.join(self.directory, "data"), ignore_errors=True)
        return self.server()

    def start_load(self, load, target, **settings):
        arguments = [f"{name}={value}" for name, value in settings.items()]
        return subprocess.Popen([self.options.load, load, str(target), *arguments],
                                stdout=subprocess.PIPE, text=True)

    def load(self, load, target, **settings):
        process = self.start_load(load, target, **settings)
        output, _ = process.communicate()
        if process.returncode != 0:
            raise SystemExit(f"http_load {load} failed")
        return json.loads(output) if output else None

    def floor(self, server, connections):
        seconds = min(2, self.options.seconds)
        run = self.load("get", server.port, connections=connections, warm_up=0.2, seconds=seconds)
        return run["answers"] / run["seconds"]

    def figure(self, name, unit, samples, goal, floor=None, peer=None):
        value = statistics.median(samples)
        self.figures.append({
            "name": name, "unit": unit, "value": round(value, 4), "min": round(min(samples), 4),
            "max": round(max(samples), 4), "n": len(samples),
            "floor": None if floor is None else round(floor, 4),
            "ratio": None if floor is None else round(value / floor, 4), "peer": peer})
        beside = "" if floor is None else f"  floor {floor:,.1f}"
        print(f"{name:26} {value:>12,.2f} {unit:8} ({min(samples):,.2f} to {max(samples):,.2f}; "
              f"goal: {goal}){beside}", flush=True)

    def hello(self):
        """What the library and the pool of handlers do at most; wrk as a second opinion."""
        for name, path in (("hello_socket_thread", "/healthz"),
                           ("hello_handler", "/v1/definitions")):
            samples, peers = [], []
            for _ in range(self.options.repetitions):
                with self.fresh() as server:
                    run = self.load("get", server.port, path=path, warm_up=0.2,
                                    seconds=self.options.seconds)
                    samples.append(run["answers"] / run["seconds"])
                    peers.append(wrk(server.port, path, self.options.seconds))
            peer = f"wrk: {statistics.median(peers):,.0f}/s" if all(peers) else None
            self.figure(name, "1/s", samples, "none" if peer is None else f"none; {peer}",
                        peer=peer)

    def create(self, name, goal, connections, **settings):
        samples, floors, waits = [], [], []
        for _ in range(self.options.repetitions):
            with self.fresh() as server:
                run = self.load("create", server.port, connections=connections, warm_up=0.5,
                                seconds=self.options.seconds, **settings)
                samples.append(run["tasks"] / run["seconds"])
                waits.append(run["p99_ms"])
                floors.append(self.floor(server, connections))
        self.figure(name, "tasks/s", samples, goal, statistics.median(floors))
        self.figure(name + "_p99_ms", "ms", waits, "none")

    def create_one(self):
        self.create("create_64x1", "15,000", 64)
        self.create("create_64x1_keyed", "none", 64, keys="yes")

    def create_many(self):
        self.create("create_1000", "150,000", 4, batch=1000)

    def work(self):
        samples = []
        for _ in range(self.options.repetitions):
            with self.fresh() as server:
                self.load("create", server.port, connections=4, batch=1000,
                          seconds=self.options.seconds)
                run = self.load("work", server.port, connections=16, batch=100,
                                seconds=self.options.seconds)
                samples.append(run["tasks"] / run["seconds"])
        self.figure("remote_claim_finish_16", "tasks/s", samples, "20,000")

    def read(self):
        with self.server("filled"):
            pass  # makes the ledger
        files = glob.glob(os.path.join(self.directory, "filled", "*.db"))
        if len(files) != 1:
            raise SystemExit(f"which of these is the ledger? {files}")
        tasks = self.options.tasks
        began = time.monotonic()
        self.load("fill", files[0], tasks=tasks)
        print(f"{tasks:,} finished tasks stored in {time.monotonic() - began:.0f} s", flush=True)
        samples, middles = [], []
        with self.server("filled") as server:
            for _ in range(self.options.repetitions):
                run = self.load("read", server.port, connections=8, tasks=tasks, warm_up=0.5,
                                seconds=self.options.seconds)
                samples.append(run["p99_ms"])
                middles.append(run["p50_ms"])
        size = f"{tasks // 1_000_000}m" if tasks >= 1_000_000 else f"{tasks // 1000}k"
        self.figure(f"list_{size}_p99_ms", "ms", samples, "5 at 10 million")
        self.figure(f"list_{size}_p50_ms", "ms", middles, "none")
        shutil.rmtree(os.path.join(self.directory, "filled"))

    def events(self):
        memory, before, halves, tails = [], [], [], []
        for _ in range(self.options.repetitions):
            with self.fresh() as server:
                before.append(server.rss_mb())
                load = self.start_load("events", server.port, connections=200,
                                       streams=self.options.streams, seconds=self.options.seconds)
                largest = 0
                while load.poll() is None:
                    largest = max(largest, server.rss_mb())
                    time.sleep(0.1)
                if load.returncode != 0:
                    raise SystemExit("http_load events failed")
                run = json.loads(load.stdout.read())
                if run["events"] == 0:
                    raise SystemExit("no event came")
                memory.append(largest)
                halves.append(run["event_p50_ms"])
                tails.append(run["event_p99_ms"])
        name = f"sse_{self.options.streams}"
        self.figure(f"{name}_rss_mb", "MB", memory, "100", statistics.median(before))
        self.figure(f"{name}_event_p50_ms", "ms", halves, "none")
        self.figure(f"{name}_event_p99_ms", "ms", tails, "none")


def wrk(port, path, seconds):
    """Requests a second by wrk; None where it is not installed."""
    program = shutil.which("wrk")
    if program is None:
        return None
    output = subprocess.run([program, "-t1", "-c64", f"-d{max(1, round(seconds))}s",
                             f"http://127.0.0.1:{port}{path}"], check=True, text=True,
                            stdout=subprocess.PIPE).stdout
    return float(re.search(r"Requests/sec:\s+([\d.]+)", output).group(1))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--waybill", required=True)
    parser.add_argument("--load", required=True, help="the program http_load")
    parser.add_argument("--json-file", help="where the figures go")
    parser.add_argument("--directory", default="build/bench", help="on the disk to measure")
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=5, help="of each run")
    parser.add_argument("--tasks", type=int, help="that are stored while lists are read; 10 million"
                        ", 1 million with --quick")
    parser.add_argument("--only", action="append",
                        choices=("hello", "create_one", "create_many", "work", "read", "events"))
    parser.add_argument("--quick", action="store_true", help="that it works; figures mean little")
    options = parser.parse_args()
    options.waybill = os.path.abspath(options.waybill)
    options.load = os.path.abspath(options.load)
    options.streams = 1000
    if options.quick:
        options.repetitions, options.seconds, options.streams = 1, 1, 100
    if options.tasks is None:
        options.tasks = 1_000_000 if options.quick else 10_000_000
    os.makedirs(options.directory, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="api-", dir=os.path.abspath(options.directory)) as made:
        bench = Bench(options, made)
        for name in options.only or ("hello", "create_one", "create_many", "work", "events",
                                     "read"):
            getattr(bench, name)()
    if options.json_file:
        os.makedirs(os.path.dirname(os.path.abspath(options.json_file)), exist_ok=True)
        with open(options.json_file, "w") as file:
            lines = ",\n  ".join(json.dumps(figure) for figure in bench.figures)
            file.write(f"[\n  {lines}\n]\n")


if __name__ == "__main__":
    main()
