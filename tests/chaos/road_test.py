"""What a road is told to do to its connections, it does."""

import socket
import threading
import unittest

import road

PATIENCE_SECONDS = 60


class Echo:
    """Answers each line with the same line, and keeps those that came."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.heard = []
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client):
        try:
            with client, client.makefile("rwb", buffering=0) as lines:
                for line in lines:
                    self.heard.append(line)
                    lines.write(line)
        except OSError:
            pass  # cut off, as the test wants it


class RoadTest(unittest.TestCase):
    def setUp(self):
        self.echo = Echo()
        self.addCleanup(self.echo.listener.close)
        self.road = road.Road(self.echo.port)
        self.addCleanup(self.road.close)
        self.client = self.connect()
        self.assertEqual(self.ask(b"hello\n"), b"hello\n")

    def connect(self):
        client = socket.create_connection(("127.0.0.1", self.road.port), PATIENCE_SECONDS)
        self.addCleanup(client.close)
        return client

    def ask(self, line):
        self.client.sendall(line)
        return self.client.recv(100)

    def test_a_cut_ends_a_connection_and_the_next_one_is_fine(self):
        self.road.cut()
        try:
            self.assertEqual(self.client.recv(100), b"")
        except ConnectionResetError:
            pass  # as well
        self.client = self.connect()
        self.assertEqual(self.ask(b"again\n"), b"again\n")

    def test_what_was_stalled_arrives_when_it_goes_on(self):
        self.road.stall()
        self.client.sendall(b"late\n")
        self.client.settimeout(0.2)
        with self.assertRaises(TimeoutError):
            self.client.recv(100)
        self.client.settimeout(PATIENCE_SECONDS)
        self.road.go_on()
        self.assertEqual(self.client.recv(100), b"late\n")

    def test_a_reply_is_lost_and_what_was_asked_is_done(self):
        self.road.lose_replies()
        try:
            self.assertEqual(self.ask(b"do it\n"), b"")
        except ConnectionResetError:
            pass  # as well
        self.assertIn(b"do it\n", self.echo.heard)

    def test_half_closed_towards_the_server_it_hears_of_the_end_and_the_client_is_not_cut(self):
        class Servers:
            @staticmethod
            def choice(sides):
                return sides[1]
        self.client.sendall(b"last\n")
        self.assertEqual(self.client.recv(100), b"last\n")
        self.road.half_close(Servers)
        self.assertEqual(self.client.recv(100), b"")


if __name__ == "__main__":
    unittest.main()
