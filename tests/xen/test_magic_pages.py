# SPDX-License-Identifier: GPL-2.0-or-later
"""A console and a XenStore that break the rules: the guest lives, says what is wrong
where it still can, and what does not depend on them works on.

Both have a page that the toolstack has granted to Domain-0. A program of the tests
writes to it while the daemons are idle.
"""
import struct

import pytest

import backends

CONSOLE, XENSTORE = 0, 1  # the pages' grants

# Console: where its indices are.
IN_PROD, OUT_CONS = 3076, 3080

# XenStore: where its indices and the replies are, and types of messages.
REQ_CONS, REQ_PROD, RSP_CONS, RSP_PROD = 2048, 2052, 2056, 2060
RESPONSES, SIZE = 1024, 1024
READ, WRITE, EVENT = 2, 11, 15
HEADER = 16


class Page:
    """A page of a guest's, as it was when it was last looked at."""

    def __init__(self, lab, guest, reference):
        backends.install(lab)
        self.lab, self.reference = lab, reference
        self.domain = lab.shell(f"xl domid {guest.name}").strip()
        self.content = self.write({})

    def write(self, changes):
        """Write bytes to places; return what was in the page before."""
        words = " ".join(f"{at} {data.hex()}" for at, data in changes.items() if data)
        return bytes.fromhex(self.lab.shell(f"blkback page {self.domain} {self.reference} {words}").strip())

    def index(self, offset):
        """An index."""
        return struct.unpack_from("<I", self.content, offset)[0]

    def moved(self, offset, by):
        """The change that moves an index."""
        return {offset: struct.pack("<I", (self.index(offset) + by) % 2**32)}

    def sent(self, *messages):
        """The changes that send messages (type, number, payload, more bytes than it has) to the guest."""
        data = b"".join(struct.pack("<4I", op, number, 0, len(payload) + more) + payload
                        for op, number, payload, more in messages)
        start = self.index(RSP_PROD) % SIZE
        room = SIZE - start
        return {RESPONSES + start: data[:room], RESPONSES: data[room:]} | self.moved(RSP_PROD, len(data))

    def last_number(self):
        """The number of the last request, which was `xenstore read domid`."""
        length = HEADER + len("domid\0")
        start = self.index(REQ_PROD) - length
        request = bytes(self.content[(start + i) % SIZE] for i in range(length))
        assert request[HEADER:] == b"domid\0", request
        return struct.unpack_from("<2I", request)[1]


# What the daemon seems to do, and what the guest says of it.
LIES = [
    (lambda page, _: page.moved(RSP_PROD, SIZE + 1), "XenStore sent more than its ring holds"),
    (lambda page, _: page.moved(REQ_CONS, 1), "XenStore consumed more than was sent"),
    (lambda page, last: page.sent((READ, last + 1000, b"x", 0)), "a XenStore reply to no request"),
    (lambda page, last: page.sent((WRITE, last + 1, b"OK\0", 0)), "a XenStore reply of another type"),
    (lambda page, last: page.sent((READ, last + 1, b"x", 4096)), "a XenStore message is too long"),
]


@pytest.mark.parametrize("lie,reason", LIES, ids=[reason for _, reason in LIES])
def test_a_xenstore_that_lies_is_no_longer_used(lab, start, lie, reason):
    backends.install(lab)
    guest = start("lies", ["phy:/dev/disk/noise,xvda,w"])
    guest.to_prompt()
    guest.succeeds("pvblock device 0; pvblock read ${loadaddr} 0 100")
    domain = guest.succeeds("xenstore read domid")

    # Events that nobody asked for, and a second answer to an old request, do no harm.
    page = Page(lab, guest, XENSTORE)
    last = page.last_number()
    events = [(EVENT, 0, b"/x\0%d\0" % i, 0) for i in range(20)]
    page.write(page.sent(*events, (READ, last, b"wrong", 0)))
    assert guest.succeeds("xenstore read domid") == domain

    page = Page(lab, guest, XENSTORE)
    page.write(lie(page, page.last_number()))
    assert f"xenstore: {reason}; it is no longer used" in guest.fails("xenstore read domid", timeout=30)
    assert "no longer used" not in guest.fails("xenstore read domid", timeout=30)
    # A disk that is connected needs it no more.
    guest.succeeds("pvblock read ${loadaddr} 0 100", timeout=30)
    # It cannot be given back properly, and that takes no longer than it may.
    guest.send("poweroff\r")
    lab.wait_until_gone("lies", 60)


@pytest.mark.parametrize("index", [IN_PROD, OUT_CONS])
def test_a_console_that_lies_is_no_longer_used(lab, start, index):
    """The guest goes on without it."""
    guest = start("mute", ["phy:/dev/disk/noise,xvda,w"])
    guest.to_prompt()
    page = Page(lab, guest, CONSOLE)
    folder = f"/local/domain/{page.domain}/data"
    line = "xenstore watch -n 2 data/go; pvblock read ${loadaddr} 0 100 && xenstore write data/alive yes; echo more; " \
           "xenstore watch -n 2 data/end; poweroff"
    guest.send(line + "\r")
    guest.expect(r"data/go\r*\n")  # the watch is there
    page.write(page.moved(index, 5000))
    lab.shell(f"xenstore-write {folder}/go 1")
    lab.shell(f"i=0; until [ $(xenstore-read {folder}/alive) = yes ]; do sleep 0.1; i=$((i+1)); [ $i -lt 600 ]; done")
    # Also if the indices are right again, it is not spoken to.
    page.write({index: struct.pack("<I", page.index(index))})
    lab.shell(f"xenstore-write {folder}/end 1")
    lab.wait_until_gone("mute", 60)
    assert "more" not in guest.port.received
