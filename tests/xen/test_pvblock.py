# SPDX-License-Identifier: GPL-2.0-or-later
"""Disks: what is found, read and written."""
import re

import pytest

from disks import MIB


def read_back(lab, disk, size, skip=0):
    """MD5 of a part of a disk (in bytes), as Domain-0 finds it on the medium."""
    out = lab.shell(f"dd if=/dev/disk/{disk} bs=1M iflag=direct 2>/dev/null"
                    f" | tail -c +{skip + 1} | head -c {size} | md5sum", timeout=120)
    return out.split()[0]


def test_info_lists_every_disk(guest):
    out = guest.succeeds("pvblock info")
    assert re.findall(r"(?m)^Device (\d+): ", out) == ["0", "1", "2", "3", "4", "5", "6"]
    assert "Type: Hard Disk" in out
    assert "Capacity: 100.0 MB = 0.0 GB (204800 x 512)" in out
    assert "Capacity: 330.0 MB = 0.3 GB (84480 x 4096)" in out
    assert "(6442450944 x 512)" in out


def test_device_shows_and_sets(guest):
    out = guest.succeeds("pvblock device 1")
    assert re.search(r"Device 1: ", out) and "... is now current device" in out
    assert re.search(r"device 1: ", guest.succeeds("pvblock device"))
    assert "unknown device" in guest.fails("pvblock device 42")
    assert re.search(r"device 1: ", guest.succeeds("pvblock device"))


def test_read_64_mib(guest, lab):
    """Read from one disk, written to another, compared by Domain-0."""
    guest.succeeds("pvblock device 2")
    out = guest.succeeds("pvblock read ${loadaddr} 0 20000", timeout=300)
    assert "pvblock read: device 2 block # 0, count 131072 ... 131072 blocks read: OK" in out
    guest.succeeds("pvblock device 3")
    out = guest.succeeds("pvblock write ${loadaddr} 0 20000", timeout=300)
    assert "pvblock write: device 3 block # 0, count 131072 ... 131072 blocks written: OK" in out
    assert read_back(lab, "scratch", 64 * MIB) == read_back(lab, "noise", 64 * MIB)


@pytest.mark.parametrize("offset", [1, 8, 511])
def test_buffers_need_no_alignment(guest, lab, offset):
    at = guest.address("loadaddr") + offset
    guest.succeeds("pvblock device 2")
    guest.succeeds(f"pvblock read {at:x} {offset:x} 123")
    guest.succeeds("pvblock device 3")
    guest.succeeds(f"pvblock write {at:x} 7 123")
    size = 0x123 * 512
    assert read_back(lab, "scratch", size, 7 * 512) == read_back(lab, "noise", size, offset * 512)


def test_a_write_changes_only_what_it_names(guest, lab):
    guest.succeeds("pvblock device 3")
    guest.succeeds("mw.b ${loadaddr} aa 800; pvblock write ${loadaddr} 100 4")
    guest.succeeds("mw.b ${loadaddr} 55 200; pvblock write ${loadaddr} 101 1")
    out = lab.shell("dd if=/dev/disk/scratch bs=512 skip=256 count=4 iflag=direct 2>/dev/null | hexdump -v -e '512/1 \"%02x\" \"\\n\"'")
    assert out.split() == ["aa" * 512, "55" * 512, "aa" * 512, "aa" * 512]


def test_sectors_of_4096_bytes(guest, lab):
    guest.succeeds("pvblock device 4")
    guest.succeeds("pvblock read ${loadaddr} 100 10")
    guest.succeeds("pvblock device 3")
    guest.succeeds("pvblock write ${loadaddr} 0 80")
    assert read_back(lab, "scratch", 65536) == read_back(lab, "files4k", 65536, 0x100 * 4096)


def test_behind_2_tib(guest):
    """The last sector holds the backup GPT header."""
    guest.succeeds("pvblock device 5")
    guest.succeeds("pvblock read ${loadaddr} 17fffffff 1")
    assert "EFI PART" in guest.succeeds("md.b ${loadaddr} 10")


def test_behind_the_end_is_refused(guest):
    guest.succeeds("pvblock device 3")
    guest.fails("pvblock read ${loadaddr} 20000 1")
    guest.fails("pvblock read ${loadaddr} 1ffff 2")
    guest.fails("pvblock write ${loadaddr} ffffffffffffffff 2")


def test_a_read_only_disk_stays_as_it_is(guest, lab):
    before = read_back(lab, "noise", MIB)
    guest.succeeds("pvblock device 2; mw.b ${loadaddr} 0 1000")
    out = guest.fails("pvblock write ${loadaddr} 0 8")
    assert "OK" not in out
    assert read_back(lab, "noise", MIB) == before


def test_an_io_error_is_reported(start, lab):
    """A device whose sectors 2048 to 2055 cannot be read or written."""
    lab.shell("printf '0 2048 linear /dev/disk/scratch 0\\n2048 8 error\\n2056 8192 linear /dev/disk/scratch 2056\\n'"
              " | dmsetup create bad && dmsetup mknodes")
    guest = start("bad", ["phy:/dev/mapper/bad,xvda,w"])
    try:
        guest.to_prompt()
        guest.succeeds("pvblock read ${loadaddr} 0 800")
        out = guest.fails("pvblock read ${loadaddr} 7f0 40")
        assert "OK" not in out and "ERROR" in out
        out = guest.fails("pvblock write ${loadaddr} 800 1")
        assert "OK" not in out and "ERROR" in out
        guest.succeeds("pvblock read ${loadaddr} 808 10")
    finally:
        guest.destroy()
        lab.shell("i=0; until dmsetup remove bad 2>/dev/null || [ $i -gt 50 ]; do sleep 0.2; i=$((i+1)); done")


def test_part_list_gpt(guest):
    out = guest.succeeds("part list pvblock 0")
    assert re.search(r"Partition Map for pvblock device 0  --   Partition Type: EFI", out)
    assert re.search(r'1\s+0x0*800\s+0x0*147ff\s+"system"', out)
    assert re.search(r'3\s+0x0*25800\s+0x0*2d7ff\s+"old data"', out)
    assert "c12a7328-f81f-11d2-ba4b-00a0c93ec93b" in out


def test_part_list_dos_with_logical_partitions(guest):
    out = guest.succeeds("part list pvblock 1")
    assert re.search(r"Partition Map for pvblock device 1  --   Partition Type: DOS", out)
    assert re.search(r"1\s+2048\s+32768\s+cafe1234-01\s+06 Boot", out)
    assert re.search(r"2\s+34816\s+61440\s+cafe1234-02\s+05 Extd", out)
    assert re.search(r"5\s+36864\s+32768\s+cafe1234-05\s+83", out)
    assert re.search(r"6\s+71680\s+16384\s+cafe1234-06\s+01", out)


def test_pvblock_part(guest):
    assert "Partition Type: DOS" in guest.succeeds("pvblock part 1")
    out = guest.succeeds("pvblock part")
    assert len(re.findall("Partition Map for pvblock device", out)) >= 4


def test_a_disk_without_partitions(guest):
    assert guest.command("part list pvblock 2").strip()
    assert "not available" in guest.fails("pvblock part 42")


@pytest.fixture
def loop(lab):
    """A loop device of 8 MiB in Domain-0's memory, whose file gives erased blocks back."""
    device = lab.shell("dd if=/dev/urandom of=/run/erase.img bs=1M count=8 2>/dev/null;"
                       " l=$(losetup -f); losetup $l /run/erase.img; echo $l").strip()
    yield device
    lab.shell(f"i=0; until losetup -d {device} 2>/dev/null || [ $i -gt 50 ]; do sleep 0.2; i=$((i+1)); done; rm /run/erase.*")


def test_what_is_erased_is_zeros_and_the_rest_stays(start, lab, loop):
    """By Linux's back-end, in units of the file system that the loop device's file is on."""
    lab.shell("cp /run/erase.img /run/erase.old; dd if=/dev/zero of=/run/erase.old bs=512 seek=256 count=128 conv=notrunc")
    guest = start("erase", [f"phy:{loop},xvda,w"])
    guest.to_prompt()
    at, zeros = guest.address("loadaddr"), guest.address("loadaddr") + MIB
    # Into the block cache.
    guest.succeeds(f"pvblock read {at:x} 100 1; pvblock read {at:x} 17f 1")
    out = guest.succeeds("pvblock erase 100 80")
    assert "pvblock erase: device 0 block # 256, count 128 ... 128 blocks erased: OK" in out
    guest.succeeds(f"mw.b {zeros:x} 0 10000; mw.b {at:x} ff 10000")
    guest.succeeds(f"pvblock read {at:x} 100 1; cmp.b {at:x} {zeros:x} 200")
    guest.succeeds(f"pvblock read {at:x} 17f 1; cmp.b {at:x} {zeros:x} 200")
    guest.succeeds(f"pvblock read {at:x} 100 80; cmp.b {at:x} {zeros:x} 10000")

    out = guest.fails("pvblock erase 101 8")
    assert "discards units of 8 blocks, from block 0 on" in out and "0 blocks erased: ERROR" in out
    for beyond in ["3ff8 10", "ffffffffffffffff 2"]:
        assert "0 blocks erased: ERROR (out of range)" in guest.fails(f"pvblock erase {beyond}")
    assert "0 blocks erased: OK" in guest.succeeds("pvblock erase 0 0")
    guest.destroy()
    lab.shell("cmp /run/erase.old /run/erase.img")
    # The file has given back what was erased, and nothing else.
    assert int(lab.shell("stat -c %b /run/erase.img")) == 8 * MIB // 512 - 128


def test_a_read_only_disk_is_not_erased(guest, lab):
    before = read_back(lab, "noise", MIB)
    guest.succeeds("pvblock device 2")
    assert "0 blocks erased: ERROR (read-only)" in guest.fails("pvblock erase 0 8")
    assert read_back(lab, "noise", MIB) == before
