# SPDX-License-Identifier: GPL-2.0-or-later
"""What the test suite of U-Boot's asks about a board: here a guest of Xen's with 512 MiB."""

env__memtest = {
    "start_addr": 0x48000000,
    "size": 0x1000,
    "pattern": 0x0,
    "iteration": 4,
    "timeout": 50000,
}

env__reset_test = {"bootmode": "xen"}
