# SPDX-License-Identifier: GPL-2.0-or-later
"""An environment that is stored on the first disk, and what u-boot-tools make of it."""
import hashlib
import re
import subprocess

import pytest

from disks import ENVIRONMENT

# As configs/xenguest_arm64_env_defconfig has it, and the README for the guest.
PLACES, SIZE = [0x80000, 0xa0000], 0x20000
WARNING = "*** Warning - bad CRC, using default environment"


@pytest.fixture
def disk(made, tmp_path):
    """A copy of the disk without an environment, which a test may prepare."""
    path = tmp_path / "env.img"
    path.write_bytes(made.plain["env"].read_bytes())
    return path


@pytest.fixture
def begin(start, lab, stored):
    """Starts a guest from what is on the disk, after putting an image there; ends the one before."""
    guests = []

    def again(image=None, stop=True):
        for guest in guests:
            guest.destroy()
        guests.clear()
        if image:
            lab.shell(f"dd if={lab.put(image)} of=/dev/disk/env bs=1M oflag=direct 2>/dev/null")
        guests.append(start("env", ["phy:/dev/disk/env,xvda,w"], image=stored))
        return guests[0], guests[0].to_prompt() if stop else None

    return again


def medium(lab):
    """What is on the disk, as Domain-0 finds it on the medium."""
    lab.shell("dd if=/dev/disk/env of=/share/medium bs=1M iflag=direct 2>/dev/null")
    return bytearray((lab.share / "medium").read_bytes())


def tool(program, image, *arguments):
    """Runs a tool of u-boot-tools on a disk image."""
    config = image.with_suffix(".config")
    config.write_text("".join(f"{image} {place:#x} {SIZE:#x}\n" for place in PLACES))
    done = subprocess.run([program, "-c", config, *arguments], env=ENVIRONMENT, text=True, check=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return done.stdout


def outside(content):
    """The bytes of a disk that are not the environment's."""
    return content[:PLACES[0]] + content[PLACES[1] + SIZE:]


def test_an_environment_outlives_the_guest(begin, lab, disk, made):
    """Nothing is written before saveenv; what it has written is there after a kill, also for Linux's tools."""
    new = disk.read_bytes()
    guest, banner = begin(disk)
    assert WARNING in banner
    assert guest.variable("bootdelay") == "10"
    assert medium(lab) == new
    guest.succeeds("setenv greeting 'hello there'; setenv bootdelay 7")
    assert medium(lab) == new
    out = guest.succeeds("saveenv")
    assert re.match(r"Saving Environment to BLK\.\.\. Writing to (redundant )?pvblock\(0\)\.\.\. OK$", out.strip())

    guest, banner = begin()
    assert "Loading Environment from BLK... OK" in banner and "Warning" not in banner
    assert "stop autoboot:  7" in banner
    assert guest.variable("greeting") == "hello there"
    info = guest.succeeds("env info")
    assert "env_use_default = false" in info and re.search("env_valid = (valid|redundant)", info)

    after = medium(lab)
    assert outside(after) == outside(new)
    disk.write_bytes(after)
    assert tool("fw_printenv", disk, "greeting", "bootdelay") == "greeting=hello there\nbootdelay=7\n"
    stored_lines, lines = (text.splitlines() for text in [tool("fw_printenv", disk), guest.succeeds("printenv -a")])
    assert sorted(stored_lines) == sorted(lines[:-2])


def test_a_damaged_copy_gives_way(begin, lab, disk):
    """Of two copies that Linux's tools have written, the other one counts; without one it is the default."""
    defaults = disk.with_suffix(".txt")
    defaults.write_text("generation=none\n")
    tool("fw_setenv", disk, "-f", defaults, "generation", "first")
    tool("fw_setenv", disk, "generation", "second")
    content = bytearray(disk.read_bytes())
    newer = content.index(b"generation=second\0")
    content[newer + 11] ^= 1
    disk.write_bytes(content)
    guest, _ = begin(disk)
    assert guest.variable("generation") == "first"

    content[content.index(b"generation=first\0") + 11] ^= 1
    disk.write_bytes(content)
    guest, banner = begin(disk)
    assert WARNING in banner
    assert "not defined" in guest.fails("printenv generation")
    assert medium(lab) == content
    guest.succeeds("setenv generation third; saveenv")
    after = medium(lab)
    assert after != content and outside(after) == outside(content)
    disk.write_bytes(after)
    assert tool("fw_printenv", disk, "generation") == "generation=third\n"


def test_starts_are_counted_in_the_environment(begin, disk):
    """Only while an upgrade is on its way, and not those that somebody stops."""
    guest, _ = begin(disk)
    for name, value in [("bootdelay", "5"), ("bootlimit", "2"), ("upgrade_available", "1"),
                        ("bootcmd", "echo usual ${bootcount}"), ("altbootcmd", "echo other ${bootcount}")]:
        guest.succeeds(f"setenv {name} '{value}'")
    guest.succeeds("saveenv")
    for said in ["usual 1", "usual 2", "other 3"]:
        guest, _ = begin(stop=False)
        guest.expect(rf"\n{said}\r*\n")
        guest, _ = begin()
    guest.succeeds("setenv upgrade_available 0; setenv bootcount 0; saveenv")
    for _ in range(2):
        guest, _ = begin(stop=False)
        guest.expect(r"\nusual 1\r*\n")
