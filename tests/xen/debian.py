# SPDX-License-Identifier: GPL-2.0-or-later
"""Disks with Debian, made once by Debian's own tools and kept in target/xenlab/debian.

Building takes some minutes: programs for arm64 are emulated.
"""
import dataclasses
import re
import shutil
import subprocess

import disks
import hostfiles
from disks import LINUX_DATA, MIB

FOLDER = hostfiles.FOLDER / "debian"
SOURCES = ["build-debian", "debian-sources", "debian.py", "disks.py"]
CANNOT_RUN = 77
# All are in build-debian, too.
UUID = "7a3c5e11-0b1d-4c55-9d1e-5f0c0a9f0001"
PARTUUID = "7a3c5e11-0b1d-4c55-9d1e-5f0c0a9f0002"
ROOT_SIZE, BOOT_SIZE = 1280, 192  # MiB

NAMES = ["uuid", "partuuid", "label", "upgraded", "fit"]
CONFIGURATION = "/boot/extlinux/extlinux.conf"
SCRIPT = """setenv bootargs {append}
load ${{devtype}} ${{devnum}}:${{distro_bootpart}} ${{kernel_addr_r}} ${{prefix}}vmlinuz-{version}
load ${{devtype}} ${{devnum}}:${{distro_bootpart}} ${{ramdisk_addr_r}} ${{prefix}}initrd.img-{version}
booti ${{kernel_addr_r}} ${{ramdisk_addr_r}}:${{filesize}} ${{fdtcontroladdr}}
"""
FIT = """/dts-v1/;
/ {{
	description = "Debian";
	#address-cells = <1>;
	images {{
		kernel {{
			data = /incbin/("{kernel}"); type = "kernel_noload"; arch = "arm64"; os = "linux";
			compression = "none"; load = <0>; entry = <0>; hash-1 {{ algo = "sha256"; }};
		}};
		ramdisk {{
			data = /incbin/("{initrd}"); type = "ramdisk"; arch = "arm64"; os = "linux";
			compression = "none"; hash-1 {{ algo = "sha256"; }};
		}};
	}};
	configurations {{
		default = "debian";
		debian {{ kernel = "kernel"; ramdisk = "ramdisk"; }};
	}};
}};
"""


class Unavailable(Exception):
    """Such disks cannot be made on this machine; the message says why."""


@dataclasses.dataclass
class Debian:
    """Disks by name, and the versions of the two kernels."""

    disks: dict
    older: str
    newer: str


def ensure():
    """Make the disks if they are missing or older than what makes them."""
    with hostfiles.outdated("debian", SOURCES) as build:
        if build:
            make()
    older, newer = (FOLDER / "versions").read_text().split()
    return Debian({name: FOLDER / f"{name}.img" for name in NAMES}, older, newer)


def make():
    """Install Debian, and put each disk together."""
    parts = FOLDER / "parts"
    shutil.rmtree(FOLDER, ignore_errors=True)
    done = subprocess.run([hostfiles.HERE / "build-debian", parts], stdin=subprocess.DEVNULL, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode == CANNOT_RUN:
        raise Unavailable(done.stdout.strip())
    if done.returncode != 0:
        raise RuntimeError(f"installing Debian failed:\n{done.stdout}")
    for name in ["uuid", "upgraded"]:
        disks.gpt(FOLDER / f"{name}.img", (ROOT_SIZE + 2) * MIB, [(LINUX_DATA, "root", 1, parts / f"{name}.ext4")])
    partuuid(FOLDER / "partuuid.img", parts)
    label(FOLDER / "label.img", parts)
    (parts / "versions").rename(FOLDER / "versions")
    fit(FOLDER / "fit.img", parts)
    shutil.rmtree(parts)


def partuuid(path, parts):
    """GPT; the root is named by the UUID of its partition, the other is marked as what to boot from."""
    disks.gpt(path, (BOOT_SIZE + ROOT_SIZE + 2) * MIB, [
        (LINUX_DATA, "boot", 1, parts / "partuuid-boot.ext4"),
        (LINUX_DATA, "root", BOOT_SIZE + 1, parts / "partuuid.ext4")])
    disks.tool("sgdisk", "--attributes=1:set:2", f"--partition-guid=2:{PARTUUID}", path)


def label(path, parts):
    """A DOS table."""
    boot, root, start = BOOT_SIZE * 2048, ROOT_SIZE * 2048, 2048
    table = (f"label: dos\nstart={start}, size={boot}, type=c, bootable\n"
             f"start={start + boot}, size={root}, type=83\n")
    disks.dos(path, (BOOT_SIZE + ROOT_SIZE + 2) * MIB, table,
              [(start, parts / "label-boot.fat"), (start + boot, parts / "label.ext4")])


def fit(path, parts):
    """Like "uuid", but with a FIT whose initrd is damaged, and a script to boot without it."""
    disks.tool("cp", "--sparse=always", FOLDER / "uuid.img", path)
    version = (FOLDER / "versions").read_text().split()[0]
    kernel, initrd = boot_files(path, parts, version)
    append = arguments(path)
    script, source, itb = parts / "boot.scr", parts / "boot.cmd", parts / "debian.itb"
    source.write_text(SCRIPT.format(append=append, version=version))
    disks.tool("mkimage", "-A", "arm64", "-T", "script", "-C", "none", "-d", source, script)
    source.write_text(FIT.format(kernel=kernel, initrd=initrd))
    disks.tool("mkimage", "-f", source, itb)
    damage(itb, initrd.read_bytes()[:4096])
    source.write_text(f"label debian\n\tkernel /boot/debian.itb\n\tappend {append}\n")
    disks.debugfs(path, f"rm {CONFIGURATION}")
    for file, name in [(source, CONFIGURATION), (script, "/boot/boot.scr"), (itb, "/boot/debian.itb")]:
        disks.debugfs(path, f"write {file} {name}")


def boot_files(image, folder, version):
    """Copy kernel and initrd from a disk like "uuid" to a folder; return their paths."""
    for name in ["vmlinuz", "initrd.img"]:
        disks.debugfs(image, f"dump /boot/{name}-{version} {folder / name}")
    return folder / "vmlinuz", folder / "initrd.img"


def arguments(image):
    """What u-boot-update gives the first kernel of a disk like "uuid", without `quiet`."""
    text = disks.debugfs(image, f"cat {CONFIGURATION}")
    return re.search(r"\tappend (.*)", text)[1].replace(" quiet", "")


def damage(path, piece):
    """Change a byte of a file where this piece of it is."""
    content = bytearray(path.read_bytes())
    content[content.index(piece) + len(piece) - 1] ^= 1
    path.write_bytes(content)


if __name__ == "__main__":
    try:
        ensure()
    except Unavailable as reason:
        print(f"NOT DONE: {reason}")
