# SPDX-License-Identifier: GPL-2.0-or-later
"""What the test suite of U-Boot's asks about a board, of which the sandbox is one."""

env__memtest = {
    "start_addr": 0x100000,
    "size": 0x1000,
    "pattern": 0x0,
    "iteration": 4,
    "timeout": 50000,
}

env__reset_test = {"bootmode": "sandbox"}
