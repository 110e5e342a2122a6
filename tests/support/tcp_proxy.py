"""A way between a client and a real server that can be cut at the worst moment."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from tests.support.service import free_port

BLOCK = 65_536


@dataclass
class Way:
    """Passes bytes on in both directions, until it is told otherwise."""

    target: int
    port: int = field(default_factory=free_port)
    cut_on: bytes = b""
    """What the client sends when the way is cut: the server gets it, the client never sees the answer."""
    mute: bool = False
    """Nothing comes back any more, and nothing is closed."""
    _open: list[socket.socket] = field(default_factory=list)

    def serve(self, listener: socket.socket) -> None:
        """Accept until the listener is closed."""
        with suppress(OSError):
            while True:
                near, _ = listener.accept()
                far = socket.create_connection(("127.0.0.1", self.target))
                self._open += [near, far]
                cut = threading.Event()
                threading.Thread(target=self._forth, args=(near, far, cut), daemon=True).start()
                threading.Thread(target=self._back, args=(far, near, cut), daemon=True).start()

    def close(self) -> None:
        """Close every connection."""
        for one in self._open:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _forth(self, near: socket.socket, far: socket.socket, cut: threading.Event) -> None:
        with suppress(OSError):
            while sent := near.recv(BLOCK):
                if self.cut_on and self.cut_on in sent:
                    cut.set()  # before the server can answer, and the server has it before the client can notice
                far.sendall(sent)
                if cut.is_set():
                    near.shutdown(socket.SHUT_RDWR)
        with suppress(OSError):
            far.shutdown(socket.SHUT_WR)

    def _back(self, far: socket.socket, near: socket.socket, cut: threading.Event) -> None:
        with suppress(OSError):
            while answer := far.recv(BLOCK):
                if not self.mute and not cut.is_set():
                    near.sendall(answer)
        with suppress(OSError):
            near.shutdown(socket.SHUT_RDWR)


@contextmanager
def way_to(port: int) -> Iterator[Way]:
    """A way to a port of this host."""
    way = Way(port)
    with socket.create_server(("127.0.0.1", way.port)) as listener:
        thread = threading.Thread(target=way.serve, args=(listener,), daemon=True)
        thread.start()
        try:
            yield way
        finally:
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            way.close()
    thread.join(5)
