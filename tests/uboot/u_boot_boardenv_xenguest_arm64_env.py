# SPDX-License-Identifier: GPL-2.0-or-later
"""What the suite asks about a board that keeps its environment on the first disk."""

env__saveenv_test = {"bootmode": "xen"}
