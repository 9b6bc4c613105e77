# SPDX-License-Identifier: GPL-2.0-or-later
"""Filesystems: every kind, with partitions of every kind under it."""
import hashlib
import re

import pytest

import images
from test_pvblock import read_back

FAT = {"FAT32": "0:1", "FAT16": "1:1", "FAT12": "1:6", "FAT32 4K": "4:1"}
EXT = {"ext4": "0:2", "ext2": "0:3", "ext3": "1:5", "ext4 4K": "4:2", "ext4 behind 2 TiB": "5:1"}
ALL = {**FAT, **EXT}


@pytest.mark.parametrize("place", ALL.values(), ids=ALL.keys())
class TestEveryFilesystem:
    def test_ls(self, guest, place):
        out = guest.succeeds(f"ls pvblock {place}")
        for name, content in images.FILES.items():
            if "/" not in name:
                assert re.search(rf"(?m)^ +{len(content)}   {re.escape(name)}$", out), out
        assert re.search(rf"(?m)^ +{images.BIG}   big\.bin$", out)
        assert re.search(r"(?m)^            dir/$", out)
        assert re.search(r"(?m)^4 file\(s\), [1-9] dir\(s\)$", out)
        assert re.search(r"(?m)^ +6   inner\.txt$", guest.succeeds(f"ls pvblock {place} /dir"))

    def test_load_and_size(self, guest, lab, made, place):
        out = guest.succeeds(f"load pvblock {place} ${{loadaddr}} /big.bin")
        assert re.search(rf"(?m)^{images.BIG} bytes read in \d+ ms( \([\d.]+ [KMG]i?B/s\))?$", out)
        assert guest.address("filesize") == images.BIG
        assert guest.address("fileaddr") == guest.address("loadaddr")
        guest.succeeds(f"setenv filesize; size pvblock {place} big.bin")
        assert guest.address("filesize") == images.BIG
        blocks = (images.BIG + 511) // 512
        guest.succeeds(f"pvblock device 3; pvblock write ${{loadaddr}} 0 {blocks:x}")
        content = (made.folder / "files/big.bin").read_bytes()
        assert read_back(lab, "scratch", images.BIG) == hashlib.md5(content).hexdigest()

    def test_small_and_empty_files(self, guest, place):
        guest.succeeds("mw.b ${loadaddr} 0 40")
        assert guest.succeeds(f"load pvblock {place} ${{loadaddr}} /hello.txt").startswith("21 bytes read")
        assert "Hello from the d" in guest.succeeds("md.b ${loadaddr} 20")
        assert guest.succeeds(f"load pvblock {place} ${{loadaddr}} empty").startswith("0 bytes read")
        guest.succeeds(f"load pvblock {place} ${{loadaddr}} 'A file with a long name.text'")

    def test_a_part_of_a_file(self, guest, place):
        guest.succeeds("mw.b ${loadaddr} 0 40")
        out = guest.succeeds(f"load pvblock {place} ${{loadaddr}} hello.txt 4 6")
        assert out.startswith("4 bytes read")
        assert "from............" in guest.succeeds("md.b ${loadaddr} 10")

    def test_what_is_not_there(self, guest, place):
        for name in ["missing", "dir/missing", "hello.txt/below", "/missing/below"]:
            out = guest.fails(f"load pvblock {place} ${{loadaddr}} {name}")
            assert "missing" in out or "below" in out
        guest.fails(f"size pvblock {place} missing")
        guest.fails(f"load pvblock {place} ${{loadaddr}} dir")


@pytest.mark.parametrize("place", FAT.values(), ids=FAT.keys())
def test_fat_commands(guest, place):
    assert "big.bin" in guest.succeeds(f"fatls pvblock {place}")
    assert guest.succeeds(f"fatload pvblock {place} ${{loadaddr}} hello.txt").startswith("21 bytes read")
    guest.succeeds(f"fatsize pvblock {place} hello.txt")
    assert guest.address("filesize") == 21
    out = guest.succeeds(f"fatinfo pvblock {place}")
    assert re.search(r'Filesystem: FAT(12|16|32) "BOOT *"', out)
    guest.fails(f"ext4ls pvblock {place}")


@pytest.mark.parametrize("place", EXT.values(), ids=EXT.keys())
def test_ext4_commands(guest, place):
    assert "big.bin" in guest.succeeds(f"ext4ls pvblock {place}")
    assert guest.succeeds(f"ext4load pvblock {place} ${{loadaddr}} hello.txt").startswith("21 bytes read")
    guest.succeeds(f"ext4size pvblock {place} hello.txt")
    assert guest.address("filesize") == 21
    guest.fails(f"fatls pvblock {place}")


@pytest.mark.parametrize("place", ["0:9", "42:1", "6:1", "2:1", "0:x", "2"],
                         ids=["partition", "disk", "damaged", "no table", "no number", "no filesystem"])
def test_what_has_no_filesystem(guest, place):
    """One command, one complaint, and the prompt is back."""
    assert guest.fails(f"ls pvblock {place}").strip()
    assert guest.fails(f"load pvblock {place} ${{loadaddr}} hello.txt").strip()


def test_an_interface_that_is_not_there(guest):
    assert guest.fails("load usb 0:1 ${loadaddr} hello.txt").strip()


class TestRefusedAddresses:
    """A load that would do harm is refused before its first byte."""

    def refused(self, guest, address):
        out = guest.fails(f"load pvblock 0:2 {address:x} big.bin")
        assert "bytes read" not in out and out.strip()
        assert guest.command("echo alive").strip() == "alive"

    def test_outside_memory(self, guest):
        for address in [0, 0x1000, 0x39000000, 0x60000000, 0xffffffffffffff00]:
            self.refused(guest, address)

    def test_across_the_end_of_memory(self, guest):
        self.refused(guest, 0x60000000 - 0x1000)

    def test_over_the_loader(self, guest):
        relocated = int(re.search(r"relocaddr *= 0x([0-9a-f]+)", guest.succeeds("bdinfo"))[1], 16)
        for address in [relocated, relocated + 0x1000, relocated - images.BIG + 1]:
            self.refused(guest, address)

    def test_over_the_device_tree(self, guest):
        tree = guest.address("fdtcontroladdr")
        for address in [tree, tree - images.BIG + 1]:
            self.refused(guest, address)

    def test_raw_reads_too(self, guest):
        relocated = int(re.search(r"relocaddr *= 0x([0-9a-f]+)", guest.succeeds("bdinfo"))[1], 16)
        guest.succeeds("pvblock device 2")
        for address in [0x1000, relocated, 0x60000000 - 512]:
            out = guest.fails(f"pvblock read {address:x} 0 8")
            assert "OK" not in out
