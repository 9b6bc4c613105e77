# SPDX-License-Identifier: GPL-2.0-or-later
"""Disks with a file of 64 MiB: in one piece, and in 16,000 pieces."""
import array
import os
import re
import struct
import subprocess

SIZE = 64 << 20
FRAGMENTS = 16_000


def make(folder):
    """The images, by name."""
    made = {}
    for kind in ["ext4", "fat"]:
        for pieces in ["whole", "pieces"]:
            image = folder / f"{kind}-{pieces}.img"
            image.write_bytes(b"")
            # FAT32 has at least 65,525 clusters.
            os.truncate(image, 288 << 20)
            format_disk(kind, image)
            fill(kind, image, pieces == "pieces", folder)
            made[f"{kind}-{pieces}"] = image
    return made


def format_disk(kind, image):
    """An empty file system with blocks of 4 KiB."""
    if kind == "ext4":
        run("mke2fs", "-q", "-F", "-t", "ext4", "-b", "4096", image)
    else:
        run("mkfs.fat", "-F", "32", "-s", "8", image)


def fill(kind, image, in_pieces, folder):
    """Write /file, in one piece or into the gaps between blocks that are taken meanwhile."""
    source = folder / "file"
    if not source.exists():
        source.write_bytes(os.urandom(SIZE))
    take, write, give_back, pieces = EXT4 if kind == "ext4" else FAT
    if in_pieces:
        take(image)
    write(image, source)
    if in_pieces:
        give_back(image)
    count = pieces(image)
    assert count >= FRAGMENTS if in_pieces else count <= 8, f"{image}: a file in {count} pieces"


def debugfs(image, *commands):
    """Run commands of debugfs; return what it prints."""
    script = image.with_suffix(".cmd")
    script.write_text("\n".join(commands) + "\n")
    return run("debugfs", "-w", "-f", script, image)


def free_run(image):
    """The first block of a long run of free ones."""
    groups = re.findall(r"Free blocks: (.*)", run("dumpe2fs", image))
    runs = re.findall(r"(\d+)-(\d+)", ", ".join(groups))
    return next(int(first) for first, last in runs if int(last) - int(first) > 1000)


def ext4_take(image):
    """Mark every other block as used."""
    first = free_run(image)
    debugfs(image, *[f"setb {first + 2 * i} 1" for i in range(FRAGMENTS + 4096)])


def ext4_give_back(image):
    """Mark every other block as free again, where no file has it."""
    # It finds the blocks that are marked but not used.
    run("e2fsck", "-f", "-y", image, status=1)


EXT4 = (ext4_take,
        lambda image, source: debugfs(image, f"write {source} file"),
        ext4_give_back,
        lambda image: len(re.findall(r"\(\d+(?:-\d+)?\):\d+", debugfs(image, "stat file"))))


def fat_table(image):
    """Where the first table of a FAT32 file system is, how many bytes it has, and how many tables there are."""
    boot = image.open("rb").read(64)
    sector, reserved, tables, sectors = struct.unpack_from("<HxHB19xL", boot, 11)
    return sector * reserved, sector * sectors, tables


def change_table(image, change):
    """Change the entries of all tables."""
    start, size, tables = fat_table(image)
    with image.open("r+b") as file:
        file.seek(start)
        entries = array.array("I", file.read(size))
        change(entries)
        file.seek(start)
        file.write(entries.tobytes() * tables)


def fat_marks(old, new):
    """Change the mark of every other cluster after the first few."""
    def change(entries):
        for i in range(16, 16 + 2 * (FRAGMENTS + 4096), 2):
            assert entries[i] == old
            entries[i] = new
    return lambda image: change_table(image, change)


BAD = 0x0FFFFFF7
FAT = (fat_marks(0, BAD),
       lambda image, source: run("mcopy", "-i", image, source, "::/file"),
       fat_marks(BAD, 0),
       lambda image: len(re.findall(r"<[\d-]+>", run("mshowfat", "-i", image, "::/file"))))


def run(*command, status=0):
    """Run a tool that ends with a status; return what it prints."""
    words = [str(word) for word in command]
    done = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == status, f"{words}: {done.stdout[-500:]} {done.stderr}"
    return done.stdout
