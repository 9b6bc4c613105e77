#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Run U-Boot's test suite on a boot loader that is a guest of a real Xen.

on_xen.py IMAGE PROGRAM [ARGUMENT...]

The suite reaches its board through programs on its path, u-boot-test-reset and
the like. These (hook.py) ask this process, which has the Xen host.
"""
import os
import pathlib
import queue
import select
import socketserver
import subprocess
import sys
import tempfile
import threading

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "xen"))

import hostfiles  # noqa: E402
import images  # noqa: E402
from lab import XenLab  # noqa: E402
from steps import step  # noqa: E402

HOOKS = ["console", "flash", "release", "reset"]


def main():
    """Start the host, run the suite, and end with its status."""
    image, *command = sys.argv[1:]
    with step("preparing Xen and Domain-0 from Debian's packages"):
        hostfiles.ensure()
    with tempfile.TemporaryDirectory(prefix="uboot-") as folder:
        folder = pathlib.Path(folder)
        with step("preparing the disks"):
            disks = make_disks(folder)
        with step("starting Xen under QEMU"):
            lab = XenLab(disks=disks, log_dir=hostfiles.FOLDER / "logs-uboot")
        with lab, Server(folder / "board.sock", Board(lab, image)) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            for name in HOOKS:
                (folder / f"u-boot-test-{name}").symlink_to(HERE / "hook.py")
            environment = dict(os.environ, PATH=f"{folder}:{os.environ['PATH']}",
                               BOARD_SOCKET=server.server_address)
            status = subprocess.run([sys.executable, *command], env=environment, check=False).returncode
            server.shutdown()
    sys.exit(status)


def make_disks(folder):
    """A GPT with FAT and ext4, and a DOS table with FAT and ext3."""
    tree = images.files_tree(folder / "files")
    return {"files": images.files(folder, tree), "dos": images.dos(folder, tree)}


class Board:
    """The guest, which is made anew for each reset."""

    def __init__(self, lab, image):
        self.lab, self.image, self.guest = lab, image, None
        self.consoles = queue.Queue()

    def flash(self):
        """Each reset brings the image along."""

    def reset(self):
        """Start a guest, and join it to the console that the suite has opened for it."""
        self.release()
        self.guest = self.lab.start("board", self.image, ["phy:/dev/disk/files,xvda,w", "phy:/dev/disk/dos,xvdb,w"])
        self.consoles.get(timeout=20).put(self.guest.port.sock)

    def release(self):
        """End the guest."""
        if self.guest:
            self.guest.destroy()
            self.guest = None

    def console(self, connection):
        """Pass bytes between the suite and the guest of the next reset."""
        guests = queue.Queue()
        self.consoles.put(guests)
        guest = guests.get()
        other = {connection: guest, guest: connection}
        while True:
            for source in select.select(list(other), [], [])[0]:
                data = source.recv(65536)
                if not data:
                    return
                other[source].sendall(data)


class Server(socketserver.ThreadingUnixStreamServer):
    """Where the hooks ask."""

    daemon_threads = True

    def __init__(self, path, board):
        super().__init__(str(path), Request)
        self.board = board


class Request(socketserver.StreamRequestHandler):
    """One line with the name of a hook; an empty line back, or what went wrong."""

    rbufsize = 0  # What follows the line is the console's.

    def handle(self):
        name = self.rfile.readline().decode().strip()
        if name == "console":
            try:
                self.server.board.console(self.connection)
            except (OSError, ValueError):
                pass  # The guest or the suite has closed its end.
            return
        try:
            getattr(self.server.board, name)()
            answer = ""
        except Exception as error:  # pylint: disable=broad-exception-caught
            answer = f"{type(error).__name__}: {error}".replace("\n", " ")
        self.wfile.write(f"{answer}\n".encode())


if __name__ == "__main__":
    main()
