# SPDX-License-Identifier: GPL-2.0-or-later
"""Debian on disks that only Debian's own tools have made, untouched."""
import re

import pytest

import debian
from conftest import LOGS
from lab import XenLab

BOOT = 600  # seconds: QEMU emulates, and other tests may run


@pytest.fixture(scope="module")
def installed():
    """The disks."""
    try:
        return debian.ensure()
    except debian.Unavailable as reason:
        pytest.skip(str(reason))


@pytest.fixture(scope="module")
def host(installed):
    """A Xen host with them."""
    with XenLab(disks=installed.disks, memory=2560, log_dir=LOGS / "debian") as lab:
        yield lab


@pytest.fixture
def boots(host, loader):
    """Starts guests, with a disk and nothing else in their configuration."""
    guests = []

    def begin(disk):
        guests.append(host.start(disk, loader, [f"phy:/dev/disk/{disk},xvda,w"], memory=1024))
        return guests[-1]

    yield begin
    for guest in guests:
        guest.destroy()


def facts(guest):
    """Wait for the login prompt on the console, log in, and ask for the kernel, its command line and the mounts."""
    guest.expect("debian login: ", BOOT)
    guest.send("root\r")
    guest.expect("# ", BOOT)
    guest.send("stty -echo; uname -r; cat /proc/cmdline; findmnt -rno SOURCE,TARGET,FSTYPE /; "
               "findmnt -rno SOURCE,TARGET,FSTYPE /boot; echo do''ne\r")
    # The shell switches the terminal's ways of pasting before and after each line.
    return re.sub(r"\r|\x1b\[[?0-9;]*[a-z]", "", guest.expect(r"\ndone", BOOT)[0])


@pytest.mark.parametrize("disk, root, mounts", [
    ("uuid", "UUID=7a3c5e11-0b1d-4c55-9d1e-5f0c0a9f0001", ["/dev/xvda1 / ext4"]),
    ("partuuid", f"PARTUUID={debian.PARTUUID}", ["/dev/xvda2 / ext4", "/dev/xvda1 /boot ext4"]),
    ("label", "LABEL=system", ["/dev/xvda2 / ext4", "/dev/xvda1 /boot vfat"])])
def test_login_prompt(boots, installed, disk, root, mounts):
    """What u-boot-update wrote boots, on the disks that a user may have."""
    guest = boots(disk)
    before, _ = guest.expect("Starting kernel", BOOT)
    assert "Boot failed" not in before and "Skipping" not in before.replace("Skipping fdtdir", "")
    found = facts(guest).split("\n")
    assert installed.older in found
    assert f"root={root} ro quiet" in found[found.index(installed.older) + 1]
    for mount in mounts:
        assert mount in found


def test_newer_kernel_by_default(boots, installed):
    """After an upgrade, with nothing done but by its hooks."""
    assert installed.newer in facts(boots("upgraded")).split("\n")


def test_older_kernel_from_the_menu(boots, installed):
    """The same disk; the entries are those of the newer kernel, then those of the older one."""
    guest = boots("upgraded")
    menu, _ = guest.expect("Enter choice: ", BOOT)
    number = re.search(rf"(?m)^(\d+):\t[^\n]*{re.escape(installed.older)}\r*$", menu)[1]
    guest.send(f"{number}\r")
    assert installed.older in facts(guest).split("\n")


def test_a_damaged_fit_gives_way_to_the_next_flow(boots, installed):
    """The image is named, nothing of it is started, and the script on the same partition boots."""
    guest = boots("fit")
    before, _ = guest.expect(rf"Linux version {re.escape(installed.older)} ", BOOT)
    assert "Bad hash value for 'hash-1' hash node in 'ramdisk' image node" in before
    assert before.count("Starting kernel") == 1
