# SPDX-License-Identifier: GPL-2.0-or-later
"""What a case is, and what several need."""

import dataclasses
import re

CTRL_C = "\x03"
HELLO = "Hello from the disk\\."
DUMP = (
    "48 65 6c 6c 6f 20 66 72 6f 6d 20 74 68 65 20 64  Hello from the d",
    "69 73 6b 2e 0a                                   isk\\.\\.",
)
MD5 = "bf25a2fbf66ed6919b71475c4200c254"
SHA1 = "876a3eebc329b31cc39d5512e445439867305075"
SHA256 = "b4c89c36196ffb6f1cc7948e2a715da8c26c32412a92a4590413c7ecfb31ac54"
SM3 = "f3de6db8c2434ea91f1e2241be0f2741e1b83b60b6727b2c29161ea41be30bdf"
READ = r"{} bytes read in \d+ ms( \(.+/s\))?"
WRITTEN = r"{} bytes written in \d+ ms( \(.+/s\))?"


@dataclasses.dataclass
class Case:
    """A line, its whole output, its status (None: it also ends what stands behind it), and what to type meanwhile."""

    line: str
    out: str = ""
    done: bool | None = True
    keys: tuple = ()


def yes(line, out="", *keys):
    """A line that succeeds; `out` is a regular expression, `keys` are (expression to wait for, answer)."""
    return Case(line, out, True, keys)


def no(line, out="", *keys):
    """A line that fails."""
    return Case(line, out, False, keys)


def interrupted(line):
    """A line that runs until Ctrl-C."""
    return Case(line, ".*<INTERRUPT>", None, (("", CTRL_C),))


def usage(line):
    """A line that is answered by the command's usage."""
    name = re.escape(line.split()[0])
    return no(line, rf"{name} - [^\n]+\n\nUsage:\n{name} .+")


def load(name):
    """Puts a file of the samples at 50000000."""
    return yes(f"load pvblock 0:1 50000000 {name}", READ.format(r"\d+"))
