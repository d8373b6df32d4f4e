"""A TCP road to a server: what stands between a client and it, and goes wrong as it is told."""

import random
import socket
import struct
import threading

CHUNK_BYTES = 65536
RESET_AT_CLOSE = struct.pack("ii", 1, 0)


class Road:
    """Takes connections on `port` and carries their bytes to a server on this machine."""

    def __init__(self, server_port):
        self.server_port = server_port
        self.lock = threading.Lock()
        self.journeys = set()
        self.open = threading.Event()  # else it is stalled
        self.open.set()
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=100)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return  # closed
            threading.Thread(target=self.begin, args=(client,), daemon=True).start()

    def begin(self, client):
        self.open.wait()
        try:
            server = socket.create_connection(("127.0.0.1", self.server_port))
        except OSError:
            client.close()  # as a server that is away
            return
        journey = Journey(self, client, server)
        with self.lock:
            self.journeys.add(journey)
        journey.run()
        with self.lock:
            self.journeys.discard(journey)

    def under_way(self):
        with self.lock:
            return list(self.journeys)

    def cut(self):
        """Both sides hear at once that the connection is gone."""
        for journey in self.under_way():
            journey.reset()

    def stall(self):
        """Nothing arrives any more, and nobody is told, until `go_on`; nothing is lost."""
        self.open.clear()

    def go_on(self):
        self.open.set()

    def half_close(self, chance=random):
        """One side is told that the other will say no more; it may go on talking itself."""
        for journey in self.under_way():
            journey.half_close(chance.choice((journey.client, journey.server)))

    def lose_replies(self):
        """What clients asked was done, and the next answer does not arrive: they are cut off."""
        for journey in self.under_way():
            journey.loses_reply = True

    def close(self):
        self.listener.close()
        self.go_on()
        self.cut()


class Journey:
    """One connection on the road."""

    def __init__(self, road, client, server):
        self.road, self.client, self.server = road, client, server
        self.loses_reply = False

    def run(self):
        back = threading.Thread(target=self.carry, args=(self.server, self.client), daemon=True)
        back.start()
        self.carry(self.client, self.server)
        back.join()
        self.client.close()
        self.server.close()

    def carry(self, source, target):
        """Until one of them is gone; the end of what `source` says is passed on."""
        try:
            while data := source.recv(CHUNK_BYTES):
                self.road.open.wait()
                if source is self.server and self.loses_reply:
                    self.reset()
                    return
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            self.reset()

    def half_close(self, side):
        try:
            side.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # it has ended by itself

    def reset(self):
        for side in (self.client, self.server):
            try:
                side.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_AT_CLOSE)
                side.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # it has ended by itself
