# SPDX-License-Identifier: GPL-2.0-or-later
"""The disks that the tests use, and what is on them."""
import dataclasses
import pathlib

import disks
from disks import MIB

# Contents of every filesystem below, by path.
BIG = 3 * MIB + 1234
FILES = {"hello.txt": b"Hello from the disk.\n", "empty": b"", "dir/inner.txt": b"inner\n",
         "A file with a long name.text": b"long\n"}
HUGE_START = 5 << 30  # in sectors: 2.5 TiB


@dataclasses.dataclass
class Images:
    """Disk images by name: with sectors of 512 bytes, and of 4096."""

    folder: pathlib.Path
    plain: dict
    sectors_4k: dict


def make(folder):
    """Make every image."""
    folder = pathlib.Path(folder)
    tree = files_tree(folder / "files")
    linux = disks.linux_tree(folder / "linux")
    bare = disks.linux_tree(folder / "bare", extlinux=None)
    plain = {
        "files": files(folder, tree),
        "dos": dos(folder, tree),
        "noise": disks.noise(folder / "noise.img", 64 * MIB),
        "scratch": disks.blank(folder / "scratch.img", 64 * MIB),
        "linux": root(folder, "linux", linux),
        "bare": root(folder, "bare", bare),
        "huge": huge(folder, tree),
        "damaged": damaged(folder, tree),
        "env": env(folder, tree),
        "samples": samples(folder, tree),
    }
    return Images(folder, plain, {"files4k": files_4k(folder, tree)})


def files_tree(folder):
    """The files that every filesystem holds."""
    (folder / "dir").mkdir(parents=True)
    for name, content in FILES.items():
        (folder / name).write_bytes(content)
    disks.noise(folder / "big.bin", BIG, seed=2)
    return folder


def files(folder, tree):
    """GPT: FAT32, ext4, ext2."""
    return disks.gpt(folder / "files.img", 100 * MIB, [
        (disks.ESP, "system", 1, disks.fat(folder / "fat32.img", 40 * MIB, 32, tree)),
        (disks.LINUX_DATA, "root", 42, disks.ext(folder / "ext4.img", 32 * MIB, tree)),
        (disks.LINUX_DATA, "old data", 75, disks.ext(folder / "ext2.img", 16 * MIB, tree, "ext2"))])


def dos(folder, tree):
    """DOS: FAT16, an extended partition with ext3 and FAT12 in it."""
    table = ("label: dos\nlabel-id: 0xcafe1234\n"
             "start=2048, size=32768, type=6, bootable\n"
             "start=34816, size=61440, type=5\n"
             "start=36864, size=32768, type=83\n"
             "start=71680, size=16384, type=1\n")
    return disks.dos(folder / "dos.img", 48 * MIB, table, [
        (2048, disks.fat(folder / "fat16.img", 16 * MIB, 16, tree)),
        (36864, disks.ext(folder / "ext3.img", 16 * MIB, tree, "ext3")),
        (71680, disks.fat(folder / "fat12.img", 8 * MIB, 12, tree))])


def root(folder, name, tree):
    """GPT with an empty FAT32 and an ext4 root that has Linux in /boot."""
    (folder / "empty").mkdir(exist_ok=True)
    esp = disks.fat(folder / f"{name}-esp.img", 40 * MIB, 32, folder / "empty")
    ext4 = disks.ext(folder / f"{name}-root.img", 80 * MIB, tree)
    return disks.gpt(folder / f"{name}.img", 128 * MIB,
                     [(disks.ESP, "system", 1, esp), (disks.LINUX_DATA, "root", 42, ext4)])


def huge(folder, tree):
    """3 TiB, with a filesystem behind the second."""
    image = disks.ext(folder / "behind.img", 16 * MIB, tree)
    return disks.gpt(folder / "huge.img", 3 << 40,
                     [(disks.LINUX_DATA, "behind", HUGE_START * 512 // MIB, image)])


def damaged(folder, tree):
    """GPT whose only ext4 has lost its group descriptors and much more."""
    image = disks.ext(folder / "damaged-ext4.img", 16 * MIB, tree)
    with open(image, "r+b") as file:
        file.seek(2048)
        file.write(b"\xa5" * (4 * MIB))
    return disks.gpt(folder / "damaged.img", 32 * MIB, [(disks.LINUX_DATA, "damaged", 1, image)])


def env(folder, tree):
    """GPT with one FAT16, and no environment before it."""
    image = disks.fat(folder / "behind-env.img", 16 * MIB, 16, tree)
    return disks.gpt(folder / "env.img", 20 * MIB, [(disks.ESP, "system", 1, image)])


def samples(folder, tree):
    """GPT with a FAT16 and an ext4 that hold a file for each kind of image that commands take."""
    fill_samples(folder / "samples", (tree / "hello.txt").read_bytes())
    fat = disks.fat(folder / "samples-fat.img", 16 * MIB, 16, folder / "samples")
    ext4 = disks.ext(folder / "samples-ext4.img", 8 * MIB, folder / "samples",
                     options=["-L", "samples", "-U", "11111111-2222-3333-4444-555555555555"])
    path = disks.gpt(folder / "samples.img", 28 * MIB,
                     [(disks.ESP, "system", 1, fat), (disks.LINUX_DATA, "root", 18, ext4)])
    disks.tool("sgdisk", "--partition-guid=1:aaaaaaaa-2222-3333-4444-555555555555", path)
    return path


def fill_samples(folder, text):
    """Hello.txt, packed by each tool, as a script, and in images."""
    folder.mkdir()
    hello, script = folder / "hello.txt", folder / "script"
    hello.write_bytes(text)
    script.write_text("echo from the script\n")
    for packer in ["gzip -nk", "xz -k", "xz -k --format=lzma", "zstd -q", "lz4 -qm"]:
        disks.tool(*packer.split(), hello)
    kind = ["mkimage", "-A", "arm64", "-C", "none", "-a", "50000000", "-e", "50000000", "-n", "sample"]
    disks.tool(*kind, "-T", "script", "-d", script, folder / "script.img")
    disks.tool(*kind, "-T", "multi", "-d", f"{hello}:{script}", folder / "multi.img")
    disks.tool(*kind, "-O", "linux", "-T", "kernel", "-d", hello, folder / "kernel.img")


def files_4k(folder, tree):
    """GPT with sectors of 4096 bytes: FAT32 and ext4."""
    fat = disks.fat(folder / "fat4k.img", 300 * MIB, 32, tree, sector=4096)
    ext4 = disks.ext(folder / "ext4k.img", 16 * MIB, tree)
    return disks.gpt_4k(folder / "files4k.img", 330 * MIB, [fat, ext4])
