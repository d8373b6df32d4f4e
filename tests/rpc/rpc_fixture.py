"""A server that speaks gRPC, and a client of it, for each test of a class."""

import os
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "http"))
# pylint: disable=wrong-import-position
import serving
from rpc_client import Client, struct_of


class RpcServing(serving.Serving):
    """On the same addresses after a restart."""

    def start(self):
        super().start()
        self.words = (*self.words[:-1], self.listening["grpc"])


class RpcTest(unittest.TestCase):
    words = ()

    def setUp(self):
        self.server = RpcServing(*self.words, "--grpc-listen", "127.0.0.1:0")
        self.addCleanup(self.server.close)
        self.client = self.new_client()

    def new_client(self, certificate=None):
        client = Client(self.server.listening["grpc"], certificate)
        self.addCleanup(client.close)
        return client

    def refused(self, code, end):
        self.assertEqual(end.get("end"), code, end)
        return end

    def create(self, **members):
        message = {"kind": "command", "spec": struct_of({"command": ["true"]}), **members}
        created = self.client.call("Tasks/CreateTask", message)
        self.assertTrue(created.get("created"), created)
        return created["task"]

    def state_of(self, task):
        return self.client.call("Tasks/GetTask", {"id": task["id"]})["state"]
