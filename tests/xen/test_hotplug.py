# SPDX-License-Identifier: GPL-2.0-or-later
"""Disks that come and go at the prompt, and that fail under what is written."""
import os
import re
import signal

import pytest

import disks
from disks import MIB
from lab import XenLab
from test_pvblock import read_back


def attach(lab, guest, target, name, mode="w"):
    """As a user of Domain-0 does."""
    lab.shell(f"xl block-attach {guest.name} {target},{name},{mode}")


def numbers(guest):
    """The numbers of the guest's disks, as a new look finds them."""
    return re.findall(r"pvblock: (\d+)", guest.succeeds("pvblock rescan"))


def checksum(guest, number):
    """Read a disk's start; return the sum that the loader makes of it."""
    guest.succeeds(f"pvblock device {number}; mw.b ${{loadaddr}} 0 20000; pvblock read ${{loadaddr}} 0 100")
    return guest.succeeds("crc32 ${loadaddr} 20000").split()[-1]


def test_disks_come_and_go(start, lab):
    """A disk that is taken away is let go of, one that is pulled away is an error, and one that comes is found."""
    guest = start("plug", ["phy:/dev/disk/files,xvda,w", "phy:/dev/disk/noise,xvdb,r", "phy:/dev/disk/dos,xvdc,w"])
    guest.to_prompt()
    before = checksum(guest, 1)
    # The toolstack waits until the guest has closed its end, as it does when it looks again.
    lab.shell("(xl block-detach plug xvdb; echo detached=$?) >/run/detach.log 2>&1 &")
    lab.shell("i=0; until [ $(xenstore-read /local/domain/0/backend/vbd/$(xl domid plug)/51728/state) = 5 ] || [ $i -gt 50 ];"
              " do sleep 0.1; i=$((i+1)); done")
    guest.succeeds("pvblock rescan")
    lab.shell("i=0; until grep detached= /run/detach.log || [ $i -gt 200 ]; do sleep 0.1; i=$((i+1)); done")
    assert "detached=0" in lab.shell("cat /run/detach.log")
    assert numbers(guest) == ["0", "2"]
    assert "unknown device" in guest.fails("pvblock device 1")

    guest.succeeds("pvblock device 2; pvblock read ${loadaddr} 0 1")
    lab.shell("xl block-detach --force plug xvdc", timeout=180)
    assert "no longer used" in guest.fails("pvblock read ${loadaddr} 0 100")
    assert numbers(guest) == ["0"]
    guest.succeeds("ls pvblock 0:1")

    attach(lab, guest, "phy:/dev/disk/noise", "xvdb", "r")
    attach(lab, guest, "phy:/dev/disk/scratch", "xvdd")
    assert numbers(guest) == ["0", "1", "3"]
    assert checksum(guest, 1) == before
    guest.succeeds("pvblock device 3; pvblock write ${loadaddr} 0 100")
    assert read_back(lab, "scratch", 0x20000) == read_back(lab, "noise", 0x20000)


@pytest.fixture
def full(lab):
    """A file of 16 MiB in a filesystem that holds two of them."""
    lab.shell("mkdir -p /run/full && mount -t tmpfs -o size=2m full /run/full && truncate -s 16M /run/full/disk.img")
    yield "file:/run/full/disk.img"
    lab.shell("i=0; until umount /run/full 2>/dev/null || [ $i -gt 50 ]; do sleep 0.2; i=$((i+1)); done")


def test_a_disk_that_is_full_underneath(full, lab, loader):
    """What is said to be written is, and the rest is an error that names its block."""
    guest = lab.start("full", loader, [f"{full},xvda,w"])
    try:
        guest.to_prompt()
        guest.succeeds("mw.b ${loadaddr} 5a 100000; pvblock write ${loadaddr} 0 800")
        out = guest.fails("pvblock write ${loadaddr} 1000 2000")
        assert "OK" not in out and re.search(r"device 0 block # 4096, .*ERROR \(I/O error at block \d+\)", out), out
        guest.succeeds("mw.b ${loadaddr} 0 100000; pvblock read ${loadaddr} 0 800")
        assert guest.succeeds("md.b ${loadaddr} 10; md.b 400ffff0 10").count("5a 5a 5a 5a") == 2 * 4
    finally:
        guest.destroy()


def test_what_was_written_survives_the_host(tmp_path, loader, lab):
    """The whole host is killed as soon as the command has said that the data is written."""
    image, source = disks.blank(tmp_path / "target.img", 16 * MIB), disks.noise(tmp_path / "source.img", 8 * MIB, seed=7)
    with XenLab(disks={"target": image, "source": source}, keep=True, log_dir=lab.log_dir.parent / "killed") as host:
        guest = host.start("killed", loader, ["phy:/dev/disk/target,xvda,w", "phy:/dev/disk/source,xvdb,r"])
        guest.to_prompt()
        guest.succeeds("pvblock device 1; pvblock read ${loadaddr} 0 4000; pvblock device 0")
        guest.send("pvblock write ${loadaddr} 0 4000\r")
        guest.expect("16384 blocks written: OK")
        os.kill(host.qemu.pid, signal.SIGKILL)
    assert image.read_bytes()[:8 * MIB] == source.read_bytes()
