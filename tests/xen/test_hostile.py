# SPDX-License-Identifier: GPL-2.0-or-later
"""Back-ends that break the rules: the prompt comes back, the disk at fault is
named, and all others work on.

One guest has a disk for each fault, served by the tests' own back-end, beside
two that are Linux's. The loader's own time limits are checked by its own clock.
"""
import re

import pytest

import backends
import soak
from test_linux import facts

LIMIT = 10  # seconds until the prompt answers; required of the loader
NOISE = 2  # more seconds: QEMU emulates, and Domain-0 has one busy processor

# Disks that cannot be connected: what their back-end does, and why they are refused.
REFUSED = [
    ("missing:sectors", "the disk has no size"),
    ("key:sectors=-1", "a key is not a number"),
    ("key:sectors=0x800", "a key is not a number"),
    ("key:sectors=99999999999999999999", "a key is not a number"),
    ("key:sectors=18446744073709551615", "the disk's size makes no sense"),
    ("key:sector-size=0", "the sector size makes no sense"),
    ("key:sector-size=3", "the sector size makes no sense"),
    ("key:sector-size=1048576", "the sector size makes no sense"),
    ("key:sector-size=", "a key is not a number"),
    ("key:info=cdrom", "a key is not a number"),
    ("state:1=4", "timed out"),
    ("state:1=none", "timed out"),
    ("state:1=9", "the back-end's state is out of range"),
    ("state:1=", "a key is not a number"),
    ("state:3=2", "timed out"),
    ("state:3=5", "the back-end refuses the connection"),
    ("state:3=6", "the back-end refuses the connection"),
    ("state:3=-1", "a key is not a number"),
    ("fault:restless", "timed out|the back-end refuses the connection"),
    ("key:sector-size=3 state:5=4 state:6=4", "the sector size makes no sense"),
]

# Disks that die while they are read: what their back-end does, and why.
DYING = [
    ("fault:index=33", "claims more responses than there were requests"),
    ("fault:index=-2", "claims more responses than there were requests"),
    ("fault:index=2147483648", "claims more responses than there were requests"),
    ("fault:id=99999", "a response to no request"),
    ("fault:id=18446744073709551615", "a response to no request"),
    ("fault:id=0", "a second response to a request|more responses"),
    ("fault:duplicate", "a second response to a request|more responses"),
    ("fault:late", "a second response to a request|a response to"),
    ("fault:operation=1", "a response to another operation"),
    ("fault:operation=255", "a response to another operation"),
    ("fault:status=1", "an unknown status"),
    ("fault:status=-32768", "an unknown status"),
    ("fault:silent", "timed out"),
    ("fault:silent after:3", "timed out"),
    ("fault:trickle=7", "timed out"),
    ("fault:die after:2", "timed out"),
    ("fault:vanish after:2", "timed out"),
    ("fault:storm", "timed out"),
]

# Disks that go on working, whatever their back-end does.
WORKING = ["fault:scribble", "fault:noisy", "fault:steal", "linux", "qemu", "linux fault:scribble",
           "linux fault:unsupported=3", "linux fault:unsupported=6"]

# What is said when their disks are to be erased; all of it works on.
ERASING = [
    ("linux fault:unsupported=5", "not supported"),
    ("key:feature-discard=0", "the back-end does not offer discard"),
    ("linux key:discard-granularity=3", "the units of discard make no sense"),
    ("linux key:discard-granularity=0", "the units of discard make no sense"),
    ("linux key:discard-alignment=-1", "a key is not a number"),
    ("linux key:discard-granularity=2097152", "discards units of 4096 blocks, from block 0 on"),
]

# Whether these are noticed depends on chance, or on how data is passed.
CHANGING = ["fault:flicker", "fault:changing", "linux fault:changing"]

BAD, SILENT = "bad:100+1", "fault:silent linux"

FIRST = 2  # xvda and xvdb are Linux's
ALL = [words for words, _ in REFUSED + DYING + ERASING] + WORKING + CHANGING + [BAD, SILENT]
NUMBERS = {words: FIRST + i for i, words in enumerate(ALL)}
KIB_256 = 0x200  # a read of so many blocks takes many requests


class Hostile:
    """The guest, and the back-ends of its disks."""

    def __init__(self, lab, loader):
        backends.install(lab)
        lab.shell("dd if=/dev/disk/noise of=/run/noise.img bs=1M count=4 2>/dev/null")
        disks = ["phy:/dev/disk/linux,xvda,w", "phy:/dev/disk/noise,xvdb,w"]
        self.guest = lab.start("hostile", loader, disks, paused=True)
        self.own = backends.Backends(lab, self.guest, "/run/noise.img")
        self.own.attach({number: words for words, number in NUMBERS.items()})
        lab.shell("xl unpause hostile")
        self.guest.to_prompt()
        # Not at the start of a page, so that the data goes through pages of the loader's own.
        self.buffer = f"{self.guest.address('loadaddr') + 8:x}"
        self.sum = self.checksum(1)

    def checksum(self, number):
        """Read a disk's start; return the sum that the loader makes of it."""
        self.guest.succeeds(f"pvblock device {number}")
        self.guest.succeeds(f"mw.b {self.buffer} 77 40000; pvblock read {self.buffer} 0 {KIB_256:x}")
        return self.buffer_sum()

    def buffer_sum(self):
        """The sum of what was read."""
        return self.guest.succeeds(f"crc32 {self.buffer} 40000").split()[-1]

    def in_time(self, line, succeeds=False):
        """Run a command that must end as said, and in time; return its output."""
        out, done = self.guest.judged(f"time {line}")
        assert done == succeeds, out
        seconds = float(re.search(r"time: (?:(\d+) minutes, )?([0-9.]+) seconds", out)[2])
        assert "minutes" not in out and seconds < LIMIT + NOISE, out
        return out

    def others_work(self):
        """A disk of Linux's back-end gives what it always gave."""
        assert self.checksum(1) == self.sum


def name(number):
    """What xl.cfg calls a disk."""
    letter = chr(ord("a") + number % 26)
    return "xvd" + (chr(ord("a") + number // 26 - 1) if number >= 26 else "") + letter


@pytest.fixture(scope="module")
def hostile(lab, loader):
    """The guest at its prompt."""
    one = Hostile(lab, loader)
    yield one
    one.guest.destroy()


@pytest.mark.parametrize("words,reason", REFUSED)
def test_a_disk_that_makes_no_sense_is_refused(hostile, words, reason):
    number = NUMBERS[words]
    out = hostile.in_time(f"pvblock device {number}")
    assert re.findall(rf"pvblock {name(number)}: .*(?:{reason})", out), out
    hostile.others_work()


@pytest.mark.parametrize("words,reason", DYING)
def test_a_back_end_that_breaks_the_rules_is_dead(hostile, words, reason):
    number = NUMBERS[words]
    hostile.in_time(f"pvblock device {number}", succeeds=True)
    out = hostile.in_time(f"pvblock read {hostile.buffer} 0 {KIB_256:x}")
    message = rf"pvblock {name(number)}: .*(?:{reason}).*; the disk is no longer used"
    assert re.findall(message, out), out
    # It is not asked again, and that is not said again.
    out = hostile.in_time(f"pvblock read {hostile.buffer} 0 1")
    assert "no longer used" not in out and "ERROR" in out
    hostile.others_work()


@pytest.mark.parametrize("words", WORKING)
def test_a_back_end_that_keeps_to_the_rules_works(hostile, words):
    """Also if it does what only looks wrong."""
    number = NUMBERS[words]
    assert hostile.checksum(number) == hostile.sum
    hostile.in_time(f"pvblock write {hostile.buffer} 0 {KIB_256:x}", succeeds=True)
    # Neither what was written nor the disk is something else now.
    assert hostile.buffer_sum() == hostile.sum
    assert hostile.checksum(number) == hostile.sum


@pytest.mark.parametrize("words,reason", ERASING)
def test_what_cannot_be_erased_is_an_error(hostile, words, reason):
    """Nothing is lost, and the disk works on."""
    number = NUMBERS[words]
    assert hostile.checksum(number) == hostile.sum
    out = hostile.in_time("pvblock erase 0 8")
    assert re.search(reason, out) and "0 blocks erased: ERROR" in out, out
    assert hostile.checksum(number) == hostile.sum


@pytest.mark.parametrize("words", CHANGING)
def test_what_changes_while_it_is_read(hostile, words):
    """Either the disk is dead, or what was read stays as it was read."""
    hostile.in_time(f"pvblock device {NUMBERS[words]}", succeeds=True)
    out, done = hostile.guest.judged(f"pvblock read {hostile.buffer} 0 {KIB_256:x}")
    assert done or "no longer used" in out
    before = hostile.buffer_sum()
    hostile.guest.succeeds("sleep 1")
    assert hostile.buffer_sum() == before
    hostile.others_work()


def test_an_error_is_reported_with_its_sector(hostile):
    hostile.in_time(f"pvblock device {NUMBERS[BAD]}", succeeds=True)
    out = hostile.in_time("pvblock read ${loadaddr} 0 80")
    assert "0 blocks read: ERROR (I/O error" in out and "OK" not in out
    hostile.in_time("pvblock write ${loadaddr} 64 1")
    hostile.in_time("pvblock read ${loadaddr} 65 10", succeeds=True)
    hostile.others_work()


def test_ctrl_c_ends_the_wait(hostile):
    hostile.in_time(f"pvblock device {NUMBERS[SILENT]}", succeeds=True)
    hostile.guest.send("time pvblock read ${loadaddr} 0 1\r")
    hostile.guest.expect(r"0 1\r*\n")
    hostile.guest.send("\x03")
    out, _ = hostile.guest.expect("xenguest# ", LIMIT + NOISE)
    assert "OK" not in out
    hostile.others_work()


def test_linux_boots_from_the_others(hostile):
    """The loader lets go of all, and Linux finds its root."""
    hostile.guest.send("boot\r")
    hostile.guest.expect("Starting kernel", 240)
    # The first disk is the last that is given back.
    hostile.own.wait_for_state(0, "[156]", 240)
    # Linux would wait for them as long as it waits for any disk.
    hostile.own.detach(NUMBERS.values())
    facts(hostile.guest)
    hostile.guest.expect("LINUX-ROOT /dev/xvda2 ext4 rw", 60)


def test_nothing_was_seen_that_should_not_be(hostile):
    """What the back-ends themselves have noticed."""
    for words, number in NUMBERS.items():
        said = hostile.own.said(number)
        assert "VIOLATION" not in said, (words, said)
        assert words not in WORKING + [words for words, _ in ERASING] or "ERROR" not in said, (words, said)


def test_linux_leaves_alone_what_is_kept(lab, loader):
    """A back-end writes all the time to pages that it keeps mapped: Linux is told, and never uses them."""
    backends.install(lab)
    lab.shell("dd if=/dev/disk/noise of=/run/kept.img bs=1M count=4 2>/dev/null")
    guest = lab.start("kept", loader, ["phy:/dev/disk/linux,xvda,w"], memory=96, paused=True)
    try:
        own = backends.Backends(lab, guest, "/run/kept.img")
        own.attach({1: "fault:keep", 2: ""})
        lab.shell("xl unpause kept")
        guest.to_prompt()
        guest.command("pvblock device 1; pvblock read ${loadaddr} 0 100")
        # What is kept is not used for anything else.
        lost = guest.succeeds("pvblock rescan")
        assert "pvblock xvdb: it could not be given back" in lost
        assert still_mapped(lost) > 1
        guest.succeeds("pvblock device 2; pvblock read ${loadaddr} 0 100")
        # With a tree that Linux would not look into for this, it is not started, and each way to boot is tried.
        guest.succeeds("fdt addr ${fdtcontroladdr}; fdt move ${fdtcontroladdr} ${fdt_addr_r} 20000")
        guest.succeeds("fdt mknode / reserved-memory")
        guest.succeeds("setenv right ${fdtcontroladdr}; setenv fdtcontroladdr ${fdt_addr_r}")
        out = guest.command("boot", timeout=240)
        refused = "ERROR: memory that is still mapped cannot be kept from it, the kernel is not started"
        # What is said at the end of all says it once more.
        assert len(re.findall(f"(?m)^{refused}", out)) == 2 and "no such device" not in out, out
        guest.send("setenv fdtcontroladdr ${right}; boot\r")
        out, _ = guest.expect("LINUX-FACTS-END", 240)
        guest.expect("LINUX-ROOT /dev/xvda2 ext4 rw", 60)
        # References from the upper half are the loader's.
        frames = [frame for reference, frame in granted(lab, own.domain) if reference >= 0x4000]
        assert len(frames) == still_mapped(out) > 1
        guest.expect("linux# ", 60)
        # Linux writes to much of the RAM that it has.
        guest.send("mount -t tmpfs none /tmp && dd if=/dev/zero of=/tmp/fill bs=1M count=24 && grep reserved /proc/iomem;"
                   " echo do''ne\r")
        shown, _ = guest.expect(r"\ndone", 60)
        assert "24+0 records out" in shown
        # Not indented: no part of the RAM that Linux has.
        reserved = [(int(start, 16), int(end, 16))
                    for start, end in re.findall(r"(?m)^([0-9a-f]+)-([0-9a-f]+) : reserved", shown)]
        assert all(start % 0x10000 == 0 and end % 0x10000 == 0xffff for start, end in reserved), shown
        assert all(any(start <= frame << 12 < end for start, end in reserved) for frame in frames), (shown, frames)
        assert "VIOLATION" not in own.said(1)
        assert "VIOLATION" not in own.said(2)
    finally:
        guest.destroy()


def still_mapped(out):
    """The pages that the loader says are lost."""
    return int(re.search(r"pvblock: (\d+) page\S* are still mapped by a back-end", out)[1])


def granted(lab, domain):
    """What a domain's grants name that are in use: reference, frame."""
    text = soak.dump(lab)
    table = re.search(rf"grant-table for remote d{domain}\b.*?(?=grant-table for|gnttab_usage_print_all \]|$)", text, re.S)
    return [(int(reference, 16), int(frame, 16))
            for reference, frame in re.findall(r"\[0x([0-9a-f]+)\] +\d+ 0x[0-9a-f]+ 0x[0-9a-f]+ +\d+ 0x([0-9a-f]+)", table[0])]


DEAD = {number: words for number, words in enumerate(["state:1=1", "state:1=4", "state:3=2", "state:3=3", "state:3=8"] * 2, 1)}


def test_disks_with_dead_back_ends_are_waited_for_together(lab, loader):
    """Ten of them cost about as much as one; each disk is connected when it is used and not before."""
    backends.install(lab)
    lab.shell("dd if=/dev/disk/noise of=/run/dead.img bs=1M count=4 2>/dev/null")
    guest = lab.start("dead", loader, ["phy:/dev/disk/linux,xvda,r", "phy:/dev/disk/files,xvdl,r"], paused=True)
    try:
        own = backends.Backends(lab, guest, "/run/dead.img")
        own.attach(DEAD)
        lab.shell("xl unpause dead")
        guest.to_prompt()
        disks = [0, *DEAD, 11]
        def states():
            return lab.shell("; ".join(f"xenstore-read {own.front(number)}/state" for number in disks)).split()
        assert states() == ["1"] * 12
        guest.succeeds("pvblock read ${loadaddr} 0 8")
        assert states() == ["4"] + ["1"] * 11
        for line in ["lsblk", "pvblock part", "bootflow scan"]:
            out, _ = guest.judged(f"time {line}")
            for number in DEAD:
                assert f"pvblock {name(number)}: timed out" in out, out
            seconds = re.search(r"time: (?:(\d+) minutes, )?([0-9.]+) seconds", out)
            # One by one they would take twice as long, however fast the host is.
            assert not seconds[1] and float(seconds[2]) < len(DEAD) * LIMIT / 2, out
        out = guest.succeeds("lsblk")
        assert re.search(r"pvblock 0:2 .*ext4", out) and re.search(r"pvblock 11:\d .*ext4", out), out
        assert [state for number, state in zip(disks, states()) if number not in DEAD] == ["4", "4"]
    finally:
        guest.destroy()
