# SPDX-License-Identifier: GPL-2.0-or-later
"""Memory: looking at it, changing it, checking it, and unpacking."""

from cases.case import CTRL_C, DUMP, MD5, SHA1, SHA256, SM3, interrupted, load, no, usage, yes


def checksum(command, name, value, *before):
    """A command for one kind of hash over hello.txt."""
    shown = f"{name} for 50000000 \\.\\.\\. 50000014 ==> {value}"
    return [
        load("hello.txt"),
        yes(f"{command} 50000000 15", shown),
        yes(f"{command} 50000000 15 sum; echo $sum", f"{shown}\n{value}"),
        yes(f"{command} -v 50000000 15 {value}", *before),
        no(
            f"{command} -v 50000000 15 {value.translate(str.maketrans('bf', 'fb'))}",
            rf"{shown} != \w+ \*\* ERROR \*\*",
        ),
        usage(command),
    ]


def unpacked(command, name, *more):
    """A command that unpacks hello.txt."""
    end = "".join(f" {word}" for word in more)
    return [
        yes("mw.b 51000000 0 20"),
        load(name),
        yes(f"{command} 50000000 51000000{end}", "Uncompressed size: 21 = 0[xX]15"),
        yes("md.b 51000000 15", f"51000000: {DUMP[0]}\n51000010: {DUMP[1]}"),
        load("hello.txt"),
        no(f"{command} 50000000 51000000{end}", ".+"),
        usage(command),
    ]


MEMORY = {
    "base": [
        yes("base", "Base Address: 0x00000000"),
        yes("base 50000000; mw.l 10 1234; base 0", "Base Address: 0x50000000\nBase Address: 0x00000000"),
        yes("md.l 50000010 1", "50000010: 00001234 .*"),
    ],
    "cmp": [
        yes(
            "mw.b 50000000 5a 10; cp.b 50000000 51000000 10; cmp.b 50000000 51000000 10",
            "Total of 16 byte\\(s\\) were the same",
        ),
        no(
            "mw.b 51000007 0; cmp.b 50000000 51000000 10",
            "byte at 0x50000007 \\(0x5a\\) != byte at 0x51000007 \\(0x0\\)\nTotal of 7 byte\\(s\\) were the same",
        ),
        usage("cmp"),
    ],
    "cp": [
        yes("mw.w 50000000 abcd 2; cp.w 50000000 51000000 2; md.w 51000000 2", "51000000: abcd abcd .*"),
        no("cp.b 10 50000000 1", ".+"),
        usage("cp"),
    ],
    "crc32": [
        load("hello.txt"),
        yes("crc32 50000000 15", "crc32 for 50000000 \\.\\.\\. 50000014 ==> aaa38ce6"),
        yes("crc32 50000000 15 51000000; md.b 51000000 4", ".*\n51000000: aa a3 8c e6 .*"),
        yes("crc32 -v 50000000 15 aaa38ce6"),
        no("crc32 -v 50000000 15 00000000", ".* ==> aaa38ce6 != 00000000 \\*\\* ERROR \\*\\*"),
        usage("crc32"),
    ],
    "hash": [
        load("hello.txt"),
        yes("hash sha256 50000000 15", f"sha256 for .* ==> {SHA256}"),
        yes("hash md5 50000000 15 *51000000; md.b 51000000 3", f"md5 for .* ==> {MD5}\n51000000: bf 25 a2 .*"),
        yes(f"hash -v sha1 50000000 15 {SHA1}"),
        no("hash none 50000000 15", ".+"),
        usage("hash"),
    ],
    "loop": [interrupted("loop.l 50000000 1"), usage("loop")],
    "loopw": [interrupted("loopw.l 50000000 1 5"), yes("md.l 50000000 1", "50000000: 00000005 .*"), usage("loopw")],
    "md": [
        yes("mw.l 50000000 11223344; md.b 50000000 4", '50000000: 44 33 22 11 .*D3"\\.'),
        no("md 10", ".* is not in RAM"),
        usage("md"),
    ],
    "md5sum": checksum("md5sum", "md5", MD5),
    "mdc": [
        yes(
            "mw.l 50000000 7; mdc.l 50000000 1 10",
            "(50000000: 00000007 +\\.{4}\n){2,}Abort",
            ("(?s)00000007.*00000007", CTRL_C),
        ),
        usage("mdc"),
    ],
    "mm": [
        yes(
            "mw.l 50000000 0 2; mm 50000000; md 50000000 2",
            ".*50000000: 00000011 00000022 .*",
            ("50000000: 00000000 \\? ", "11\r"),
            ("50000004: 00000000 \\? ", "22\r"),
            ("50000008: .* \\? ", "q\r"),
        ),
        usage("mm"),
    ],
    "ms": [
        load("hello.txt"),
        yes("ms.b 50000000 15 64 69; echo $memaddr", "50000000: 48 .*\n1 match\n5000000f"),
        no("ms.b 50000000 15 78", "0 matches"),
        usage("ms"),
    ],
    "mtest": [
        yes(
            "mtest 50000000 50001000 aa 2",
            "Testing 50000000 \\.\\.\\. 50001000:\n.*Tested 2 iteration\\(s\\) with 0 errors\\.",
        ),
        no("mtest 2000 1000", ".*Refusing to do empty test.*"),
    ],
    "mw": [
        yes("mw.q 50000000 0123456789abcdef 2; md.q 50000000 2", "50000000: 0123456789abcdef 0123456789abcdef .*"),
        no("mw.b 10 1", ".* is not in RAM"),
        usage("mw"),
    ],
    "mwc": [
        yes(
            "mw.l 50000000 0; mwc.l 50000000 9 10; md.l 50000000 1",
            "(.*\n)?Abort\n50000000: 00000009 .*",
            ("", CTRL_C),
        ),
        usage("mwc"),
    ],
    "nm": [
        yes(
            "mw.l 50000000 0; nm 50000000; md 50000000 1",
            ".*50000000: 00000022 .*",
            ("50000000: 00000000 \\? ", "11\r"),
            ("50000000: 00000011 \\? ", "22\r"),
            ("50000000: 00000022 \\? ", "q\r"),
        ),
        usage("nm"),
    ],
    "random": [
        yes(
            "mw.l 50000000 0 5; random 50000000 10; md.l 50000010 1",
            "16 bytes filled with random data\n50000010: 00000000 .*",
        ),
        yes(
            "random 50000000 10 1; crc32 50000000 10 51000000; random 52000000 10 1; crc32 52000000 10 53000000; "
            "cmp.b 51000000 53000000 4",
            ".*Total of 4 byte.*",
        ),
        usage("random"),
    ],
    "sha1sum": checksum("sha1sum", "sha1", SHA1),
    "sha256sum": checksum("sha256sum", "sha256", SHA256),
    "sm3sum": checksum("sm3sum", "sm3_256", SM3),
    "strings": [yes("mw.l 50000000 0 10; mw.l 50000000 6c6c6548; mw.b 50000004 6f; strings 50000000 8", "Hello")],
    "lzmadec": unpacked("lzmadec", "hello.txt.lzma"),
    "unlz4": unpacked("unlz4", "hello.txt.lz4", "1000"),
    "unxz": unpacked("unxz", "hello.txt.xz"),
    "unzip": unpacked("unzip", "hello.txt.gz"),
    "unzstd": unpacked("unzstd", "hello.txt.zst"),
    "zip": [
        load("hello.txt"),
        yes("zip 50000000 15 51000000", r"Compressed size: (\d+) = 0x[0-9a-fA-F]+"),
        yes("unzip 51000000 52000000; cmp.b 50000000 52000000 15", ".*Total of 21 byte\\(s\\) were the same"),
        usage("zip"),
    ],
}
