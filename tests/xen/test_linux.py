# SPDX-License-Identifier: GPL-2.0-or-later
"""Booting Linux, and what Linux then finds."""
import gzip
import re

import pytest

import disks
import hostfiles
import soak
from lab import XenLab

BOOT = 240  # seconds: QEMU emulates, and other tests may run


def facts(guest):
    """Wait until Linux is up; return what its initramfs found."""
    out, _ = guest.expect("LINUX-FACTS-END", BOOT)
    return out[out.index("LINUX-UP"):].replace("\r", "")


def writable_root(guest, disk="xvda2"):
    """Linux goes on to its root filesystem, can write it, and ends."""
    guest.expect(rf"LINUX-ROOT /dev/{disk} ext4 rw", 60)
    guest.expect("linux# ", 60)
    guest.send("echo kept > /note && sync && cat /note /started && echo do''ne\r")
    guest.expect(r"\nkept\r*\n[^\n]*\d{4}[^\n]*\n(?s:.*?)done", 30)
    guest.expect("linux# ", 30)
    guest.send("poweroff\r")
    guest.lab.wait_until_gone(guest.name)


@pytest.mark.parametrize("memory", [64, 512, 5120])
def test_extlinux(start, memory):
    """Autoboot, untouched, to a root filesystem on the disk."""
    guest = start("linux", ["phy:/dev/disk/linux,xvda,w"], memory=memory)
    before, _ = guest.expect("Starting kernel", BOOT)
    assert "Hit any key to stop autoboot" in before
    found = facts(guest)
    assert "root=/dev/xvda2 console=hvc0 quiet" in found
    assert re.search(r"(?m)^LINUX-DISK xvda 131072$", found)
    usable = int(re.search(r"LINUX-MEMORY (\d+) kB", found)[1])
    # All but what the kernel itself takes, which is as much when Xen starts it directly.
    assert usable > memory * 1024 - max(40 * 1024, memory * 1024 // 16)
    writable_root(guest)


def test_image_and_initrd_without_a_configuration(start):
    """The command line is the one that Xen passed."""
    guest = start("bare", ["phy:/dev/disk/bare,xvda,w"], extra='extra="console=hvc0 root=/dev/xvda2 test.word"')
    assert "console=hvc0 root=/dev/xvda2 test.word" in facts(guest)
    writable_root(guest)


def test_a_disk_that_was_not_unmounted(start, lab):
    """The journal of the filesystem still has something to replay."""
    guest = start("crash", ["phy:/dev/disk/linux,xvda,w"])
    facts(guest)
    guest.expect("linux# ", 60)
    guest.send("echo unclean > /crashed; sync; echo do''ne\r")
    guest.expect(r"\ndone", 30)
    lab.shell("xl destroy crash")
    guest = start("after", ["phy:/dev/disk/linux,xvda,w"])
    facts(guest)
    guest.expect("linux# ", 60)
    guest.send("cat /crashed\r")
    guest.expect(r"\nunclean", 30)
    guest.expect("linux# ", 30)
    guest.send("poweroff\r")
    lab.wait_until_gone("after")


def test_booti_by_hand(start):
    """After commands that used the disk; the arguments are the user's."""
    guest = start("hand", ["phy:/dev/disk/linux,xvda,w"])
    guest.to_prompt()
    guest.succeeds("load pvblock 0:2 ${ramdisk_addr_r} /boot/initrd && setenv rd ${filesize}")
    guest.succeeds("load pvblock 0:2 ${kernel_addr_r} /boot/Image", timeout=BOOT)
    guest.succeeds("setenv bootargs console=hvc0 test.by-hand")
    guest.send("booti ${kernel_addr_r} ${ramdisk_addr_r}:${rd} ${fdtcontroladdr}\r")
    assert "test.by-hand" in facts(guest)


def test_the_initramfs_that_xen_passed(start, lab):
    """`-` for the initramfs, which Xen put into memory and /chosen."""
    ramdisk = lab.put(hostfiles.GUEST_INITRD, "ramdisk")
    guest = start("chosen", ["phy:/dev/disk/linux,xvda,w"],
                  extra=f'ramdisk="{ramdisk}"\nextra="console=hvc0 test.chosen"')
    guest.to_prompt()
    guest.succeeds("load pvblock 0:2 ${kernel_addr_r} /boot/Image", timeout=BOOT)
    guest.send("booti ${kernel_addr_r} - ${fdtcontroladdr}\r")
    assert "test.chosen" in facts(guest)


def test_compressed_kernel(start, lab, made):
    """gzip, from a filesystem without a partition table."""
    tree = made.folder / "compressed"
    tree.mkdir()
    (tree / "Image.gz").write_bytes(gzip.compress(hostfiles.LINUX.read_bytes(), 1))
    (tree / "initrd").write_bytes(hostfiles.GUEST_INITRD.read_bytes())
    image = disks.ext(made.folder / "compressed.img", 32 * disks.MIB, tree)
    guest = start("gzip", [f"file:{lab.put(image)},xvda,w"], extra='extra="console=hvc0 test.gzip"')
    guest.to_prompt()
    guest.succeeds("load pvblock 0 ${ramdisk_addr_r} /initrd && setenv rd ${filesize}")
    guest.succeeds("load pvblock 0 ${kernel_addr_r} /Image.gz", timeout=BOOT)
    guest.send("booti ${kernel_addr_r} ${ramdisk_addr_r}:${rd} ${fdtcontroladdr}\r")
    assert "test.gzip" in facts(guest)


def test_booti_refuses_what_is_no_kernel(guest):
    guest.succeeds("mw.b ${kernel_addr_r} 0 1000")
    assert "magic" in guest.fails("booti ${kernel_addr_r} - ${fdtcontroladdr}").lower()
    guest.succeeds("pvblock info")


def test_nothing_stays_granted(start, lab):
    """A Linux without the block driver: what is granted then is the loader's."""
    guest = start("grants", ["phy:/dev/disk/bare,xvda,w"],
                  extra='extra="console=hvc0 rdinit=/bin/busybox -- sh"')
    guest.expect("Run /bin/busybox as init process", BOOT)
    domain = lab.shell("xl domid grants").strip()
    table = soak.dump(lab)
    match = re.search(rf"grant-table for remote d{domain}\b.*?(?=grant-table for|gnttab_usage_print_all \]|$)", table, re.S)
    assert match, table
    # 0 to 7 are reserved for the console and XenStore.
    left = [ref for ref in re.findall(r"\[0x([0-9a-f]+)\]", match[0]) if int(ref, 16) >= 8]
    assert left == []
    state = lab.shell(f"xenstore-read /local/domain/{domain}/device/vbd/51712/state").strip()
    assert state == "1"
    keys = lab.shell(f"xenstore-ls /local/domain/{domain}/device/vbd/51712")
    assert not re.search("ring-ref|event-channel|ring-page-order|protocol|feature-", keys)


def test_twelve_disks(start, lab):
    """Each is found under its number, and Linux finds them all again."""
    lab.shell("mkdir -p /run/many && for i in $(seq 1 11); do"
              " (echo disk-$i-; dd if=/dev/zero bs=1M count=1) > /run/many/$i.img 2>/dev/null; done; "
              "for i in $(seq 1 11); do truncate -s 1M /run/many/$i.img; done")
    names = "bcdefghijkl"
    more = [f"file:/run/many/{n}.img,xvd{letter},w" for n, letter in enumerate(names, 1)]
    # Not in the order of their numbers.
    guest = start("many", more[::-1] + ["phy:/dev/disk/linux,xvda,w"], extra='extra="test.disks=12"')
    guest.to_prompt()
    assert re.findall(r"(?m)^Device (\d+): ", guest.succeeds("pvblock info")) == [str(n) for n in range(12)]
    for number in [1, 5, 11]:
        guest.succeeds(f"pvblock device {number}; pvblock read ${{loadaddr}} 0 1")
        assert f"disk-{number}-" in guest.succeeds("md.b ${loadaddr} 10")
    guest.succeeds("setenv bootargs console=hvc0 test.disks=12")
    guest.succeeds("load pvblock 0:2 ${ramdisk_addr_r} /boot/initrd && setenv rd ${filesize}")
    guest.succeeds("load pvblock 0:2 ${kernel_addr_r} /boot/Image", timeout=BOOT)
    guest.send("booti ${kernel_addr_r} ${ramdisk_addr_r}:${rd} ${fdtcontroladdr}\r")
    assert len(re.findall(r"(?m)^LINUX-DISK xvd[a-l] ", facts(guest))) == 12


def test_two_guests_at_once(start):
    one = start("one", ["phy:/dev/disk/linux,xvda,w"], memory=256)
    two = start("two", ["phy:/dev/disk/bare,xvda,w"], memory=256, extra='extra="console=hvc0 root=/dev/xvda2"')
    assert "LINUX-UP" in facts(one)
    assert "LINUX-UP" in facts(two)
    writable_root(one)
    writable_root(two)


def test_without_disks_there_is_a_prompt(start):
    """Autoboot finds nothing, says so, and leaves the user at the prompt."""
    guest = start("none")
    guest.expect("Hit any key to stop autoboot")
    guest.expect("xenguest# ", 60)
    guest.command("pvblock info")
    assert guest.command("echo alive").strip() == "alive"


def test_gic_v3(made, loader, lab):
    """The prompt, a disk, and Linux with its root, on another interrupt controller."""
    with XenLab(disks={"linux": made.plain["linux"]}, gic=3, log_dir=lab.log_dir.parent / "gicv3") as host:
        guest = host.start("v3", loader, ["phy:/dev/disk/linux,xvda,w"])
        guest.to_prompt()
        assert "(262144 x 512)" in guest.succeeds("pvblock info")
        guest.send("boot\r")
        facts(guest)
        writable_root(guest)
