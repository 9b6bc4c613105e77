# SPDX-License-Identifier: GPL-2.0-or-later
"""Variables."""

from cases.case import no, usage, yes

ENVIRONMENT = {
    "askenv": [
        yes("askenv who Who?; echo $who", "Who\\?.*me\nme", ("Who\\?", "me\r")),
        yes("askenv who Who? 2; echo $who", "Who\\?.*\nlo", ("Who\\?", "long\r")),
        usage("askenv"),
    ],
    "editenv": [yes("setenv e abc; editenv e; echo $e", "edit: abc.*\nabcd", ("edit: abc", "d\r")), usage("editenv")],
    "env": [
        yes("env set a 1; env print a", "a=1"),
        yes("env exists a"),
        no("env exists none"),
        yes("env indirect b a; env print b", "b=1"),
        yes("env grep -e -n '^b$'", "b=1"),
        yes("env export -t 50000000 a b"),
        yes("env delete a; env import -t 50000000 ${filesize} a; env print a", "a=1"),
        yes("env default -f bootdelay; env print bootdelay", "bootdelay=10"),
        yes("env info", "env_valid = invalid\nenv_ready = true\nenv_use_default = true"),
        yes("env flags", "Available variable type flags .*"),
        yes("env callbacks", "Available callbacks:.*"),
        yes("env select nowhere", "Select Environment on nowhere: OK"),
        no("env select FAT", ".*driver not found"),
        no("env save", ".*not possible"),
        yes("env ask c C?; env print c", "C\\?.*\nc=d", ("C\\?", "d\r")),
        yes("setenv s 'echo ran'; env run s", "ran"),
        usage("env none"),
    ],
    "eraseenv": [no("eraseenv", "not possible")],
    "grepenv": [yes("setenv g1 word; grepenv -v word", "(.*\n)?g1=word(\n.*)?"), no("grepenv nothing-has-this")],
    "printenv": [
        yes("printenv bootdelay", "bootdelay=10"),
        yes("printenv", "(.*\n)?bootdelay=10\n.*Environment size: .*"),
        no("printenv none", '## Error: "none" not defined'),
    ],
    "saveenv": [no("saveenv", "Saving Environment to nowhere\\.\\.\\. not possible")],
    "setenv": [
        yes("setenv a 'b  c'; printenv a", "a=b  c"),
        yes("setenv a; env exists a || echo gone", "gone"),
        no("setenv '' x", ".+"),
        no("setenv a=b c", ".+"),
    ],
}
