# SPDX-License-Identifier: GPL-2.0-or-later
"""Images and booting."""

from cases.case import DUMP, load, no, usage, yes

MENU = r".*\*\*\* U-Boot Boot Menu \*\*\*.*1\. First.*2\. Second.*3\. Third.*0\. Exit.*"

BOOT = {
    "boot": [
        yes("setenv bootcmd 'echo booted'; boot", "booted"),
        no("setenv bootcmd false; boot"),
        yes("env default -f bootcmd"),
    ],
    "bootcount": [yes("bootcount print", "0"), yes("bootcount reset"), usage("bootcount"), usage("bootcount x")],
    "bootd": [
        yes("setenv bootcmd 'echo booted'; bootd", "booted"),
        no("setenv bootcmd false; bootd"),
        yes("env default -f bootcmd"),
    ],
    "bootdev": [
        yes("bootdev list", "Seq .*\n  0   .*\n  1   .*\\(2 bootdevs\\)"),
        yes("bootdev hunt -l", "Prio .*pvblock_bootdev\n\\(total hunters: 1\\)"),
        no("bootdev info", "Please use 'bootdev select' first"),
        yes("bootdev select pvblock1"),
        yes("bootdev info", "Name:      pvblock1\\.bootdev\nSequence:  1\nStatus:    Probed\n.*"),
        yes("bootdev select"),
        no("bootdev select pvblock9", "Cannot find bootdev 'pvblock9' \\(err=-2\\)"),
        usage("bootdev"),
    ],
    "bootflow": [
        yes("bootflow scan -l", "Scanning for bootflows in all bootdevs\nSeq .*\\(0 bootflows, 0 valid\\)"),
        no("bootflow scan -b", ".*Nothing was booted:\n.*"),
        yes("bootflow scan -a pvblock0", ".*"),
        yes("bootflow list -e", "Showing all bootflows\n.*File not found, err=-2: not found\n.*"),
        no("bootflow boot", "No bootflow selected"),
        yes("bootflow select 0"),
        yes("bootflow info", "Name:      pvblock0\\.bootdev\\.whole\n.*Error:     -2"),
        yes("bootflow cmdline auto console; printenv bootargs", "bootargs=console=hvc0"),
        no("bootflow boot", ".*Bootflow not loaded \\(state 'media'\\)"),
        yes("setenv bootargs; bootflow select"),
        usage("bootflow"),
    ],
    "booti": [no("mw.b 50000000 0 1000; booti 50000000", "Bad Linux ARM64 Image magic!"), no("booti 10", ".+")],
    "bootmenu": [
        yes("setenv bootmenu_0 First=echo one; setenv bootmenu_1 Second=echo two; setenv bootmenu_2 Third=false"),
        # The whole screen, the arrow down, Enter.
        yes("bootmenu -1", f"{MENU}two", ("ESC to quit", "\x1b[B\r")),
        yes("bootmenu 100", f"{MENU}one", ("stop autoboot: 100 ", "\r")),
        yes("bootmenu -1; echo left", f"{MENU}left", ("ESC to quit", "\x1b")),
        yes("bootmenu 0", "one"),
        no("bootmenu soon", "## Error: 'soon' is not a delay in seconds"),
        usage("bootmenu 1 2"),
        yes("env delete bootmenu_0 bootmenu_1 bootmenu_2"),
    ],
    "bootm": [
        load("kernel.img"),
        yes(
            "bootm start 50000000",
            "## Booting kernel from Legacy Image at 50000000 \\.\\.\\.\n.*Verifying Checksum \\.\\.\\. OK\n.*",
        ),
        no("bootm loados", ".*Bad Linux ARM64 Image magic!"),
        no("mw.l 50000000 0; bootm 50000000", "Wrong Image Type for bootm command\n.*"),
    ],
    "bootmeth": [
        yes("bootmeth list", "Order .*extlinux .*script .*image .*\\(3 bootmeths\\)"),
        yes("bootmeth order script; bootmeth list; bootmeth order", "Order .*\\(1 bootmeth\\)"),
        no("bootmeth order fred", "Unknown bootmeth 'fred'\nFailed \\(err=-19\\)"),
        usage("bootmeth"),
    ],
    "bootstd": [yes("bootstd images", "Seq .*\\(0 images\\)"), usage("bootstd")],
    "go": [
        yes(
            "mw.l 50000000 52800000; mw.l 50000004 d65f03c0; go 50000000",
            "## Starting application at 0x50000000 \\.\\.\\.\n## Application terminated, rc = 0x0",
        ),
        no("go 10", ".+"),
        usage("go"),
    ],
    "iminfo": [
        load("multi.img"),
        yes(
            "iminfo 50000000",
            ".*Legacy image found\n   Image Name:   sample\n.*Image 1: 21 Bytes.*Verifying Checksum \\.\\.\\. OK",
        ),
        no("mw.b 50000050 0; iminfo 50000000", ".*Bad Data CRC"),
        no("mw.l 50000000 0; iminfo 50000000", ".*Unknown image format!"),
    ],
    "imxtract": [
        load("multi.img"),
        yes("imxtract 50000000 0 51000000; md.b 51000000 10", f".*Loading part 0 \\.\\.\\. OK\n51000000: {DUMP[0]}"),
        no("imxtract 50000000 5 51000000", ".*Bad Image Part"),
        no("mw.l 50000000 0; imxtract 50000000 0 51000000", ".*Invalid image type for imxtract"),
    ],
    "sysboot": [
        no("sysboot pvblock 0:1 any 50000000 /none.conf",
           "Retrieving file: /none\\.conf\n/none\\.conf: not found\nError reading config file"),
        # A text without a label: it is read, but there is nothing to boot.
        no("sysboot pvblock 0:1 any 50000000 /hello.txt",
           "Retrieving file: /hello\\.txt\nIgnoring unknown command: Hello"),
        yes("md.b 50000000 15; printenv bootfile", f"50000000: {DUMP[0]}\n50000010: {DUMP[1]}\nbootfile=/hello\\.txt"),
        no("sysboot pvblock 0:1 none 50000000 /hello.txt", "Invalid filesystem: none"),
        usage("sysboot pvblock 0:1"),
    ],
}

# What ends the guest, or starts it anew: the line, and what has to follow.
ENDS = {
    "exception": ("exception undefined", r"[Uu]ndefined.*U-Boot 20"),
    "panic": ("panic 'so it is'", r"so it is.*U-Boot 20"),
    "reset": ("reset", r"resetting \.\.\..*U-Boot 20"),
    "poweroff": ("poweroff", r"poweroff \.\.\."),
}
