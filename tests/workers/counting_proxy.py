"""A proxy on loopback that counts requests, and can be cut."""

import socket
import threading


class CountingProxy:
    def __init__(self, to):
        host, port = to.rsplit(":", 1)
        self.to = (host, int(port))
        self.lock = threading.Lock()
        self.lines = []
        self.sockets = []
        self.is_cut = False
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            with self.lock:
                is_cut = self.is_cut
            if is_cut:
                client.close()
                continue
            try:
                server = socket.create_connection(self.to)
            except OSError:
                client.close()
                continue
            for one in (client, server):
                one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self.lock:
                self.sockets += [client, server]
            for source, sink, counts in ((client, server, True), (server, client, False)):
                threading.Thread(target=self.pump, args=(source, sink, counts),
                                 daemon=True).start()

    def pump(self, source, sink, counts):
        try:
            while data := source.recv(1 << 16):
                if counts:
                    self.note(data)
                sink.sendall(data)
        except OSError:
            pass
        for one in (source, sink):
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def note(self, data):
        """The client sends a request's head in one piece."""
        line = data.split(b"\r\n", 1)[0]
        if line.endswith(b" HTTP/1.1"):
            with self.lock:
                self.lines.append(line.decode())

    def count(self, part=""):
        with self.lock:
            return sum(part in line for line in self.lines)

    def cut(self):
        """Nobody gets through any more."""
        with self.lock:
            self.is_cut = True
            sockets, self.sockets = self.sockets, []
        for one in sockets:
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def mend(self):
        with self.lock:
            self.is_cut = False

    def close(self):
        self.listener.close()
        self.cut()
