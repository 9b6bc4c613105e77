# SPDX-License-Identifier: GPL-2.0-or-later
"""Files."""

from cases.case import DUMP, HELLO, READ, WRITTEN, load, no, usage, yes


def in_folder(make, remove, rename):
    """Commands that make, rename and remove a folder on the samples' FAT."""
    return [
        yes(
            f"{make} pvblock 0:1 made; {rename} pvblock 0:1 made other; ls pvblock 0:1 other",
            ".*0 file\\(s\\), 2 dir\\(s\\)",
        ),
        no(f"{make} pvblock 0:1 other", ".+"),
        yes(f"{remove} pvblock 0:1 other"),
        no(f"{remove} pvblock 0:1 other", ".+"),
    ]


def reads(ls, load_name, size, place):
    """Commands that list, load and measure."""
    return {
        ls: [
            yes(f"{ls} pvblock {place}", r".* 21   hello\.txt\n.*10 file\(s\), \d dir\(s\)"),
            no(f"{ls} pvblock 7", ".+"),
        ],
        load_name: [
            yes(f"mw.b 50000000 0 20; {load_name} pvblock {place} 50000000 hello.txt", READ.format(21)),
            yes(
                "md.b 50000000 15; echo $filesize $fileaddr", f"50000000: {DUMP[0]}\n50000010: {DUMP[1]}\n15 50000000"
            ),
            no(f"{load_name} pvblock {place} 50000000 none", ".*'none'.*"),
            no(f"{load_name} pvblock {place} 10 hello.txt", ".+"),
        ],
        size: [
            yes(f"setenv filesize; {size} pvblock {place} hello.txt; echo $filesize", "15"),
            no(f"{size} pvblock {place} none", ".*'none'.*"),
        ],
    }


FILES = {
    **reads("ls", "load", "size", "0:1"),
    **reads("fatls", "fatload", "fatsize", "0:1"),
    **reads("ext4ls", "ext4load", "ext4size", "0:2"),
    "cat": [yes("cat pvblock 0:1 hello.txt", HELLO), no("cat pvblock 0:1 none", ".+"), usage("cat")],
    "fatinfo": [yes("fatinfo pvblock 0:1", '.*Filesystem: FAT16 "BOOT *"'), no("fatinfo pvblock 0:2", ".+")],
    "fatmkdir": in_folder("fatmkdir", "fatrm", "fatrename"),
    "fatrename": [
        yes(
            "fatrename pvblock 0:1 script script.txt; cat pvblock 0:1 script.txt; fatrename pvblock 0:1 script.txt script",
            "echo from the script",
        ),
        no("fatrename pvblock 0:1 none other"),
        usage("fatrename"),
    ],
    "fatrm": [
        yes("fatwrite pvblock 0:1 50000000 new 10; fatrm pvblock 0:1 new", WRITTEN.format(16)),
        no("fatrm pvblock 0:1 new", ".+"),
        usage("fatrm"),
    ],
    "fatwrite": [
        yes(
            "mw.b 50000000 41 200; fatwrite pvblock 0:1 50000000 new 123; fatload pvblock 0:1 51000000 new; cmp.b 50000000 51000000 123",
            f"{WRITTEN.format(291)}\n{READ.format(291)}\n.*291 byte.*",
        ),
        yes("fatrm pvblock 0:1 new"),
        no("fatwrite pvblock 0:1 50000000 new 8000000", ".+"),
        usage("fatwrite"),
    ],
    "fsinfo": [
        yes(
            "fsinfo pvblock 0:2",
            "Type:  ext4\nLabel: samples\nUUID:  11111111-2222-3333-4444-555555555555\nSize:  8 MiB .*Free: .*",
        ),
        no("fsinfo pvblock 1:7", ".+"),
        usage("fsinfo"),
    ],
    "fstype": [
        yes("fstype pvblock 0:1", "fat"),
        yes("fstype pvblock 0:2 t; echo $t", "ext4"),
        no("fstype pvblock 0:7", ".+"),
    ],
    "fstypes": [yes("fstypes", "Supported filesystems: fat, ext4")],
    "fsuuid": [
        yes("fsuuid pvblock 0:1", "1234-ABCD"),
        yes("fsuuid pvblock 0:2 u; echo $u", "11111111-2222-3333-4444-555555555555"),
        no("fsuuid pvblock 0:7", ".+"),
    ],
    "ln": [no("ln pvblock 0:2 hello.txt link", ".*not supported.*"), usage("ln")],
    "mkdir": in_folder("mkdir", "rm", "mv"),
    "mv": [
        yes(
            "mv pvblock 0:1 script script.txt; cat pvblock 0:1 script.txt; mv pvblock 0:1 script.txt script",
            "echo from the script",
        ),
        no("mv pvblock 0:1 none other"),
        usage("mv"),
    ],
    "rm": [
        yes("save pvblock 0:1 50000000 new 10; rm pvblock 0:1 new", WRITTEN.format(16)),
        no("rm pvblock 0:1 new", ".+"),
        usage("rm"),
    ],
    "save": [
        yes(
            "mw.b 50000000 42 200; save pvblock 0:1 50000000 new 123; load pvblock 0:1 51000000 new; cmp.b 50000000 51000000 123",
            f"{WRITTEN.format(291)}\n{READ.format(291)}\n.*291 byte.*",
        ),
        yes("rm pvblock 0:1 new"),
        yes("save pvblock 0:2 50000000 script 15", WRITTEN.format(21)),
        no("save pvblock 0:2 50000000 new 8", ".+"),
        usage("save"),
    ],
    "xxd": [
        yes("xxd pvblock 0:1 hello.txt", f"00000000: {DUMP[0]}\n00000010: {DUMP[1]}"),
        no("xxd pvblock 0:1 none", ".+"),
        usage("xxd"),
    ],
}
