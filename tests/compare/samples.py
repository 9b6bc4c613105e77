# SPDX-License-Identifier: GPL-2.0-or-later
"""Disks and files that the cases use, made by the ordinary tools, the same each time."""
import gzip
import lzma
import os
import pathlib
import random
import struct
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "xen"))

from disks import MIB, blank, dos, ext, fat, gpt, tool  # noqa: E402

# What ext and GPT would take at random.
UUID = "3e8ba8a0-6c1f-4b1d-9d1e-0123456789ab"
GUIDS = ["b8a2e2c0-5a3c-4c39-9d0e-111111111111", "b8a2e2c0-5a3c-4c39-9d0e-222222222222",
         "b8a2e2c0-5a3c-4c39-9d0e-333333333333"]

TREE = """/dts-v1/;
/ {
    #address-cells = <1>; #size-cells = <1>;
    model = "sample"; compatible = "acme,board", "acme,soc";
    aliases { serial0 = &uart; };
    chosen { bootargs = "quiet"; };
    memory@0 { device_type = "memory"; reg = <0 0x8000000>; };
    bus { #address-cells = <1>; #size-cells = <1>; ranges;
        uart: serial@1000 { compatible = "acme,uart"; reg = <0x1000 0x100>; status = "okay"; };
        timer@2000 { reg = <0x2000 0x100>; bytes = [01 02 03]; list = <1 2 3>; empty; };
    };
};
"""

OVERLAY = """/dts-v1/;
/plugin/;
&uart { status = "disabled"; added = <1>; };
"""

FIT = """/dts-v1/;
/ {
    description = "sample"; #address-cells = <1>;
    images {
        kernel { description = "a kernel"; data = /incbin/("Image"); type = "kernel"; arch = "arm64"; os = "linux";
            compression = "none"; load = <0x4000000>; entry = <0x4000000>;
            hash-1 { algo = "sha1"; }; hash-2 { algo = "crc32"; }; };
        fdt { description = "a tree"; data = /incbin/("tree.dtb"); type = "flat_dt"; arch = "arm64"; compression = "none";
            hash-1 { algo = "sha256"; }; };
        script { description = "a script"; data = /incbin/("script.txt"); type = "script"; arch = "arm64";
            compression = "none"; hash-1 { algo = "md5"; }; };
    };
    configurations { default = "conf"; conf { description = "the one"; kernel = "kernel"; fdt = "fdt"; script = "script"; }; };
};
"""

MENU = """\
# No kernel of it is there. In U-Boot a text whose bytes divide by 4 would run on into what is included.
menu title A menu
\tfrob x
MENU color red
prompt 0
DEFAULT two
timeout 600
label one
\tmenu label The first
\tlocalboot 1
\tappend one '${who}' ${who}$(who) \\${who} "q" $who
label two
\tmenu default
\tlocalboot 0
include more.conf
label four
\tmenu label Number four
"""
EXTLINUX = """default second
timeout 1
menu title Choose
label first
  menu label The first
  kernel /boot/Image
  append root=/dev/xvda2
label second
  kernel /boot/Image
  initrd /boot/initrd
  append root=/dev/xvda2 quiet
"""


def make(folder):
    """Makes all of them in a folder, and returns it."""
    os.environ["SOURCE_DATE_EPOCH"] = "1000000000"
    os.environ["E2FSPROGS_FAKE_TIME"] = "1000000000"
    folder.mkdir(parents=True)
    work = folder.parent / "work"
    tree = files(work / "tree")
    for file in tree.iterdir():
        if file.is_file():
            tool("cp", file, folder)
    filesystems(folder, tree)
    tables(folder, tree, work)
    blank(folder / "blank.img", 4 * MIB)
    return folder


def files(tree):
    """A folder with files of each kind."""
    (tree / "folder/deeper").mkdir(parents=True)
    (tree / "boot/extlinux").mkdir(parents=True)
    noise = random.Random(1).randbytes(100000)
    for name, data in [
            ("hello.txt", b"hello, world\n"), ("empty.txt", b""), ("big.bin", noise),
            ("folder/inner.txt", b"inner\n"), ("lines.txt", b"one\ntwo\n" * 10),
            ("script.txt", b"echo from a script\nsetenv scripted yes\n"), ("bad.txt", b"echo before\nfalse\n"),
            ("vars.txt", b"first=1\nsecond=two words\n# comment\nthird=a\\\nb\n"),
            ("crlf.txt", b"first=1\r\nsecond=2\r\n"), ("zeros.bin", bytes(5000)),
            ("menu.conf", MENU.encode()), ("more.conf", b"label three\n\tkernel none/Image\n"),
            ("Image", kernel()), ("text.bin", b"all work and no play\n" * 500),
            ("boot/extlinux/extlinux.conf", EXTLINUX.encode()), ("boot/initrd", b"ramdisk" * 1000)]:
        (tree / name).write_bytes(data)
    (tree / "boot/Image").write_bytes(kernel())
    (tree / "text.gz").write_bytes(gzip.compress((tree / "text.bin").read_bytes(), mtime=0))
    (tree / "Image.gz").write_bytes(gzip.compress(kernel(), mtime=0))
    images(tree)
    return tree


def kernel(size=200000):
    """A file with the header of an arm64 kernel."""
    header = struct.pack("<IIQQQQQQ4sI", 0x14000010, 0, 0, size, 0xa, 0, 0, 0, b"ARM\x64", 0)
    return header + bytes(i * 7 & 0xff for i in range(size - len(header)))


def images(tree):
    """Compressed files, U-Boot's images, device trees."""
    text = (tree / "text.bin").read_bytes()
    (tree / "text.lzma").write_bytes(lzma.compress(text, lzma.FORMAT_ALONE))
    tool("lz4", "-q", tree / "text.bin", tree / "text.lz4")
    for name, text in [("tree", TREE), ("overlay", OVERLAY)]:
        tool("dtc", "-q", "-@", "-O", "dtb", "-o", tree / f"{name}.dtb", "-", text=text)
    made = ["mkimage", "-A", "arm64", "-O", "linux", "-C", "none", "-a", "0x4000000", "-e", "0x4000000"]
    tool(*made, "-T", "kernel", "-n", "a kernel", "-d", tree / "Image", tree / "kernel.uimg")
    tool(*made, "-T", "ramdisk", "-n", "a ramdisk", "-d", tree / "boot/initrd", tree / "ramdisk.uimg")
    tool(*made, "-T", "script", "-n", "a script", "-d", tree / "script.txt", tree / "script.uimg")
    tool(*made, "-T", "script", "-n", "a bad script", "-d", tree / "bad.txt", tree / "bad.uimg")
    tool(*made, "-T", "multi", "-n", "many", "-d",
         ":".join(str(tree / name) for name in ["Image", "hello.txt", "tree.dtb"]), tree / "multi.uimg")
    source = tree / "fit.its"
    source.write_text(FIT)
    tool("mkimage", "-q", "-f", source, "-D", f"-I dts -O dtb -i {tree}", tree / "fit.itb")
    source.unlink()
    damaged = bytearray((tree / "kernel.uimg").read_bytes())
    damaged[-1] ^= 1
    (tree / "damaged.uimg").write_bytes(damaged)


def filesystems(folder, tree):
    """Disks that are one file system."""
    small = folder.parent / "work/small"
    (small / "folder/deeper").mkdir(parents=True)
    for name in ["hello.txt", "empty.txt", "big.bin", "folder/inner.txt"]:
        tool("cp", tree / name, small / name)
    fat(folder / "fat12.img", 2 * MIB, 12, small)
    fat(folder / "fat16.img", 16 * MIB, 16, tree)
    fat(folder / "fat32.img", 40 * MIB, 32, tree)
    (tree / "link.txt").symlink_to("hello.txt")
    (tree / "broken.txt").symlink_to("nothing.txt")
    for kind in ["ext2", "ext4"]:
        ext(folder / f"{kind}.img", 16 * MIB, tree, kind, ["-U", UUID, "-E", f"hash_seed={UUID}", "-L", "ROOT"])


def tables(folder, tree, work):
    """Disks with partitions."""
    system = fat(work / "system.img", 8 * MIB, 12, tree.parent / "small")
    root = ext(work / "root.img", 16 * MIB, tree, "ext4", ["-U", UUID, "-E", f"hash_seed={UUID}", "-L", "ROOT"])
    old = ext(work / "old.img", 4 * MIB, tree.parent / "small", "ext2", ["-U", UUID, "-E", f"hash_seed={UUID}"])
    disk = gpt(folder / "gpt.img", 32 * MIB, [("ef00", "system", 1, system), ("8300", "root", 9, root),
                                              ("8300", "old", 25, old)])
    guids = [f"--partition-guid={number}:{guid}" for number, guid in enumerate(GUIDS, 1)]
    tool("sgdisk", f"--disk-guid={UUID}", *guids, "--attributes=2:set:2", disk)
    dos(folder / "dos.img", 40 * MIB, """label: dos
label-id: 0x12345678
unit: sectors
1 : start=2048, size=16384, type=c, bootable
2 : start=18432, size=32768, type=83
3 : start=51200, size=2048, type=82
4 : start=53248, size=28672, type=5
5 : start=55296, size=8192, type=83
6 : start=65536, size=4096, type=b
""", [(2048, system), (18432, root), (55296, old)])
