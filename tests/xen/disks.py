# SPDX-License-Identifier: GPL-2.0-or-later
"""Disk images, made with the ordinary tools and without root."""
import os
import pathlib
import random
import shutil
import subprocess

import hostfiles

MIB = 1 << 20
ESP, LINUX_DATA = "ef00", "8300"

EXTLINUX = """default linux
timeout 1
label linux
  menu label Debian
  kernel /boot/Image
  initrd /boot/initrd
  append root=/dev/xvda2 console=hvc0 quiet
"""

ENVIRONMENT = dict(os.environ, PATH=os.environ["PATH"] + ":/usr/sbin:/sbin", MTOOLS_SKIP_CHECK="1")


def tool(*args, text=None):
    """Run a tool; its output is shown only when it fails."""
    done = subprocess.run([str(arg) for arg in args], env=ENVIRONMENT, input=text, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, args))} failed:\n{done.stdout}")
    return done.stdout


def blank(path, size):
    """An image of zeros that takes no room."""
    with open(path, "wb") as file:
        file.truncate(size)
    return path


def noise(path, size, seed=1):
    """An image of bytes that do not repeat, the same each time."""
    pathlib.Path(path).write_bytes(random.Random(seed).randbytes(size))
    return path


def ext(path, size, tree, kind="ext4", options=()):
    """An ext2, ext3 or ext4 filesystem with what is in a folder."""
    blank(path, size)
    tool("mke2fs", "-q", "-t", kind, "-d", tree, "-E", "root_owner=0:0", *options, path)
    return path


def fat(path, size, bits, tree, sector=512):
    """A FAT filesystem with what is in a folder."""
    blank(path, size)
    tool("mkfs.fat", "-F", bits, "-S", sector, "-n", "BOOT", "-i", "1234abcd", path)
    for entry in sorted(pathlib.Path(tree).iterdir()):
        tool("mcopy", "-s", "-i", path, entry, "::/")
    return path


def gpt(path, size, partitions):
    """A GPT disk; `partitions` are (type, name, first MiB, image)."""
    blank(path, size)
    for number, (kind, name, start, image) in enumerate(partitions, 1):
        length = os.path.getsize(image) // MIB
        tool("sgdisk", "--set-alignment=1", f"--new={number}:{start}M:+{length}M",
             f"--typecode={number}:{kind}", f"--change-name={number}:{name}", path)
        place(path, image, start * MIB)
    return path


def gpt_4k(path, size, images):
    """A GPT disk with sectors of 4096 bytes; each image's size is in MiB."""
    blank(path, size)
    first, script = 256, "g\n"
    starts = []
    for number, image in enumerate(images, 1):
        count = os.path.getsize(image) // 4096
        script += f"n\n{number}\n{first}\n{first + count - 1}\n"
        starts.append(first * 4096)
        first += count
    tool("fdisk", "-b", "4096", "--wipe", "never", "--wipe-partitions", "never", path, text=script + "w\n")
    for image, start in zip(images, starts):
        place(path, image, start)
    return path


def dos(path, size, table, images):
    """A DOS disk from an sfdisk script; `images` are (first sector, image)."""
    blank(path, size)
    tool("sfdisk", "-q", path, text=table)
    for sector, image in images:
        place(path, image, sector * 512)
    return path


def place(disk, image, offset):
    """Copy an image into a blank disk; zeros take no room."""
    with open(disk, "r+b") as target, open(image, "rb") as source:
        target.seek(offset)
        while piece := source.read(MIB):
            if piece.strip(b"\0"):
                target.write(piece)
            else:
                target.seek(len(piece), os.SEEK_CUR)


def debugfs(image, request, offset=MIB):
    """Have debugfs do something in an ext4 filesystem that begins at an offset of a disk."""
    return tool("debugfs", "-w", "-R", request, f"{image}?offset={offset}")


def linux_tree(folder, extlinux=EXTLINUX, kernel=True):
    """A small root filesystem, with the kernel and initramfs in /boot."""
    folder = pathlib.Path(folder)
    for name in ["bin", "sbin", "proc", "sys", "dev", "etc", "tmp", "boot/extlinux"]:
        (folder / name).mkdir(parents=True, exist_ok=True)
    shutil.copy(hostfiles.BUSYBOX, folder / "bin/busybox")
    applets = "sh mount umount cat ls date awk tail setsid cttyhack sync echo dmesg free df " \
              "head grep vi less ps uname mkdir rm cp mv dd md5sum cksum"
    for applet in applets.split():
        (folder / "bin" / applet).symlink_to("busybox")
    # Without an init process to ask, these have to be forced.
    (folder / "etc/shrc").write_text("".join(
        f"{name}() {{ mount -o remount,ro /; busybox {name} -f; }}\n" for name in ["poweroff", "reboot"]))
    shutil.copy(hostfiles.HERE / "guest/root-init", folder / "sbin/init")
    (folder / "sbin/init").chmod(0o755)
    if kernel:
        shutil.copy(hostfiles.LINUX, folder / "boot/Image")
        shutil.copy(hostfiles.GUEST_INITRD, folder / "boot/initrd")
    if extlinux:
        (folder / "boot/extlinux/extlinux.conf").write_text(extlinux)
    return folder


def demo(path, work, extlinux=EXTLINUX):
    """The demo disk: a FAT32 system partition and an ext4 root with Linux."""
    work = pathlib.Path(work)
    tree, system = work / "root", work / "system"
    linux_tree(tree, extlinux)
    system.mkdir()
    (system / "readme.txt").write_text("This is the system partition.\n")
    esp = fat(work / "esp.img", 48 * MIB, 32, system)
    root = ext(work / "root.img", 96 * MIB, tree)
    gpt(path, 150 * MIB, [(ESP, "system", 1, esp), (LINUX_DATA, "root", 50, root)])
    for name in [esp, root]:
        os.remove(name)
    return path
