# SPDX-License-Identifier: GPL-2.0-or-later
"""A virtio-serial port of the Xen host: bytes in, bytes out."""
import re
import socket
import time


class Timeout(AssertionError):
    """The expected text did not come in time; the message holds what did."""


class Port:
    """One port, as a Unix socket of QEMU's."""

    def __init__(self, path, log=None):
        self.sock = socket.socket(socket.AF_UNIX)
        self.received = ""
        self.log = open(log, "a", encoding="latin1") if log else None
        deadline = time.monotonic() + 20
        while True:
            try:
                self.sock.connect(str(path))
                return
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)

    def send(self, text):
        """Send text as it is; a line ends with \\r on a console."""
        self.sock.sendall(text.encode("latin1"))

    def expect(self, pattern, timeout=60.0):
        """Wait for a regular expression; return (text before it, match)."""
        regex, deadline = re.compile(pattern), time.monotonic() + timeout
        while not (match := regex.search(self.received)):
            self.receive(deadline, f"no {pattern!r} in {timeout} s")
        before, self.received = self.received[: match.start()], self.received[match.end():]
        return before, match

    def receive(self, deadline, complaint):
        """Wait for some more text."""
        left = deadline - time.monotonic()
        if left <= 0:
            raise Timeout(f"{complaint}; got: {self.received[-3000:]!r}")
        self.sock.settimeout(left)
        try:
            data = self.sock.recv(65536)
        except TimeoutError:
            return
        if not data:
            raise Timeout(f"{complaint}: the port was closed; got: {self.received[-3000:]!r}")
        text = data.decode("latin1")
        self.received += text
        if self.log:
            self.log.write(text)
            self.log.flush()

    def close(self):
        """Let the port go."""
        self.sock.close()
        if self.log:
            self.log.close()
