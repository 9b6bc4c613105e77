#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Start a boot loader as a guest of a real Xen, on this terminal."""
import argparse
import os
import pathlib
import re
import select
import signal
import sys
import tempfile
import termios
import threading
import time
import tty

import disks
import hostfiles
from lab import XenLab
from steps import step

LEAVE = b"\x1d"  # Ctrl-]
DEMO = hostfiles.FOLDER / "demo.img"
DEMO_SOURCES = hostfiles.SOURCES + ["disks.py", "guest/root-init"]
AUTOBOOT = re.compile(rb"Hit any key to stop autoboot")


def main():
    """Prepare what is missing, start the guest, and join it to the terminal."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kernel", help="the boot loader's image")
    parser.add_argument("--prompt", action="store_true", help="stop at the prompt")
    parser.add_argument("--disk", help="raw disk image to use, and to write to, instead of the demo disk")
    parser.add_argument("--memory", type=int, default=512, help="memory of the guest in MiB")
    options = parser.parse_args()
    # So that everything is put in order on the way out.
    for number in [signal.SIGTERM, signal.SIGHUP]:
        signal.signal(number, lambda *_: sys.exit(1))
    with step("preparing Xen and Domain-0 from Debian's packages"):
        hostfiles.ensure()
    if options.disk is None:
        with step("preparing the demo disk"):
            prepare_demo()
    image, keep = (options.disk, True) if options.disk else (DEMO, False)
    with start_host(image, keep, options.memory) as lab:
        with step("creating the guest"):
            guest = lab.start("guest", options.kernel, ["phy:/dev/disk/disk,xvda,w"], options.memory)
        print("The guest's console follows. Ctrl-] leaves.", file=sys.stderr, flush=True)
        join(lab, guest, options.prompt)


def start_host(image, keep, memory):
    """The Xen host, with room for the guest's memory."""
    with step("starting Xen under QEMU"):
        return XenLab(disks={"disk": image}, memory=2048 + memory, keep=keep,
                      log_dir=hostfiles.FOLDER / "logs-run")


def prepare_demo():
    """Make the demo disk, unless an up-to-date one is there."""
    with hostfiles.outdated("demo", DEMO_SOURCES) as make:
        if make:
            with tempfile.TemporaryDirectory(dir=hostfiles.FOLDER) as work:
                new = pathlib.Path(work) / "demo.img"
                disks.demo(new, work)
                os.replace(new, DEMO)


def join(lab, guest, stop_autoboot):
    """Pass bytes between terminal and guest until one of them ends it."""
    ended = threading.Event()
    threading.Thread(target=watch, args=(lab, ended), daemon=True).start()
    stdin, sources = sys.stdin.fileno(), [guest.port.sock, sys.stdin]
    seen = b""
    with RawTerminal(stdin):
        while not ended.is_set():
            ready, _, _ = select.select(sources, [], [], 0.5)
            if guest.port.sock in ready:
                data = guest.port.sock.recv(65536)
                if not data:
                    break
                os.write(sys.stdout.fileno(), data)
                if stop_autoboot:
                    seen = seen[-200:] + data
                    if AUTOBOOT.search(seen):
                        guest.send("\r")
                        stop_autoboot = False
            if sys.stdin in ready:
                data = os.read(stdin, 4096)
                if LEAVE in data:
                    break
                if data:
                    guest.port.sock.sendall(data)
                else:
                    sources.remove(sys.stdin)
    print("\nThe guest has ended." if ended.is_set() else "\nLeft the guest.", file=sys.stderr)


def watch(lab, ended):
    """Notice that the guest is gone for good: a restart takes a moment."""
    absent = 0
    while absent < 3:
        time.sleep(2)
        try:
            absent = 0 if lab.is_running("guest") else absent + 1
        except (AssertionError, OSError):
            break
    ended.set()


class RawTerminal:
    """The terminal passes each key on, and is as before at the end."""

    def __init__(self, fd):
        self.fd, self.before = fd, None

    def __enter__(self):
        if os.isatty(self.fd):
            self.before = termios.tcgetattr(self.fd)
            tty.setraw(self.fd)

    def __exit__(self, *_):
        if self.before:
            termios.tcsetattr(self.fd, termios.TCSADRAIN, self.before)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
    except (AssertionError, RuntimeError, OSError) as error:
        sys.exit(f"run: {error}")
