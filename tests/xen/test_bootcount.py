# SPDX-License-Identifier: GPL-2.0-or-later
"""A system that does not come up any more gives way to another one."""
import pytest

from test_linux import BOOT, facts

WARNING = "Warning: Bootlimit (3) exceeded. Using altbootcmd."
COUNT = "printf '\\275\\1\\0\\1' >/boot/failures"


@pytest.fixture
def begin(lab, loader):
    """Starts a guest with a copy of the disk with Linux, after killing the one before."""
    lab.shell("cp /dev/disk/linux /run/count.img", 120)
    guests = []

    def again():
        while guests:
            guests.pop().destroy()
        guests.append(lab.start("count", loader, ["phy:/run/count.img,xvda,w"]))
        return guests[0]

    yield again
    for guest in guests:
        guest.destroy()
    lab.shell("rm /run/count.img")


def test_killed_three_times(begin, lab):
    """Linux asks for it by a file and is killed; then no start reaches it, until the alternative does."""
    at_shell(begin(), COUNT)
    for _ in range(3):
        said, _ = begin().expect("Scanning for bootflows", BOOT)
        assert WARNING not in said

    linux = begin()
    said, _ = linux.expect("Scanning for bootflows", BOOT)
    assert WARNING in said
    at_shell(linux, COUNT)
    linux.send("poweroff\r")
    lab.wait_until_gone("count")

    said, _ = begin().expect("Scanning for bootflows", BOOT)
    assert WARNING not in said
    guest = begin()
    guest.to_prompt()
    # This start, which is stopped at the prompt, does not count.
    assert guest.succeeds("bootcount print").strip() == "1"
    guest.succeeds("bootcount reset")
    assert guest.succeeds("bootcount print").strip() == "0"


def at_shell(guest, line):
    """Waits for Linux' shell, and runs a line there."""
    facts(guest)
    guest.expect("linux# ", 60)
    guest.send(f"{line} && sync && echo do''ne\r")
    guest.expect(r"\ndone", 60)
    guest.expect("linux# ", 60)
