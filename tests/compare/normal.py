# SPDX-License-Identifier: GPL-2.0-or-later
"""What has to differ between two loaders, made the same."""
import re

RULES = [
    # Times and rates.
    (r"\bin \d+ ms( \([^)]*/s\))?", "in N ms"),
    # U-Boot's sandbox puts the name of a function before many messages.
    (r"(?m)^ *[a-z_0-9]+\(\) ", ""),
    # Features that U-Boot's sandbox has and the board has not: dates of images,
    # names of error numbers, the check of a signature before anything else.
    (r"(?m)^ *Created: .*\n", ""),
    (r"\bERROR (-\d+):(?: [^:\n]+:)?", r"ERROR \1E:"),
    (r"(?m)^INFO: no info for image pre-load sig check\n", ""),
    # U-Boot's sandbox shows an address of the process here.
    (r"\bfor FIT Image at [0-9a-f]+ ", "for FIT Image at ADDRESS "),
    # Addresses of a loader's own memory in a guest of 512 MiB.
    (r"\b5d[0-9a-f]{6}\b", "ADDRESS"),
    # Older releases say it so.
    (r"(?m)^CRC32 for ", "crc32 for "),
    (r"(?m)^\t\t\(system\)$", "\t\t(EFI System Partition)"),
    # Help texts are in our own words: what a script sees is that there is one.
    (r"(?ms)^(\S+) - [^\n]*\n\nUsage:\n\1 .*\Z", r"usage of \1\n"),
]


def answer(given):
    """The lines to compare of an answer: output, status, variables."""
    return [*plain(given.output).split("\n"), f"status {given.status}", *map(plain, given.variables)]


def plain(text):
    """A text without what has to differ."""
    for pattern, replacement in RULES:
        text = re.sub(pattern, replacement, text)
    return text
