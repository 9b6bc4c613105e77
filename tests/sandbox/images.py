# SPDX-License-Identifier: GPL-2.0-or-later
"""Kernels, scripts and disks, made by the host's tools."""
import os
import struct
import subprocess

MIB = 1 << 20
os.environ["PATH"] += ":/usr/sbin:/sbin"


def tool(*words, stdin=None):
    """Runs a tool of the host."""
    subprocess.run(words, check=True, input=stdin, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def kernel(size=3 * MIB):
    """A file with the header of an arm64 kernel."""
    header = struct.pack("<IIQQQQQQ4sI", 0x14000010, 0, 0, size, 0xa, 0, 0, 0, b"ARM\x64", 0)
    return header + bytes(i * 7 & 0xff for i in range(size - len(header)))


def script(path, text):
    """A script as mkimage packs it."""
    source = path.with_suffix(".cmd")
    source.write_text(text)
    tool("mkimage", "-A", "arm64", "-O", "linux", "-T", "script", "-C", "none", "-n", "boot", "-d", source, path)
    source.unlink()


def tree(path, source):
    """A device tree, or an overlay, with its labels."""
    tool("dtc", "-q", "-@", "-I", "dts", "-O", "dtb", "-o", path, "-", stdin=source.encode())


def disk(image, root):
    """A disk with one bootable partition of ext4 that holds what is in a folder."""
    part = image.with_suffix(".part")
    for path, size in [(part, 32 * MIB), (image, 34 * MIB)]:
        with path.open("wb") as file:
            file.truncate(size)
    tool("mke2fs", "-q", "-t", "ext4", "-d", root, part)
    tool("sfdisk", "-q", image, stdin=b"start=2048, size=65536, type=83, bootable\n")
    with image.open("r+b") as file:
        file.seek(MIB)
        file.write(part.read_bytes())
    part.unlink()
