# SPDX-License-Identifier: GPL-2.0-or-later
"""Files of the host as disks: bound, read, written and booted from."""
import gzip
import os
import subprocess

import pytest
from images import MIB, kernel, tool


@pytest.fixture
def disk(tmp_path):
    """disk.img: a FAT partition, and one of ext4 with a kernel and an extlinux.conf."""
    fat, ext4, image = (tmp_path / name for name in ["fat.img", "ext4.img", "disk.img"])
    root = tmp_path / "root"
    (root / "boot/extlinux").mkdir(parents=True)
    (root / "boot/Image").write_bytes(kernel())
    (root / "boot/Image.gz").write_bytes(gzip.compress(kernel()))
    (root / "boot/initrd").write_bytes(b"ramdisk" * 1000)
    (root / "boot/extlinux/extlinux.conf").write_text(
        "label a\nkernel /boot/Image\ninitrd /boot/initrd\nappend root=/dev/xvda2\n")
    for path, size in [(fat, 8 * MIB), (ext4, 32 * MIB), (image, 42 * MIB)]:
        with path.open("wb") as file:
            file.truncate(size)
    tool("mkfs.fat", "-F", "16", "-s", "1", fat)
    (tmp_path / "hello.txt").write_text("hello, world\n")
    tool("mcopy", "-i", fat, tmp_path / "hello.txt", "::hello.txt")
    tool("mke2fs", "-q", "-t", "ext4", "-d", root, ext4)
    subprocess.run(["sfdisk", "-q", image], check=True,
                   input=b"start=2048, size=16384, type=c\nstart=18432, size=65536, type=83\n")
    with image.open("r+b") as file:
        for path, start in [(fat, 2048), (ext4, 18432)]:
            file.seek(start * 512)
            file.write(path.read_bytes())
    return image


@pytest.mark.usefixtures("disk")
def test_files_are_listed_and_loaded(commands):
    status, text = commands("host bind 0 disk.img", "ls host 0:1", "load host 0:1 1000 hello.txt", "md.b 1000 5",
                            "echo size=${filesize}", "load host 0:2 ${loadaddr} /boot/initrd", "part list host 0")
    assert status == 0
    assert "       13   hello.txt" in text
    assert "00001000: 68 65 6c 6c 6f " in text and "size=d\n" in text
    assert "7000 bytes read" in text
    assert "Partition Map for host device 0" in text


@pytest.mark.usefixtures("disk")
def test_the_hosts_own_files_are_a_file_system(commands, tmp_path):
    status, text = commands("load hostfs - 1000 hello.txt", "md.b 1000 5", f"load hostfs - 1000 {tmp_path}/hello.txt 4 7",
                            "md.b 1000 4", "host size hostfs - disk.img", "echo size=${filesize}", "ls hostfs - root/boot",
                            "host load hostfs - 2000 root/boot/initrd", "host ls hostfs - root")
    assert status == 0
    assert "00001000: 68 65 6c 6c 6f " in text and "00001000: 77 6f 72 6c " in text
    assert "size=2a00000\n" in text and "7000 bytes read" in text
    assert " 3145728   Image\n" in text and "            extlinux/\n" in text and "            boot/\n" in text
    status, text = commands("mw.b 1000 41 8", "host save hostfs - 1000 saved.txt 8", "save hostfs - 1000 hello.txt 3")
    assert status == 0 and "8 bytes written" in text
    assert (tmp_path / "saved.txt").read_bytes() == b"A" * 8 and (tmp_path / "hello.txt").read_bytes() == b"AAA"
    assert commands("test -e hostfs - hello.txt") == (0, "") and commands("test -e hostfs - none.txt") == (1, "")
    status, text = commands("load hostfs - 1000 none.txt")
    assert status == 1 and "'none.txt': not found" in text


@pytest.mark.usefixtures("disk")
def test_devices_have_labels_and_numbers(commands):
    status, text = commands("host bind -r a disk.img", "host bind b fat.img 1024", "host info", "host dev b",
                            "host dev", "host unbind 0", "host info", "host dev 0")
    header = "dev       blocks  blksz label           path\n"
    b_line = "  1         8192   1024 b               fat.img\n"
    assert text == (header + "  0        86016    512 a               disk.img\n" + b_line
                    + "Current host device: 1: b\n" + header + b_line + "No such device '0'\n")
    assert status == 1


@pytest.mark.usefixtures("disk")
def test_what_cannot_be_bound_is_said(commands):
    for command, message in [
            ("host bind 0 none.img", "Cannot create device / bind file 'none.img': not found\n"),
            ("host bind 0 root", "Cannot create device / bind file 'root': invalid: it is neither"),
            ("host bind 0 hello.txt", "block size"),
            ("host bind 0 disk.img 100", "blksz must be >= 512 and power of 2\n"),
            ("host bind 0 disk.img 768", "blksz must be >= 512 and power of 2\n"),
            ("host dev", "No current host device\n"),
            ("host info 7", "No such device '7'\n"),
            ("ls host 0:1", "** Bad device specification host 0 **\n"),
            ("host", "Usage:\nhost bind"),
            ("host bind 0", "Usage:\nhost bind")]:
        status, text = commands(command)
        assert status == 1 and message in text, text


def test_blocks_are_written_through(commands, disk):
    before = disk.read_bytes()
    status, text = commands("host bind 0 disk.img", "mw.b 1000 a5 200", "write host 0:0 1000 7 1")
    assert status == 0, text
    after = disk.read_bytes()
    assert after[7 * 512:8 * 512] == b"\xa5" * 512
    assert after[:7 * 512] + after[8 * 512:] == before[:7 * 512] + before[8 * 512:]


def test_a_file_that_cannot_be_written_is_read_only(commands, disk, tmp_path):
    if os.geteuid() == 0:
        pytest.skip("root can write to each file")
    disk.chmod(0o444)
    status, text = commands("host bind 0 disk.img", "read host 0:0 1000 0 1", "write host 0:0 1000 7 1")
    assert status == 1 and "read-only" in text


@pytest.mark.usefixtures("disk")
@pytest.mark.parametrize("name", ["Image", "Image.gz"])
def test_a_kernel_is_prepared_up_to_the_jump(commands, name):
    status, text = commands(
        "host bind 0 disk.img", "load host 0:2 ${ramdisk_addr_r} /boot/initrd", "setenv len ${filesize}",
        f"load host 0:2 ${{kernel_addr_r}} /boot/{name}", "setenv bootargs quiet",
        "booti ${kernel_addr_r} ${ramdisk_addr_r}:${len} ${fdtcontroladdr}",
        "echo back $?", "fdt addr ${fdtaddr}", "fdt print /chosen bootargs", "ls host 0:1")
    assert status == 0
    begin, end = text.index("Starting kernel"), text.index("back 0\n")
    assert "## Transferring control to Linux (at address " in text[begin:end]
    assert 'bootargs = "quiet"' in text[end:] and "hello.txt" in text[end:]


@pytest.mark.usefixtures("disk")
def test_the_boot_flow_finds_the_kernel(commands):
    status, text = commands("host bind 0 disk.img", "run bootcmd")
    assert status == 0
    assert "extlinux.conf" in text and "Transferring control" in text


def test_a_large_file_is_read_right(sandbox, tmp_path):
    data = os.urandom(64 * MIB)
    (tmp_path / "big.img").write_bytes(data)
    assert sandbox("-m", "ram", "-c", "host bind 0 big.img; read host 0:0 1000000 0 20000").returncode == 0
    with (tmp_path / "ram").open("rb") as ram:
        ram.seek(0x1000000)
        assert ram.read(len(data)) == data
