#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""How long Debian takes to its kernel's first line, on a real Xen under QEMU's emulation.

The same Debian disk, kernel and initrd in Domain-0's memory; a guest of 1 GiB.
In each round one after the other: xl's direct boot of that kernel and initrd;
the loader, which finds them on the disk by itself; and any other loader given
with --against, which is told at its prompt what to load. The countdown of a
loader is ended as soon as it begins. `cargo xtask bench` runs it.
"""
import argparse
import pathlib
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "xen"))

import debian  # noqa: E402
import disks  # noqa: E402
import hostfiles  # noqa: E402
from lab import XenLab  # noqa: E402
from pvblock import in_memory, report, settle  # noqa: E402

FIRST_LINE = r"\[ +0\.000000\] Booting Linux"


def main():
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("loader", help="the boot loader's image")
    parser.add_argument("--against", action="append", default=[], metavar="FILE", help="another boot loader's image")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    images = {"ours": options.loader} | {pathlib.Path(path).stem: path for path in options.against}
    installed = debian.ensure()
    with tempfile.TemporaryDirectory(dir=hostfiles.FOLDER) as folder:
        disk = Disk(installed, pathlib.Path(folder))
        with XenLab(disks={"debian": disk.image}, memory=7168, dom0_memory=4096,
                    log_dir=hostfiles.FOLDER / "logs-bench") as lab:
            measure(lab, disk, images, options.rounds)


class Disk:
    """Debian's disk with a kernel that is not quiet; and what is on it, as files."""

    def __init__(self, installed, folder):
        self.image, self.version = folder / "debian.img", installed.older
        disks.tool("cp", "--sparse=always", installed.disks["uuid"], self.image)
        self.kernel, self.initrd = debian.boot_files(self.image, folder, self.version)
        self.append = debian.arguments(self.image)
        text = disks.debugfs(self.image, f"cat {debian.CONFIGURATION}")
        # The first line is debugfs's own.
        (folder / "extlinux.conf").write_text(text.split("\n", 1)[1].replace(" quiet", ""))
        legacy = folder / "uInitrd"
        disks.tool("mkimage", "-A", "arm64", "-T", "ramdisk", "-C", "none", "-d", self.initrd, legacy)
        disks.debugfs(self.image, f"write {legacy} /boot/uInitrd")
        # U-Boot's board reads no other partition table.
        disks.tool("sfdisk", "-q", "--wipe=always", self.image,
                   text=f"label: dos\nstart=2048, size={debian.ROOT_SIZE * 2048}, type=83, bootable\n")
        disks.debugfs(self.image, f"rm {debian.CONFIGURATION}")
        disks.debugfs(self.image, f"write {folder / 'extlinux.conf'} {debian.CONFIGURATION}")

    def loads(self):
        """The commands for a loader that is told everything."""
        load = "ext4load pvblock 0:1 ${%s} /boot/%s"
        # U-Boot's board has no such addresses in its default environment, and takes no other initrd.
        return ["setenv kernel_addr_r 48000000; setenv ramdisk_addr_r 58000000",
                load % ("kernel_addr_r", f"vmlinuz-{self.version}"), load % ("ramdisk_addr_r", "uInitrd"),
                f"setenv bootargs {self.append}"], "booti ${kernel_addr_r} ${ramdisk_addr_r} ${fdtcontroladdr}"


def measure(lab, disk, images, rounds):
    """Rounds of all subjects."""
    in_memory(lab, "debian")
    for path in [disk.kernel, disk.initrd]:
        lab.shell(f"cp {lab.put(path)} /run/{path.name}", 300)
    for name, image in images.items():
        lab.shell(f"cp {lab.put(image, name)} /run/{name}")
    names = ["direct"] + list(images)
    creation, first, together = ({name: [] for name in names} for _ in range(3))
    for _ in range(rounds):
        for name in names:
            created, ran = once(lab, disk, name)
            creation[name].append(created)
            first[name].append(ran)
            together[name].append(created + ran)
    report("xl create", creation)
    report("from the guest's start to the kernel's first line", first)
    report("both together", together)


def once(lab, disk, name):
    """Seconds to create a guest, and from its start to the first line."""
    kernel, extra = f"/run/{name}", ""
    if name == "direct":
        kernel, extra = f"/run/{disk.kernel.name}", f'ramdisk="/run/{disk.initrd.name}"\nextra="{disk.append}"'
    guest = lab.start("debian", kernel, ["phy:/dev/mapper/debian,xvda,w"], memory=1024, extra=extra, paused=True)
    settle()
    begin = time.monotonic()
    lab.shell("xl unpause debian")
    if name != "direct":
        guest.to_prompt()
        commands, last = ([], "boot") if name == "ours" else disk.loads()
        for command in commands:
            output = guest.command(command)
            assert "load" not in command or "bytes read" in output, output
        guest.send(f"{last}\r")
    guest.expect(FIRST_LINE, 120)
    took = time.monotonic() - begin
    guest.destroy()
    return guest.creation, took


if __name__ == "__main__":
    main()
