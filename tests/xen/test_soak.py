# SPDX-License-Identifier: GPL-2.0-or-later
"""Guests in a row leave nothing; `cargo xtask soak` runs many more of them."""
import soak

DUMP = """(XEN) grant-table for remote d0 (v1)
(XEN)   1 frames (64 max), 5 maptrack frames (1024 max)
(XEN) no active grant table entries
(XEN) heap[node=0][zone=19] -> 200 pages
(XEN) heap[node=0][zone=20] -> 45 pages
(XEN) Event channel information for domain 0:
(XEN)        1 [0/0/  -   ]: s=3 n=0 x=0 d=0 p=4
"""


def test_guests_in_a_row(lab, loader):
    """One of each kind."""
    # Domain-0's kernel itself takes memory for the first guests, and what it takes depends on the tests before;
    # the pages that a guest passes its data through are as much.
    free = soak.FREE | {"Domain-0's free KiB": 4096}
    assert soak.Soak(lab, loader, "linux", free).run(2, first=soak.ENDS[:1]) == []


def test_what_is_lost_is_noticed():
    before = soak.of_xen(DUMP)
    assert before == {"Xen's free pages": 245, "domains": 1, "grant tables": 1, "grants": 0,
                      "frames for mappings": 5, "event channels": 1}
    left = {"(XEN) no active": "(XEN) [0x008]      0 0xdcbc8 0x00000001          0 0x0435c8 0x19\n(XEN) no active",
            "-> 200": "-> 167", "5 maptrack": "6 maptrack",
            "(XEN)        1 [": "(XEN)        5 [0/0/  -   ]: s=3 n=0 x=0 d=2 p=1\n(XEN)        1 [",
            "(XEN) Event": "(XEN) grant-table for remote d7 (v1)\n(XEN) Event",
            "domain 0:": "domain 0:\n(XEN) Event channel information for domain 7:"}
    for old, new in left.items():
        assert len(soak.differences(before, soak.of_xen(DUMP.replace(old, new)))) == 1, new
    assert soak.differences(before, soak.of_xen(DUMP.replace("-> 200", "-> 190"))) == []
