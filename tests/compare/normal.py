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
    # Help texts are in our own words: what a script sees is that there is one.
    (r"(?ms)^(\S+) - [^\n]*\n\nUsage:\n\1 .*\Z", r"usage of \1\n"),
]


def answer(given):
    """The lines to compare of an answer: output, status, variables."""
    output = given.output
    for pattern, replacement in RULES:
        output = re.sub(pattern, replacement, output)
    return [*output.split("\n"), f"status {given.status}", *given.variables]
