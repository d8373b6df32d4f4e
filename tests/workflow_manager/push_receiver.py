"""A Pushgateway that only takes down what is pushed."""

import http.server
import re
import threading


SAMPLE = re.compile(r'^([a-z_]+)(?:\{([a-z_]+)="(.*)"\})? (\S+)$')


def parse_metrics(text):
    """{name or name{label="value"}: number}, the value bare as the golden cases have it."""
    samples = {}
    for line in text.split("\n"):  # and at no U+2028
        if not line or line.startswith("#"):
            continue
        name, label, value, number = SAMPLE.match(line).groups()
        if label:
            bare = re.sub(r"\\(.)", lambda m: "\n" if m.group(1) == "n" else m.group(1), value)
            name = f'{name}{{{label}="{bare}"}}'
        samples[name] = float(number)
    return samples


def sorted_groups(path):
    """The path with its grouping pairs in order; the original's are in any."""
    head, _, rest = path.partition("/metrics/job/")
    parts = rest.split("/")
    pairs = sorted(zip(parts[1::2], parts[2::2]))
    return head + "/metrics/job/" + "/".join([parts[0], *(part for pair in pairs for part in pair)])


class PushReceiver:
    def __init__(self):
        pushes = self.pushes = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_PUT(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                pushes.append(
                    {
                        "method": self.command,
                        "path": sorted_groups(self.path),
                        "metrics": parse_metrics(body.decode()),
                    }
                )
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            do_POST = do_PUT

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    def take(self):
        taken = list(self.pushes)
        self.pushes.clear()
        return taken

    def stop(self):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()
