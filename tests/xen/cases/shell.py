# SPDX-License-Identifier: GPL-2.0-or-later
"""The shell, and what scripts are made of."""

from cases.case import load, no, usage, yes

SHELL = {
    "[": [yes("[ 1 -lt 2 -a abc != abd ]"), no("[ abc = abd ]")],
    "echo": [yes("echo a  'b  c'", "a b  c"), yes("echo -n a; echo b", "ab")],
    "exit": [yes("setenv s 'echo a; exit 3; echo b'; run s; echo $?", "a\n3"), no("setenv s exit; run s; false")],
    "false": [no("false"), yes("false || echo $?", "1")],
    "help": [
        yes("help", r"\?         - alias for 'help'\n.*version   - [^\n]+\n.*"),
        # As in U-Boot, a usage that was asked for is a failure too.
        no("help echo", r"echo - .*\n\nUsage:\necho .+"),
        no("help none", "Unknown command 'none' - try 'help' .*"),
    ],
    "?": [no("? echo", r"echo - .*\n\nUsage:\necho .+")],
    "history": [yes("history", r"(.*\n)?if history; then .*")],
    "itest": [
        yes("itest 10 -gt 9"),
        no("itest 10 == 9"),
        yes("itest.s abc < abd"),
        yes("mw.l 50000000 12345678; itest.w *50000000 == 5678"),
        no("itest x == 1", ".+"),
    ],
    "run": [yes("setenv s 'echo one; echo two'; run s", "one\ntwo"), no("run none", '.*"none" not defined')],
    "setexpr": [
        yes("setexpr x 10 + f; echo $x", "1f"),
        yes("setexpr x gsub a b banana; echo $x", "bbnbnb"),
        yes("setexpr x fmt %d 0x10; echo $x", "16"),
        yes("mw.l 50000000 12345678; setexpr.b x *50000000; echo $x", "78"),
        no("setexpr x 1 / 0", ".*division by zero"),
        usage("setexpr"),
    ],
    "showvar": [
        yes("shown=5; showvar", r"(.*\n)?shown=5(\n.*)?"),
        yes("showvar shown", "shown=5"),
        no("showvar none", ".*none.*"),
    ],
    "sleep": [yes("sleep 0.01"), usage("sleep")],
    "source": [
        load("script.img"),
        yes("source 50000000", "## Executing script at 50000000\nfrom the script"),
        no(
            "mw.l 50000000 0; source 50000000",
            '## Executing script at 50000000\nWrong image format for "source" command',
        ),
    ],
    "test": [
        yes("test -e pvblock 0:1 hello.txt"),
        no("test -e pvblock 0:1 none"),
        yes("test -z ''"),
        no("test 5 -le 4"),
    ],
    "time": [yes("time echo a", r"a\n\ntime: \d+\.\d+ seconds"), no("time false", r"time: .*")],
    "timer": [yes("timer start"), yes("timer get", r"\d+\.\d{3}"), usage("timer x")],
    "true": [yes("true"), no("true && false")],
}
