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
        while guests:
            host.wait_until_gone(guests[0].name, BOOT)
            guests.pop().destroy()
        guests.append(host.start(disk, loader, [f"phy:/dev/disk/{disk},xvda,w"], memory=1024))
        return guests[-1]

    yield begin
    for guest in guests:
        guest.destroy()


def log_in(guest):
    """Wait for the login prompt on the console, and log in."""
    guest.expect("debian login: ", BOOT)
    guest.send("root\r")
    guest.expect("# ", BOOT)
    guest.send("stty -echo\r")


def shell(guest, commands):
    """Run commands in the guest's shell; return what they print."""
    guest.send(f"echo be''gin; {commands}; echo do''ne $?\r")
    guest.expect("begin\r*\n", BOOT)
    out, match = guest.expect(r"done (\d+)", BOOT)
    assert match[1] == "0", out
    # The shell switches the terminal's ways of pasting before and after each line.
    return re.sub(r"\r|\x1b\[[?0-9;]*[a-z]", "", out)


def facts(guest):
    """Log in, and ask for the kernel, its command line and the mounts."""
    log_in(guest)
    return shell(guest, "uname -r; cat /proc/cmdline; findmnt -rno SOURCE,TARGET,FSTYPE /; "
                        "findmnt -rno SOURCE,TARGET,FSTYPE /boot || true")


@pytest.mark.parametrize("disk, root, mounts", [
    ("uuid", f"UUID={debian.UUID}", ["/dev/xvda1 / ext4"]),
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


# What doc/usage.md says, but for apt. Without triggers: flash-kernel's fails until it is set up, and
# initramfs-tools' makes an initrd, which takes minutes here.
FLASH_KERNEL = f"""dpkg --purge u-boot-menu
rm -r /boot/extlinux
dpkg --no-triggers --install /root/*.deb
cp /sys/firmware/fdt /etc/flash-kernel/dtbs/xen.dtb
echo "Machine: $(tr -d '\\0' </proc/device-tree/model)" >/etc/flash-kernel/db
echo 'Kernel-Flavors: arm64' >>/etc/flash-kernel/db
echo 'DTB-Id: xen.dtb' >>/etc/flash-kernel/db
echo 'Boot-Script-Path: /boot/boot.scr' >>/etc/flash-kernel/db
echo 'U-Boot-Script-Name: bootscr.uboot-generic' >>/etc/flash-kernel/db
echo 'LINUX_KERNEL_CMDLINE="root=UUID={debian.UUID} ro"' >>/etc/default/flash-kernel
flash-kernel"""


def test_flash_kernel(boots, installed):
    """flash-kernel in place of u-boot-menu, installed by dpkg in the guest; its script as it is.

    The last test: it changes the disk.
    """
    guest = boots("upgraded")
    log_in(guest)
    shell(guest, FLASH_KERNEL.replace("\n", " && "))
    guest.send("poweroff\r")
    guest = boots("upgraded")
    before, _ = guest.expect(rf"Booting Debian {re.escape(installed.newer)} from pvblock 0:1\.\.\.", BOOT)
    assert "** Booting bootflow 'pvblock0.bootdev.part_1' with script" in before
    found = facts(guest).split("\n")
    assert installed.newer in found
    assert f"root=UUID={debian.UUID} ro" in found[found.index(installed.newer) + 1]
