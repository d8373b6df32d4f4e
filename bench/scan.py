#!/usr/bin/env python3
"""What a scan costs: `make bench-scan`.

Runs workflow-manager against cloud_server, which holds S3, SNS, Cloud Storage and Pub/Sub in
memory, and on a directory. The shape is that of the original's recorded figures: three objects a
batch, all of one hour, one aggregation id, nothing marked; then the same again, all marked. A run
that does not publish each batch once, or that publishes again what is marked, is no figure: the
benchmark fails.
"""

import argparse
import collections
import http.client
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

HOUR = "kittens-seen/2020/10/31/11"
NOW = "2020-10-31T12:00:00Z"
BUCKETS = ["ingest-bucket", "own-bucket", "peer-bucket"]
PAGE = 1000
AUTHORITIES = "/etc/ssl/certs/ca-certificates.crt"
# Requests that no batch causes: the probe of conditional puts, the scan lock, the aggregation ids,
# and a first page of each of the listings that find nothing.
OVERHEAD_MAX = 40
RECORDED = "workflow-manager against an in-memory server, recorded"
# CPU seconds and MB of the original's first and second run, by cloud and batches.
ORIGINAL = {
    ("s3", 10_000): (5.1, 47, 0.72, 43),
    ("s3", 50_000): (25.0, 124, 3.5, 113),
    ("gcs", 10_000): (29.1, 3662, 0.20, 51),
    ("gcs", 50_000): (278, 5008, 0.9, 167),
}

Run = collections.namedtuple("Run", "cpu_s rss_mb wall_s requests connections log_bytes")


class Server:
    """cloud_server, started; ends with this process."""

    def __init__(self, program):
        self.process = subprocess.Popen([program], stdout=subprocess.PIPE, text=True)
        self.address = f"127.0.0.1:{int(self.process.stdout.readline())}"

    def ask(self, path):
        connection = http.client.HTTPConnection(self.address, timeout=60)
        connection.request("POST", "/bench/" + path)
        answer = json.load(connection.getresponse())
        connection.close()
        return answer

    def fill(self, batches):
        self.ask("reset")
        for bucket in BUCKETS:
            self.ask(f"bucket?name={bucket}")
        self.ask(f"bucket?name={BUCKETS[0]}&hour={HOUR}&batches={batches}")

    def stop(self):
        self.process.terminate()
        self.process.wait()


def spawn(waybill, arguments, environment, directory):
    """CPU and peak memory are the process's own; its peak is at least this one's."""
    log = os.path.join(directory, "log")
    began = time.monotonic()
    with open(log, "wb") as stderr, open(os.devnull, "wb") as stdout:
        process = subprocess.Popen([waybill, "workflow-manager", *arguments], stdout=stdout,
                                   stderr=stderr, env=environment, cwd=directory)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    wall_s = time.monotonic() - began
    if process.returncode != 0:
        with open(log, errors="replace") as text:
            sys.stderr.write("".join(collections.deque(text, 20)))
        raise SystemExit(f"workflow-manager ended with {process.returncode}")
    return Run(used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, wall_s, 0, 0,
               os.path.getsize(log))


def cloud_arguments(cloud):
    scheme = "s3://us-east-1/" if cloud == "s3" else "gs://"
    sides = ["ingestor", "own-validation", "peer-validation"]
    buckets = [f"--{side}-input={scheme}{name}" for side, name in zip(sides, BUCKETS)]
    if cloud == "s3":
        arn = "arn:aws:sns:us-east-1:123456789012:"
        queue = ["--task-queue-kind=aws-sns", "--aws-sns-region=us-east-1",
                 f"--intake-tasks-topic={arn}intake", f"--aggregate-tasks-topic={arn}aggregate"]
    else:
        queue = ["--task-queue-kind=gcp-pubsub", "--gcp-project-id=prio",
                 "--intake-tasks-topic=intake", "--aggregate-tasks-topic=aggregate"]
    return [*buckets, *queue, "--now", NOW]


def cloud_environment(address):
    # As in many images: what is trusted must cost no memory for each connection.
    trusted = {"SSL_CERT_FILE": AUTHORITIES} if os.path.exists(AUTHORITIES) else {}
    return {**trusted, "PATH": os.environ["PATH"], "AWS_ACCESS_KEY_ID": "bench",
            "AWS_SECRET_ACCESS_KEY": "bench", "AWS_ENDPOINT_URL": "http://" + address,
            "STORAGE_EMULATOR_HOST": address, "PUBSUB_EMULATOR_HOST": address}


class Bench:
    def __init__(self, options, directory):
        self.options = options
        self.directory = directory
        self.server = Server(options.server)
        self.rows = []
        self.figures = []

    def scan(self, cloud, batches, published):
        """One run; `published` is how many messages must come of it."""
        before = self.server.ask("counts")
        run = spawn(self.options.waybill, cloud_arguments(cloud),
                    cloud_environment(self.server.address), self.directory)
        after = self.server.ask("counts")
        did = {name: after[name] - before[name] for name in after}
        requests = sum(did[name] for name in ("list", "get", "put", "remove", "publish"))
        if did["messages"] != published or after["distinct_messages"] != batches:
            raise SystemExit(f"{cloud}, {batches} batches: {did['messages']} messages came, "
                             f"{after['distinct_messages']} of them distinct")
        if after["objects"] != 4 * batches:
            raise SystemExit(f"{cloud}, {batches} batches: {after['objects']} objects are there")
        pages = -(-(3 * batches) // PAGE) + -(-(batches - published) // PAGE)
        most = pages + -(-published // 10) + published + OVERHEAD_MAX
        if requests > most:
            raise SystemExit(f"{cloud}, {batches} batches: {requests} requests, over {most}: {did}")
        return run._replace(requests=requests, connections=did["connections"])

    def both_runs(self, cloud, batches, delay_ms=0):
        self.server.fill(batches)
        self.server.ask(f"delay?ms={delay_ms}")
        first = self.scan(cloud, batches, batches)
        second = self.scan(cloud, batches, 0)
        self.server.ask("delay?ms=0")
        return first, second

    def row(self, what, runs, original=""):
        """A line of the table: medians."""
        middle = Run(*(statistics.median(values) for values in zip(*runs)))
        self.rows.append((what, f"{middle.cpu_s:.2f}", f"{middle.rss_mb:.1f}",
                          f"{middle.wall_s:.2f}", f"{middle.requests:.0f}",
                          f"{middle.connections:.0f}", f"{middle.log_bytes / 1e6:.1f}", original))

    def figure(self, name, unit, samples, floor=None, peer=None):
        value = statistics.median(samples)
        self.figures.append({
            "name": name, "unit": unit, "value": round(value, 4), "min": round(min(samples), 4),
            "max": round(max(samples), 4), "n": len(samples), "floor": floor,
            "ratio": None if floor is None else round(value / floor, 4), "peer": peer})

    def cloud(self, cloud, batches, prefix=None):
        pairs = [self.both_runs(cloud, batches) for _ in range(self.options.repetitions)]
        recorded = ORIGINAL.get((cloud, batches))
        peer = RECORDED if recorded else None
        for i, what in enumerate(("nothing marked", "all marked")):
            runs = [pair[i] for pair in pairs]
            cpu, rss = recorded[2 * i:2 * i + 2] if recorded else (None, None)
            self.row(f"{cloud} {batches:,} {what}", runs,
                     f"{cpu} s, {rss} MB" if recorded else "")
            if prefix is None:
                continue
            suffix = "" if i == 0 else "_marked"
            self.figure(f"{prefix}{suffix}_cpu_s", "s", [run.cpu_s for run in runs], cpu, peer)
            self.figure(f"{prefix}{suffix}_rss_mb", "MB", [run.rss_mb for run in runs], rss, peer)
            self.figure(f"{prefix}{suffix}_requests", "requests", [run.requests for run in runs])
            self.figure(f"{prefix}{suffix}_wall_s", "s", [run.wall_s for run in runs])

    def slow_server(self, batches):
        for cloud, original in (("s3", 45.1), ("gcs", 7.8)):
            pairs = [self.both_runs(cloud, batches, 20) for _ in range(self.options.repetitions)]
            runs = [first for first, _ in pairs]
            self.row(f"{cloud} {batches:,} at 20 ms", runs, f"{original} s wall")
            self.figure(f"{cloud}_1k_20ms_wall_s", "s", [run.wall_s for run in runs], original,
                        RECORDED)

    def directory_scan(self, objects):
        """A dry run over a directory; its files are made once."""
        root = os.path.join(self.directory, "buckets")
        make_files(os.path.join(root, BUCKETS[0]), objects)
        for bucket in BUCKETS[1:]:
            os.makedirs(os.path.join(root, bucket))
        sides = ["ingestor", "own-validation", "peer-validation"]
        arguments = [f"--{side}-input=file://{root}/{name}" for side, name in zip(sides, BUCKETS)]
        arguments += ["--task-queue-kind=file", f"--intake-tasks-topic={root}/intake",
                      f"--aggregate-tasks-topic={root}/aggregate", "--now", NOW, "--dry-run",
                      "--intake-max-age=6h"]
        environment = {"PATH": os.environ["PATH"], "WAYBILL_LOG_LEVEL": "warn"}
        runs = [spawn(self.options.waybill, arguments, environment, self.directory)
                for _ in range(self.options.repetitions)]
        self.row(f"file {objects:,} objects, dry run", runs)
        self.figure("file_1m_objects_s", "s", [run.wall_s for run in runs])
        self.figure("file_1m_objects_rss_mb", "MB", [run.rss_mb for run in runs])
        shutil.rmtree(root)


def make_files(directory, objects):
    """Three a batch, spread over the minutes of the six hours before NOW."""
    batches = -(-objects // 3)
    for minute in range(360):
        name = f"kittens-seen/2020/10/31/{6 + minute // 60:02}/{minute % 60:02}"
        path = os.path.join(directory, name)
        os.makedirs(path)
        for batch in range(minute, batches, 360):
            mixed = (batch + 1) * 0x9E3779B97F4A7C15 % 2**64 >> 32
            for suffix in (".batch", ".batch.avro", ".batch.sig"):
                file = f"{path}/{mixed:08x}-b1a2-5c3d-8e4f-{batch:012x}{suffix}"
                os.close(os.open(file, os.O_CREAT | os.O_WRONLY, 0o644))


def print_table(rows):
    head = ("run", "CPU s", "peak MB", "wall s", "requests", "connections", "log MB", "original")
    rows = [head, *rows]
    widths = [max(len(row[i]) for row in rows) for i in range(len(head))]
    for row in rows:
        cells = [cell.ljust(width) if i in (0, len(head) - 1) else cell.rjust(width)
                 for i, (cell, width) in enumerate(zip(row, widths))]
        print("  ".join(cells).rstrip())


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--waybill", required=True)
    parser.add_argument("--server", required=True, help="the program cloud_server")
    parser.add_argument("--json-file", help="where the figures go")
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--only", choices=("s3", "gcs", "slow", "file"))
    parser.add_argument("--quick", action="store_true", help="that it works; figures mean little")
    options = parser.parse_args()
    options.waybill = os.path.abspath(options.waybill)
    small, large, slow, objects = (50, 200, 50, 3_000) if options.quick else (
        10_000, 50_000, 1_000, 1_000_000)
    with tempfile.TemporaryDirectory(prefix="bench-scan-") as directory:
        bench = Bench(options, directory)
        for cloud in ("s3", "gcs"):
            if options.only in (None, cloud):
                bench.cloud(cloud, small)
                bench.cloud(cloud, large, f"{cloud}_50k")
        if options.only in (None, "slow"):
            bench.slow_server(slow)
        if options.only in (None, "file"):
            bench.directory_scan(objects)
        bench.server.stop()
    print_table(bench.rows)
    if options.json_file:
        os.makedirs(os.path.dirname(os.path.abspath(options.json_file)), exist_ok=True)
        with open(options.json_file, "w") as file:
            lines = ",\n  ".join(json.dumps(figure) for figure in bench.figures)
            file.write(f"[\n  {lines}\n]\n")


if __name__ == "__main__":
    main()
