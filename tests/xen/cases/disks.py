# SPDX-License-Identifier: GPL-2.0-or-later
"""Disks, and the tables on them."""

from cases.case import DUMP, load, no, usage, yes

DISKS = {
    "blkcache": [
        yes("blkcache configure 16 64", "changed to max of 64 entries of 16 blocks each"),
        yes("blkcache show", "hits: \\d+\nmisses: \\d+\nentries: \\d+\nmax blocks/entry: 16\nmax cache entries: 64"),
        yes("blkcache configure 32 32", ".+"),
        usage("blkcache none"),
    ],
    "blkmap": [
        yes("mw.b 50000000 a5 1000; blkmap create m", 'Created "m"'),
        yes("blkmap map m 0 8 mem 50000000", "Block 0x0\\+0x8 mapped to 0x50000000"),
        yes("blkmap map m 8 8 linear pvblock 0 0", "Block 0x8\\+0x8 mapped to block 0x0 of .*"),
        yes("blkmap get m dev n; read blkmap ${n}:0 51000000 7 3; md.b 510001fe 4", "510001fe: a5 a5 .*"),
        yes("md.b 51000400 8", "51000400: 45 46 49 20 50 41 52 54 .*EFI PART"),
        yes("blkmap info", "Device 0: .*"),
        yes("blkmap destroy m", 'Destroyed "m"'),
        no("blkmap destroy m", ".+"),
        usage("blkmap"),
    ],
    "gpt": [
        yes("setenv parts 'name=a,size=1MiB;name=b,size=2MiB'; gpt write pvblock 1 $parts", "Writing GPT: success!"),
        yes("gpt verify pvblock 1 $parts", "Verify GPT: success!"),
        no("gpt verify pvblock 1 'name=a,size=2MiB'", ".*error!"),
        yes("gpt guid pvblock 1", r"[0-9a-f-]{36}\nsuccess!"),
        yes("gpt enumerate pvblock 1; echo $gpt_partition_list", "success!\na b"),
        yes("gpt setenv pvblock 1 b; echo $gpt_partition_addr $gpt_partition_size", "success!\n[0-9a-f]+ 1000"),
        yes("gpt swap pvblock 1 a b", ".*name b.*name a.*success!"),
        yes("gpt rename pvblock 1 1 z", ".*name z.*success!"),
        yes("gpt repair pvblock 1", "Repairing GPT: success!"),
        no("gpt write pvblock 1 'name=a,size=1GiB'", ".*error!"),
        usage("gpt none"),
    ],
    "gzwrite": [
        load("hello.txt.gz"),
        yes("gzwrite pvblock 1 50000000 ${filesize}", "(.*\n)?\\s*21 bytes, crc 0xaaa38ce6"),
        yes("read pvblock 1:0 51000000 0 1; md.b 51000000 10", f"51000000: {DUMP[0]}"),
        no("gzwrite pvblock 1 51000000 10", ".+"),
        usage("gzwrite"),
    ],
    "lsblk": [
        yes(
            "lsblk",
            "Block Driver .*pvblock_blk +: pvblock 0, pvblock 1\n.*pvblock 0:2 +8 MiB +part +ext4 +samples +11111111-.*",
        )
    ],
    "mbr": [
        yes(
            "mbr write pvblock 1 'uuid_disk=0x12345678;name=a,size=1M,id=0x83;name=b,size=2M,id=0xc'",
            "MBR: write success!",
        ),
        yes(
            "mbr verify pvblock 1 'uuid_disk=0x12345678;name=a,size=1M,id=0x83;name=b,size=2M,id=0xc'",
            "MBR: verify success!",
        ),
        no("mbr verify pvblock 1 'uuid_disk=0x12345678;name=a,size=1M,id=0x82'", ".*error!"),
        yes("part list pvblock 1", ".*12345678-01\t83\n.*12345678-02\t0c"),
        usage("mbr"),
    ],
    "part": [
        yes("part list pvblock 0", '.*Partition Type: EFI\n.*  1\t0x00000800\t0x000087ff\t"system"\n.*'),
        yes("part uuid pvblock 0:1", "aaaaaaaa-2222-3333-4444-555555555555"),
        yes("part start pvblock 0 2", "9000"),
        yes("part size pvblock 0 root", "4000"),
        yes("part number pvblock 0 root n; echo $n", "0x2"),
        yes("part name pvblock 0 1", "system"),
        yes("part types", "Supported partition tables: .*EFI.*"),
        no("part list pvblock 7", ".+"),
        usage("part"),
    ],
    "pvblock": [
        yes("pvblock info", "Device 0: .*\\(57344 x 512\\)\nDevice 1: .*"),
        yes("pvblock device 1", ".*\\.\\.\\. is now current device"),
        yes("mw.b 50000000 5a 200; pvblock write 50000000 9 1", ".* 1 blocks written: OK"),
        yes("pvblock read 51000000 9 1; cmp.b 50000000 51000000 200", ".* 1 blocks read: OK\n.*512 byte.*"),
        yes("pvblock erase 9 1", ".* 1 blocks erased: OK"),
        no("pvblock erase 1fffffff 1", ".* 0 blocks erased: ERROR \\(out of range\\)"),
        yes("pvblock device 0; pvblock part", ".*Partition Type: EFI.*"),
        no("pvblock device 7", ".*unknown device"),
        usage("pvblock"),
    ],
    "read": [
        yes("read pvblock 0:0 50000000 1 1; md.b 50000000 8", "50000000: 45 46 49 20 50 41 52 54 .*EFI PART"),
        no("read pvblock 0:1 50000000 0 1000000", "read out of range"),
        usage("read"),
    ],
    "write": [
        yes(
            "mw.b 50000000 77 200; write pvblock 1:0 50000000 64 1; read pvblock 1:0 51000000 64 1; cmp.b 50000000 51000000 200",
            ".*512 byte.*",
        ),
        no("write pvblock 1:0 50000000 1fffffff 1", "write out of range"),
        usage("write"),
    ],
}
