#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""How fast the disks of a guest are, on a real Xen under QEMU's emulation.

The same disk in Domain-0's memory is read and written by Domain-0 itself, by
Linux's blkfront in a guest, by the loader, and by any other loader's image
given with --against; one after the other in each round, so that what else
happens on the machine meets all of them. From each time, that of the same
command with next to no data is taken off. `cargo xtask bench` runs it.
"""
import argparse
import contextlib
import pathlib
import re
import statistics
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "xen"))

import backends  # noqa: E402
import benchdisks  # noqa: E402
import hostfiles  # noqa: E402
from lab import XenLab  # noqa: E402

PARTS = ["read", "write", "files", "start", "processor", "ring"]
MIB = 1 << 20
MANY = 64  # disks
ADDRESS = "60000000"
SHELL = r"/ # "


def main():
    """Measure what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("loader", help="the boot loader's image")
    parser.add_argument("--against", action="append", default=[], metavar="FILE", help="another boot loader's image")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--only", default=",".join(PARTS), help="of " + ", ".join(PARTS))
    options = parser.parse_args()
    images = {"ours": options.loader} | {pathlib.Path(path).stem: path for path in options.against}
    parts = options.only.split(",")
    if {"read", "write", "processor"} & set(parts):
        with Raw(images) as raw:
            for part in parts:
                if part in ["read", "write"]:
                    raw.transfers(part, options.rounds)
            if "processor" in parts:
                raw.processor()
    if "files" in parts:
        files(images, options.rounds)
    if "start" in parts:
        start(images, options.rounds)
    if "ring" in parts:
        ring(images, options.rounds)


class Raw:
    """A Xen host with Linux and the loaders on disks in Domain-0's memory."""

    def __init__(self, images):
        self.lab = XenLab(memory=2560 + 1024 * len(images), log_dir=hostfiles.FOLDER / "logs-bench")
        self.subjects = {"dom0": Domain0(self.lab)}
        linux = self.lab.start("linux", hostfiles.LINUX, ["phy:/dev/loop0,xvda,w"], memory=768,
                               extra=f'ramdisk="{self.lab.put(hostfiles.GUEST_INITRD)}"\nextra="console=hvc0 rdinit=/init"')
        linux.expect("LINUX-FACTS-END", 120)
        self.subjects["linux"] = Linux(linux)
        self.lab.shell("xl pause linux")
        for name, image in images.items():
            guest = self.lab.start(name, image, ["phy:/dev/loop0,xvda,w"], memory=1024)
            guest.to_prompt()
            self.subjects[name] = Loader(guest)
            self.lab.shell(f"xl pause {name}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.lab.close()

    def transfers(self, verb, rounds):
        """Raw transfers of some sizes."""
        for mib in [64, 256]:
            times = {name: [] for name in self.subjects}
            for _ in range(rounds):
                for name, subject in self.subjects.items():
                    with self.alone(name):
                        times[name].append(subject.seconds(verb, mib))
            report(f"{verb} {mib} MiB", times)

    @contextlib.contextmanager
    def alone(self, name):
        """Only this guest runs, if it is one: some are never idle."""
        names = {name} & set(self.lab.guests)
        for each in names:
            self.lab.shell(f"xl unpause {each}")
        yield
        for each in names:
            self.lab.shell(f"xl pause {each}")

    def processor(self):
        """How much of the time of a read the guest itself runs."""
        print("\nprocessor: seconds that the guest runs for each second of reading 256 MiB")
        for name, subject in self.subjects.items():
            if name == "dom0":
                continue
            with self.alone(name):
                before, start_time = self.used(name), time.monotonic()
                for _ in range(8):
                    subject.seconds("read", 256)
                wall = time.monotonic() - start_time
            print(f"  {name:18} {(self.used(name) - before) / wall:.2f}")

    def used(self, name):
        """Seconds that a guest has run."""
        return float(self.lab.shell(f"xl list {name}").split("\n")[1].split()[-1])


class Domain0:
    """Domain-0's own access, as the back-end has it."""

    def __init__(self, lab):
        self.lab = lab
        lab.shell("dd if=/dev/urandom of=/run/ram.img bs=1M count=256 2>/dev/null; losetup /dev/loop0 /run/ram.img", 120)

    def seconds(self, verb, mib):
        """For a transfer."""
        def once(count):
            start_time = time.monotonic()
            self.lab.shell(dd(verb, "/dev/loop0", count))
            return time.monotonic() - start_time
        return once(mib) - once(0)


class Linux:
    """Linux's blkfront."""

    def __init__(self, guest):
        self.guest = guest
        guest.send("\r")
        guest.expect(SHELL)

    def seconds(self, verb, mib):
        """For a transfer."""
        def once(count):
            start_time = time.monotonic()
            self.guest.send(dd(verb, "/dev/xvda", count) + "; echo do''ne\r")
            self.guest.expect("done", 600)
            took = time.monotonic() - start_time
            self.guest.expect(SHELL)
            return took
        return once(mib) - once(0)


def dd(verb, disk, count):
    """Domain-0's and Linux's command."""
    if verb == "read":
        return f"dd if={disk} of=/dev/null bs=1M count={count} iflag=direct 2>/dev/null"
    return f"dd if=/dev/zero of={disk} bs=1M count={count} oflag=direct conv=notrunc 2>/dev/null"


class Loader:
    """A boot loader at its prompt."""

    def __init__(self, guest, number=0):
        self.guest = guest
        guest.command(f"pvblock device {number}", 120)

    def seconds(self, verb, mib):
        """For a transfer."""
        def once(blocks):
            start_time = time.monotonic()
            output = self.guest.command(f"pvblock {verb} {ADDRESS} 0 {blocks:x}", 600)
            took = time.monotonic() - start_time
            assert re.search(r"OK|ok", output), output
            return took
        return once(mib * MIB // 512) - once(1)


def files(images, rounds):
    """Files of 64 MiB on ext4 and FAT, in one piece and in many, beside the same amount raw."""
    with tempfile.TemporaryDirectory(dir=hostfiles.FOLDER) as folder:
        made = benchdisks.make(pathlib.Path(folder))
        with XenLab(disks=made, memory=6144, dom0_memory=3072, log_dir=hostfiles.FOLDER / "logs-bench") as lab:
            for name, image in images.items():
                times = {"raw": []}
                for disk in made:
                    in_memory(lab, disk)
                    times[disk] = []
                disks = [f"phy:/dev/mapper/{disk},xvd{chr(ord('a') + i)},w" for i, disk in enumerate(made)]
                guest = lab.start(name, image, disks, memory=1024)
                guest.to_prompt()
                for i in range(len(made)):
                    guest.command(f"pvblock part {i}")
                for _ in range(rounds):
                    times["raw"].append(Loader(guest).seconds("read", 64))
                    for i, disk in enumerate(made):
                        times[disk].append(load(guest, i, disk))
                report(f"{name}: a file of 64 MiB", times)
                guest.destroy()


def load(guest, number, disk):
    """Seconds for a file, less those for one byte of it."""
    verb = "ext4load" if disk.startswith("ext4") else "fatload"
    def once(words):
        start_time = time.monotonic()
        output = guest.command(f"{verb} pvblock {number} {ADDRESS} /file {words}", 600)
        took = time.monotonic() - start_time
        assert "bytes read" in output, output
        return took
    return once("") - once("1")


def in_memory(lab, disk):
    """Have a disk of Domain-0's cached in its memory, with the same name below /dev/mapper."""
    lab.shell(f"[ -e /dev/mapper/{disk} ] || {{ mkdir -p /dev/mapper /run/m; "
              f"dd if=/dev/disk/{disk} of=/run/m/{disk} bs=1M 2>/dev/null; "
              f"l=$(losetup -f); losetup $l /run/m/{disk}; ln -s $l /dev/mapper/{disk}; }}", 300)


def start(images, rounds):
    """From the guest's start to the prompt, or the countdown before it, with one disk, and ours also with many."""
    counts = {name: [1, MANY] if name == "ours" else [1] for name in images}
    with XenLab(memory=3072, log_dir=hostfiles.FOLDER / "logs-bench") as lab:
        backends.install(lab)
        lab.shell("truncate -s 8M /run/disk.img; losetup /dev/loop0 /run/disk.img")
        cases = [(name, count) for count in [1, MANY] for name in images if count in counts[name]]
        times = {f"{name}, {count} disks": [] for name, count in cases}
        for _ in range(rounds):
            for name, count in cases:
                times[f"{name}, {count} disks"].append(until_prompt(lab, images[name], count))
        report("start to prompt", times)


def until_prompt(lab, image, count):
    """Seconds from a guest's first instruction on: without those that xl takes to do nothing.

    The first disk is Linux's. The others are the tests' own back-end's, which is a program for all of
    them: `xl create` runs a script for each disk, and for many that takes minutes.
    """
    guest = lab.start("start", image, ["phy:/dev/loop0,xvda,w"], memory=512, paused=True)
    try:
        if count > 1:
            own = backends.Backends(lab, guest, "/run/disk.img")
            own.attach(dict.fromkeys(range(1, count), "linux"))
        settle()
        start_time = time.monotonic()
        lab.shell("xl unpause start")
        before, _ = guest.expect("Hit any key to stop autoboot|xenguest# ", 120)
        took = time.monotonic() - start_time
        assert count == 1 or f"pvblock: {count - 1}" in before, before
        start_time = time.monotonic()
        lab.shell("xl unpause start")
        return took - (time.monotonic() - start_time)
    finally:
        guest.destroy()


def ring(images, rounds):
    """A back-end of the tests without indirect requests, over a ring of one page, and of as many as are taken."""
    words = "linux missing:feature-max-indirect-segments"
    kinds = {"a page": f"{words} missing:max-ring-page-order", "pages": words}
    with XenLab(memory=3072, log_dir=hostfiles.FOLDER / "logs-bench") as lab:
        backends.install(lab)
        lab.shell("dd if=/dev/urandom of=/run/disk.img bs=1M count=64 2>/dev/null", 120)
        for name, image in images.items():
            guest = lab.start("ring", image, memory=768, paused=True)
            own = backends.Backends(lab, guest, "/run/disk.img")
            own.attach(dict(enumerate(kinds.values())))
            lab.shell("xl unpause ring")
            guest.to_prompt()
            times = {kind: [] for kind in kinds}
            for _ in range(rounds):
                for number, kind in enumerate(kinds):
                    times[kind].append(Loader(guest, number).seconds("read", 64))
            report(f"{name}: read 64 MiB over a ring", times)
            guest.destroy()


def settle():
    """Until Xen has cleared the memory of the guest before, and the next one is joined to its console."""
    time.sleep(6)


def report(title, times):
    """Print medians and ranges, and medians of the ratios within each round."""
    print(f"\n{title}: seconds, median (minimum to maximum) of {len(next(iter(times.values())))}")
    for name, values in times.items():
        print(f"  {name:18} {statistics.median(values):.3f} ({min(values):.3f} to {max(values):.3f})")
    base_name, base = next(iter(times.items()))
    for name, values in list(times.items())[1:]:
        ratio = statistics.median(value / first for value, first in zip(values, base))
        print(f"  {name} / {base_name}: {ratio:.2f}")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
