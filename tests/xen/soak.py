#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Guests in a row on one Xen host, each with the loader and then Linux from its disk.

Every guest must come up. What Xen and Domain-0 have of memory, grants, event
channels, XenStore entries and processes must be what it was before the first one.
`cargo xtask soak` runs it.
"""
import argparse
import itertools
import pathlib
import re
import sys
import tempfile
import time

import disks
import hostfiles
from guest import PROMPT, Guest
from lab import XenLab
from port import Timeout

MEMORY = 96  # MiB of a guest
TIMEOUT = 240  # seconds for each step of a guest: QEMU emulates, and other work may run
SETTLED = 30  # seconds that Domain-0 may take to put away what a guest has left
ROUND = 10  # guests between two reports

# How guests end that reached Linux, in turn.
ENDS = ["destroyed in Linux", "powered off by Linux"]
# How guests end that are stopped before; one of each kind in each round.
EARLY = ["destroyed at the prompt", "destroyed while it loads", "destroyed while Linux starts"]

# How much less free memory there may be at the end. Linux's and Xen's allocators hold some pages back or
# give them away at any time; a page lost with each of 500 guests would be 2000 KiB. All else is exact.
FREE = {"Domain-0's free KiB": 1024, "Xen's free pages": 32}

def main():
    """Run as many guests as wanted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("loader", help="the boot loader's image")
    parser.add_argument("count", nargs="?", type=int, default=500, help="guests that boot Linux (default 500)")
    options = parser.parse_args()
    hostfiles.ensure()
    with tempfile.TemporaryDirectory(dir=hostfiles.FOLDER) as work:
        disk = disks.demo(pathlib.Path(work) / "demo.img", work)
        with XenLab(disks={"demo": disk}, memory=1024, dom0_memory=512,
                    log_dir=hostfiles.FOLDER / "logs-soak") as lab:
            if lost := Soak(lab, options.loader, "demo").run(options.count):
                sys.exit("soak: " + "; ".join(lost))


class Soak:
    """Guests in a row on a host, from one of its disks."""

    def __init__(self, lab, loader, disk, free=None):
        self.lab, self.disk, self.free = lab, disk, free or FREE
        self.kernel = lab.put(loader, "soak.kernel")
        self.ids = {}
        self.started = 0

    def run(self, count, first=(*ENDS, *EARLY)):
        """Run guests until `count` of them have reached Linux; return what was lost with them.

        Before it is counted, some have run `first`: they leave what Domain-0 keeps on purpose,
        such as directories in XenStore, rotated logs, and as many slots for mappings as were ever used.
        """
        self.in_a_row(first)
        before, begin = self.beginning(), time.monotonic()
        print(f"before: {listed(before)}", flush=True)
        ends, lost = itertools.cycle(ENDS), []
        for done in range(0, count, ROUND):
            kinds = list(itertools.islice(ends, min(ROUND, count - done)))
            for place, kind in enumerate(EARLY):
                kinds.insert(3 + 4 * place, kind)
            self.in_a_row(kinds)
            now, lost = self.settled(before)
            seconds = time.monotonic() - begin
            print(f"{min(done + ROUND, count)} guests, {seconds:.0f} s: {listed(now)}", flush=True)
        print(f"{count} guests booted Linux, {self.started} were started; "
              + ("; ".join(lost) or "all is where it began"), flush=True)
        return lost

    def beginning(self):
        """What there is once Domain-0 has put away what the guests so far have left."""
        before, now = None, take(self.lab)
        deadline = time.monotonic() + TIMEOUT
        while before is None or differences(now, before, self.free):
            if time.monotonic() > deadline:
                raise Timeout(f"Domain-0 does not come to rest: {listed(now)}")
            time.sleep(2)
            before, now = now, take(self.lab)
        return now

    def settled(self, before):
        """Wait until there is as much as before; return what there is, and what is lost."""
        deadline = time.monotonic() + SETTLED
        while lost := differences(before, now := take(self.lab), self.free):
            if time.monotonic() > deadline:
                break
            time.sleep(1)
        return now, lost

    def in_a_row(self, kinds):
        """A guest for each kind, one after the other; the next one is created while one runs."""
        self.create()
        for i, kind in enumerate(kinds):
            guest = self.attach()
            self.play(guest, kind, (lambda: None) if i + 1 == len(kinds) else self.create)

    def create(self):
        """Begin to create the next guest, paused."""
        self.started += 1
        name = f"soak{self.started % 2}"
        (self.lab.share / f"{name}.cfg").write_text(
            f'name="{name}"\nkernel="{self.kernel}"\nmemory={MEMORY}\nvcpus=1\n'
            f'disk=["phy:/dev/disk/{self.disk},xvda,w"]\n')
        self.lab.shell(f"rm -f /run/{name}.id; {{ xl create -q -p /share/{name}.cfg && xl domid {name}"
                       f" || echo failed; }} >/run/{name}.new 2>&1 && mv /run/{name}.new /run/{name}.id &")

    def attach(self):
        """Wait until the guest is created; let it run, with its console."""
        name = f"soak{self.started % 2}"
        self.in_time(f"[ -e /run/{name}.id ]")
        said = self.lab.shell(f"cat /run/{name}.id").strip()
        if not said.isdigit():
            raise AssertionError(f"guest {self.started} was not created: {said}")
        self.ids[name] = int(said)
        number = self.lab.free.pop(0)
        guest = Guest(self.lab, name, number)
        self.lab.guests[name] = guest
        self.lab.shell(f"setsid attach {name} {number} pv >/dev/null 2>&1 & xl unpause {name}")
        return guest

    def play(self, guest, kind, ahead):
        """A guest from its start to its end; `ahead` is done meanwhile."""
        guest.expect("Hit any key to stop autoboot", TIMEOUT)
        guest.send("\r")
        guest.expect(PROMPT, TIMEOUT)
        if kind == "destroyed at the prompt":
            # With its disk connected.
            guest.send("ls pvblock 0:2 /boot\r")
            guest.expect("initrd", TIMEOUT)
        else:
            guest.send("boot\r")
            guest.expect("Retrieving file: /boot/Image", TIMEOUT)
        if kind in ENDS + ["destroyed while Linux starts"]:
            guest.expect("Starting kernel", TIMEOUT)
        ahead()
        if kind in ENDS:
            guest.expect("LINUX-ROOT /dev/xvda2 ext4 rw", TIMEOUT)
            guest.expect("linux# ", TIMEOUT)
        if kind == "powered off by Linux":
            guest.send("poweroff\r")
            self.wait_until_gone(guest)
        guest.destroy()
        self.wait_until_gone(guest)

    def wait_until_gone(self, guest):
        """Wait until the toolstack has put a guest away."""
        self.in_time(f"! xenstore-exists /local/domain/{self.ids[guest.name]}")

    def in_time(self, condition):
        """Wait in Domain-0 until a condition of its shell holds."""
        self.lab.shell(f"i=0; until {condition}; do sleep 0.05; i=$((i+1)); [ $i -lt {TIMEOUT}0 ]; done", 2 * TIMEOUT)


def take(lab):
    """How much there is of everything that a guest takes."""
    # The shell's own processes and files are the same each time.
    free, store, interrupts, processes, files = map(int, lab.shell(
        "sync; echo 3 >/proc/sys/vm/drop_caches; awk '/MemFree/ { print $2 }' /proc/meminfo; xenstore-ls | wc -l;"
        " wc -l </proc/interrupts; ps | grep -vc '[[]kworker'; echo /proc/[0-9]*/fd/* | wc -w").split())
    return {"Domain-0's free KiB": free, **of_xen(dump(lab)), "XenStore entries": store,
            "Domain-0's interrupts": interrupts, "processes": processes, "open files": files}


def dump(lab):
    """What Xen prints of grants, its memory and event channels."""
    seen = lab.xen_log.stat().st_size
    # Once it begins with the channels again, it has ended with them.
    lab.shell("xl debug-keys gHee")
    deadline = time.monotonic() + TIMEOUT
    while True:
        with open(lab.xen_log, encoding="utf-8", errors="replace") as log:
            log.seek(seen)
            text = log.read()
        parts = text.split("'e' pressed")
        if len(parts) == 3:
            return parts[0] + parts[1]
        if time.monotonic() > deadline:
            raise Timeout(f"Xen did not say what it has: {text[-2000:]}")
        time.sleep(0.05)


def of_xen(text):
    """What is in a dump of Xen's."""
    return {"Xen's free pages": sum(map(int, re.findall(r"-> (\d+) pages", text))),
            "domains": text.count("Event channel information for domain"),
            "grant tables": text.count("grant-table for remote"),
            "grants": len(re.findall(r"\(XEN\) \[0x[0-9a-f]+\]", text)),
            "frames for mappings": sum(map(int, re.findall(r"(\d+) maptrack frames", text))),
            "event channels": len(re.findall(r"\(XEN\) +\d+ \[\d/", text))}


def differences(before, now, free=None):
    """What is no longer as before, beyond what is tolerated."""
    free = free or FREE

    def differs(name):
        return before[name] - now[name] > free[name] if name in free else before[name] != now[name]
    return [f"{name}: {before[name]} before, {now[name]} now" for name in before if differs(name)]


def listed(counts):
    """Counts in a line."""
    return ", ".join(f"{name} {count}" for name, count in counts.items())


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
    except (AssertionError, RuntimeError, OSError) as error:
        sys.exit(f"soak: {error}")
