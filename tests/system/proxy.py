"""A TCP proxy that cuts, stalls and loses what goes through it, for tests of broken links."""
import socket
import threading


class Proxy:
    """Passes on to one port; `cut` ends what is open, `stall` lets connections live and nothing pass.
    `loses(request)` says of what a client sent whether "request" or "answer" gets lost, and its connection with it."""

    def __init__(self, target):
        self.target, self.stalled, self.refusing = target, threading.Event(), False
        self.loses, self.doomed = None, set()
        self.open, self.lock = set(), threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            if self.refusing:
                near.close()
                continue
            try:
                far = socket.create_connection(("127.0.0.1", self.target), 5)
            except OSError:
                near.close()
                continue
            with self.lock:
                self.open |= {near, far}
            for source, sink in ((near, far), (far, near)):
                threading.Thread(target=self.pump, args=(source, sink, source is near), daemon=True).start()

    def pump(self, source, sink, from_client):
        try:
            while data := source.recv(4096):
                lost = self.loses(data) if self.loses and from_client else None
                if lost == "answer":
                    self.doomed.add(sink)
                if lost == "request" or source in self.doomed:
                    break
                while self.stalled.is_set():
                    threading.Event().wait(0.05)
                sink.sendall(data)
        except OSError:
            pass
        self.drop(source)
        self.drop(sink)

    def drop(self, one):
        with self.lock:
            self.open.discard(one)
        try:
            one.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        one.close()

    def cut(self):
        with self.lock:
            victims = list(self.open)
        for one in victims:
            self.drop(one)

    def stall(self, on):
        self.stalled.set() if on else self.stalled.clear()

    def close(self):
        self.stalled.clear()
        self.listener.close()
        self.cut()
