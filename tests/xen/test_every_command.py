# SPDX-License-Identifier: GPL-2.0-or-later
"""Each command that `help` lists does on the board what is written in cases."""
import re

import pytest

from cases import CASES, ENDS
from guest import PROMPT, shown
from port import Timeout


class Tour:
    """A guest with the samples, and a disk to write to; made anew when a test has lost it."""

    def __init__(self, lab, loader):
        self.lab, self.loader, self.guest = lab, loader, None

    def prompt(self):
        """The guest at its prompt."""
        if not self.guest:
            disks = ["phy:/dev/disk/samples,xvda,w", "phy:/dev/disk/scratch,xvdb,w"]
            self.guest = self.lab.start("tour", self.loader, disks)
            self.guest.to_prompt()
        return self.guest

    def end(self):
        """Give the guest up."""
        if self.guest:
            self.guest.destroy()
            self.guest = None


@pytest.fixture(scope="module")
def tour(lab, loader):
    """The guest that the tests share."""
    one = Tour(lab, loader)
    yield one
    one.end()


def test_no_command_is_forgotten(tour):
    names = re.findall(r"(?m)^(\S+) +- ", tour.prompt().succeeds("help"))
    assert sorted(names) == sorted([*CASES, *ENDS])


@pytest.mark.parametrize("name", CASES)
def test_command(tour, name):
    guest = tour.prompt()
    try:
        for case in CASES[name]:
            judge(guest, case)
    except Timeout:
        tour.end()
        raise


def judge(guest, case):
    """Types a case's line, and compares what comes of it."""
    if case.done is None:
        out, done = guest.command(case.line, keys=case.keys), None
    else:
        out, done = guest.judged(case.line, keys=case.keys)
    assert re.fullmatch(case.out, out.strip("\n"), re.S), f"{case.line!r}: not {case.out!r}:\n{out}"
    assert done == case.done, f"{case.line!r}: status is {done}:\n{out}"


def test_commands_that_end_the_guest(start, lab):
    guest = start("ends")
    guest.to_prompt()
    for line, follows in ENDS.values():
        guest.send(f"{line}\r")
        out, _ = guest.expect(f"(?s){follows}", 120)
        assert PROMPT not in shown(out), f"{line!r} came back: {out}"
        if line != "poweroff":
            guest.to_prompt()
    lab.wait_until_gone("ends")
