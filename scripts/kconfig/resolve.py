#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Resolve the Kconfig tree with kconfiglib.

    resolve.py defconfig CONFIG DEFCONFIG   write CONFIG from a defconfig
    resolve.py sync CONFIG                  bring CONFIG up to date with the tree
    resolve.py savedefconfig CONFIG OUT     write the shortest file that gives CONFIG

The first two also write CONFIG.symbols, which the Rust side reads: one
`file PATH` line for each Kconfig file, and one `symbol NAME TYPE VALUE` line
for each symbol, with tabs between the words. The folder of the tree is the
current folder. Symbols that the tree does not have are named once and do no
harm, so that a defconfig of U-Boot's can be used as it is.
"""
import os
import re
import sys

import kconfiglib

ASSIGNMENT = re.compile(r"(?:# )?CONFIG_(\w+)(?:=| is not set)")


def main():
    """Do what the command line says."""
    action, config, *rest = sys.argv[1:]
    tree = kconfiglib.Kconfig("Kconfig", warn=False)
    if action == "defconfig":
        load(tree, rest[0])
    else:
        load(tree, config)
    if action == "savedefconfig":
        tree.write_min_config(rest[0], header="")
        return
    # Unchanged files keep their time, so that nothing is built anew for them.
    tree.write_config(config, header="# Written by the configuration tools.\n", save_old=False)
    replace(config + ".symbols", "".join(symbol_lines(tree)))


def load(tree, path):
    """Load a configuration; name the symbols that the tree does not have."""
    unknown = []
    with open(path, encoding="utf-8") as file:
        for line in file:
            match = ASSIGNMENT.match(line)
            if match and not known(tree, match[1]) and match[1] not in unknown:
                unknown.append(match[1])
    tree.load_config(path)
    if unknown:
        print(f"{path}: ignored {len(unknown)} symbols that this tree does not have: {' '.join(unknown)}",
              file=sys.stderr)


def known(tree, name):
    """Is this a symbol that the tree defines, not one it merely mentions?"""
    return name in tree.syms and tree.syms[name].nodes


def symbol_lines(tree):
    """What the Rust side needs to know, a line each."""
    for path in tree.kconfig_filenames:
        yield f"file\t{path}\n"
    for symbol in tree.unique_defined_syms:
        yield f"symbol\t{symbol.name}\t{kconfiglib.TYPE_TO_STR[symbol.type]}\t{symbol.str_value}\n"


def replace(path, text):
    """Write a file in one step, so that no reader finds half of it."""
    with open(path + ".new", "w", encoding="utf-8") as file:
        file.write(text)
    os.replace(path + ".new", path)


if __name__ == "__main__":
    try:
        main()
    except (OSError, kconfiglib.KconfigError) as error:
        sys.exit(f"kconfig: {error}")
