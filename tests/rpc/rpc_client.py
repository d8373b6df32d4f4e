"""Calls a server over gRPC by npm/client.mjs, and writes messages as it wants them."""

import argparse
import json
import os
import queue
import subprocess
import threading

OPTIONS = argparse.Namespace()  # of the command line
# On a machine that is busy with other tests.
PATIENCE_SECONDS = 20


def value_of(value):
    """A google.protobuf.Value as proto-loader wants it."""
    if value is None:
        return {"nullValue": "NULL_VALUE"}
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, (int, float)):
        return {"numberValue": value}
    if isinstance(value, str):
        return {"stringValue": value}
    if isinstance(value, list):
        return {"listValue": {"values": [value_of(element) for element in value]}}
    return {"structValue": struct_of(value)}


def struct_of(members):
    return {"fields": {name: value_of(value) for name, value in members.items()}}


def plain_of(value):
    """And back, of a Struct or Value."""
    if "fields" in value:
        return {name: plain_of(member) for name, member in value["fields"].items()}
    kind = value["kind"]
    if kind == "structValue":
        return plain_of(value[kind])
    if kind == "listValue":
        return [plain_of(element) for element in value[kind]["values"]]
    return None if kind == "nullValue" else value[kind]


class Call:
    """A call that was begun."""

    def __init__(self, client, number):
        self.client, self.number, self.lines = client, number, queue.Queue()

    def line(self):
        return self.lines.get(timeout=PATIENCE_SECONDS)

    def opened(self):
        assert "open" in self.line()
        return self

    def next(self):
        """The next message."""
        line = self.line()
        while "open" in line:
            line = self.line()
        if "message" not in line:
            raise AssertionError(f"the call has ended: {line}")
        return line["message"]

    def end(self):
        """How it ended; what came before that is in `messages`."""
        messages = []
        while True:
            line = self.line()
            if "end" in line:
                return {"messages": messages, **line}
            if "message" in line:
                messages.append(line["message"])

    def tell(self, what, **members):
        self.client.tell({what: self.number, **members})


class Client:
    def __init__(self, address, certificate=None):
        words = [address, os.path.abspath(OPTIONS.schemas)] + ([certificate] if certificate else [])
        self.process = subprocess.Popen(["node", "client.mjs", *words], cwd=OPTIONS.directory,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.calls = {}
        self.thread = threading.Thread(target=self.listen)
        self.thread.start()

    def listen(self):
        for text in self.process.stdout:
            line = json.loads(text)
            self.calls[line["call"]].lines.put(line)
        for call in self.calls.copy().values():
            call.lines.put({"end": "the client has ended"})

    def tell(self, line):
        self.process.stdin.write(json.dumps(line) + "\n")
        self.process.stdin.flush()

    def new_call(self):
        call = Call(self, len(self.calls) + 1)
        self.calls[call.number] = call
        return call

    def begin(self, method, message=None, **more):
        call = self.new_call()
        name = method if method.startswith("grpc.") else f"waybill.v1.{method}"
        line = {"call": call.number, "method": name, **more}
        self.tell(line if message is None else {**line, "message": message})
        return call

    def call(self, method, message, **more):
        """Code and details of a call that is answered once, and its answer."""
        end = self.begin(method, message, **more).end()
        return end["messages"][0] if end["end"] == "OK" else end

    def learn(self, service):
        call = self.new_call()
        self.tell({"learn": call.number, "service": service})
        return call.end()

    def close(self):
        self.process.stdin.close()
        self.process.wait(PATIENCE_SECONDS)
        self.thread.join()
        self.process.stdout.close()
