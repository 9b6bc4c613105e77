# SPDX-License-Identifier: GPL-2.0-or-later
"""A loader's answers as a guest of a real Xen, under QEMU."""
import sys
import pathlib

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "xen"))

from answer import Answer, changes, variables_in  # noqa: E402
from lab import XenLab  # noqa: E402
from port import Timeout  # noqa: E402

# The disks of a guest, in this order: pvblock 0 and so on.
DISKS = ["gpt", "dos", "blank"]
LIMIT = 60  # seconds for a command
ATTEMPTS = 5  # to reach the prompt: U-Boot misses answers of XenStore when the machine is busy


def lab(folder, count):
    """A Xen host with the disks, once for each of some guests."""
    return XenLab(disks={f"{name}{guest}": folder / f"{name}.img" for guest in range(count) for name in DISKS})


class Board:
    """A loader in a guest, which is started anew only when it no longer answers."""

    def __init__(self, host, image, number):
        self.host, self.image, self.number = host, image, number
        self.guest = None

    def run_all(self, cases):
        """The answers to the commands of each case."""
        return [self.run(case) for case in cases]

    def run(self, case):
        """The answers to the commands of a case."""
        answers = []
        try:
            guest = self.at_prompt()
            variables = variables_in(guest.command("printenv"))
            for step in case.steps:
                # U-Boot's board has no echo.
                said = guest.command(f"{step.command}; setenv status $?", LIMIT)
                after = variables_in(guest.command("printenv"))
                status = after.pop("status", "unknown")
                answers.append(Answer(said, status, changes(variables, after)))
                variables = after
        except Timeout:
            self.end()
            answers.append(Answer("", "the guest hangs", []))
        missing = len(case.steps) - len(answers)
        return answers + [Answer("", "not reached", [])] * missing

    def at_prompt(self):
        """The guest, which is started if there is none."""
        for attempt in range(ATTEMPTS):
            if self.guest:
                break
            disks = [f"phy:/dev/disk/{name}{self.number},xvd{letter},w" for name, letter in zip(DISKS, "abc")]
            self.guest = self.host.start(f"g{self.number}", self.image, disks)
            try:
                self.guest.to_prompt(LIMIT)
            except Timeout:
                self.end()
                if attempt == ATTEMPTS - 1:
                    raise
        return self.guest

    def end(self):
        """Ends the guest."""
        if self.guest:
            self.guest.destroy()
        self.guest = None
