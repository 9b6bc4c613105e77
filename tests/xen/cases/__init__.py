# SPDX-License-Identifier: GPL-2.0-or-later
"""For each command of the board what to type, what it has to say, and whether it succeeds.

The guest has 512 MiB from 40000000, and two disks (see images.py): `samples`, and
`scratch`, to which everything may be written. The cases of a command build on each
other, those of different commands do not.
"""

from cases.boot import BOOT, ENDS
from cases.disks import DISKS
from cases.environment import ENVIRONMENT
from cases.files import FILES
from cases.memory import MEMORY
from cases.shell import SHELL
from cases.system import SYSTEM

CASES = {**SHELL, **ENVIRONMENT, **MEMORY, **DISKS, **FILES, **SYSTEM, **BOOT}
