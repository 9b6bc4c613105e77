# SPDX-License-Identifier: GPL-2.0-or-later
"""Standard boot: the order of the disks, what is tried, and what is said of it."""
import re

import pytest

import disks
from disks import MIB
from test_linux import BOOT, facts

SCRIPT = "echo the script of ${devtype} ${devnum}:${distro_bootpart} in ${prefix}; false\n"
BROKEN = "label one\n kernel /boot/nothing\n"


@pytest.fixture(scope="module")
def small(made, lab):
    """Disks in Domain-0: one with a script, one with a broken configuration."""
    folder = made.folder / "bootflow"
    (folder / "script").mkdir(parents=True)
    (folder / "boot.txt").write_text(SCRIPT)
    disks.tool("mkimage", "-T", "script", "-C", "none", "-d", folder / "boot.txt", folder / "script/boot.scr")
    (folder / "broken/boot/extlinux").mkdir(parents=True)
    (folder / "broken/boot/extlinux/extlinux.conf").write_text(BROKEN)
    paths = {}
    for name in ["script", "broken"]:
        part = disks.ext(folder / f"{name}.part", 4 * MIB, folder / name)
        image = disks.gpt(folder / f"{name}.img", 8 * MIB, [(disks.LINUX_DATA, name, 1, part)])
        paths[name] = lab.put(image, f"bootflow-{name}.img")
    return paths


def scanned(text):
    """The numbers of the disks, in the order of trying."""
    return re.findall(r"(?m)^Scanning bootdev 'pvblock(\d+)\.bootdev':$", text)


def test_a_broken_first_disk_does_not_keep_the_second_from_booting(start, small):
    """Autoboot, untouched."""
    guest = start("second", [f"file:{small['broken']},xvda,r", "phy:/dev/disk/linux,xvdb,w"])
    before, _ = guest.expect("Starting kernel", BOOT)
    for line in ["** Booting bootflow 'pvblock0.bootdev.part_1' with extlinux",
                 "/boot/nothing: not found", "Boot failed (err=-14)",
                 "** Booting bootflow 'pvblock1.bootdev.part_2' with extlinux"]:
        assert line in before
        before = before[before.index(line):]
    facts(guest)


def test_order_and_what_is_said_if_nothing_boots(start, lab, small):
    """The order of xl and of boot_targets, keys of the toolstack, and the list of failures."""
    guest = start("order", [f"file:{small['script']},xvdb,r", f"file:{small['broken']},xvda,r",
                            "phy:/dev/disk/noise,xvdc,r"])
    guest.to_prompt()
    domain = lab.shell("xl domid order").strip()
    listed = lab.shell(f"xenstore-list /local/domain/{domain}/device/vbd").split()
    # A store that sorts does not tell the order.
    order = ["1", "0", "2"] if listed == ["51728", "51712", "51744"] else ["0", "1", "2"]
    assert listed in (["51728", "51712", "51744"], sorted(listed))
    out = guest.succeeds("bootflow scan -l")
    assert scanned(out) == order
    assert re.search(r"(?m)^ +\d  script       ready   pvblock      1  pvblock1\.bootdev\.part_1   /boot\.scr$", out)
    assert "(2 bootflows, 2 valid)" in out
    guest.succeeds("setenv boot_targets pvblock2 pvblock0 pvblock1")
    assert scanned(guest.succeeds("bootflow scan -l")) == ["2", "0", "1"]
    guest.succeeds("setenv boot_targets")

    back = {n: lab.shell(f"xenstore-read /local/domain/{domain}/device/vbd/{n}/backend").strip()
            for n in listed}
    assert lab.shell(f"xenstore-read {back['51712']}/bootable").strip() == "1"
    lab.shell(f"xenstore-write {back['51712']}/bootable 0 {back['51728']}/device-type cdrom")
    assert scanned(guest.succeeds("bootflow scan -l")) == ["2", "1"]
    lab.shell(f"xenstore-write {back['51712']}/bootable 1")

    out = guest.fails("bootflow scan -b")
    assert "\nthe script of pvblock 1:1 in /\nBoot failed (err=1)\n" in out
    failures = out[out.index("Nothing was booted:"):]
    assert "\n  pvblock0.bootdev.part_1, extlinux: /boot/nothing: not found; Skipping one " in failures
    assert "\n  pvblock2.bootdev.whole: not supported: no file system that is known\n" in failures
    # What XenStore calls a CD-ROM comes last.
    assert failures.endswith("\n  pvblock1.bootdev.part_1, script: the script of pvblock 1:1 in /")
    assert re.search(r"(?m)^     -- .*files \d+\.\d ms, boot \d+\.\d ms$", guest.succeeds("bootflow list -e"))
