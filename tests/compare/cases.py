# SPDX-License-Identifier: GPL-2.0-or-later
"""The cases: files of commands, one file for each area.

    # What follows is a comment.
    == A case has a name, and fresh disks
    host bind 0 gpt.img
    part list host 1
    ! part, ls, load with a bad device
    < typed on the console from the start

Each line is a command, whose status, output and variables are compared. A line
with `!` says why the command before it differs: it begins like a subject in
doc/differences.md. Lines with `<` are the console's input.
"""
import dataclasses
import pathlib
import re

HERE = pathlib.Path(__file__).resolve().parent
DIFFERENCES = HERE.parent.parent / "doc/differences.md"


@dataclasses.dataclass
class Step:
    """A command, where it stands, and why it may differ."""
    place: str
    command: str
    reason: str = ""


@dataclasses.dataclass
class Case:
    """Commands that are run one after another, and what is typed meanwhile."""
    name: str
    steps: list[Step] = dataclasses.field(default_factory=list)
    typed: str = ""

    def mentions(self, name):
        """Does a command speak of a file?"""
        pattern = rf"(?<![\w.]){re.escape(name)}(?![\w.])"
        return any(re.search(pattern, step.command) for step in self.steps)


def read(path):
    """The cases of a file."""
    cases = []
    for number, line in enumerate(path.read_text().splitlines(), 1):
        place = f"{path.name}:{number}"
        if line.startswith("== "):
            cases.append(Case(line[3:]))
        elif not line.strip() or line.startswith("#"):
            continue
        elif not cases:
            raise SystemExit(f"{place}: a command before the first case")
        elif line.startswith("< ") or line == "<":
            cases[-1].typed += line[2:] + "\n"
        elif line.startswith("! "):
            cases[-1].steps[-1].reason = line[2:].strip()
        else:
            cases[-1].steps.append(Step(place, line))
    subjects = known_subjects()
    for step in (step for case in cases for step in case.steps if step.reason):
        if not any(subject.startswith(step.reason) for subject in subjects):
            raise SystemExit(f"{step.place}: no subject in {DIFFERENCES.name} begins with {step.reason!r}")
    return cases


def known_subjects():
    """The first column of each table of differences, without its markup."""
    lines = DIFFERENCES.read_text().splitlines()
    cells = [re.split(r"(?<!\\)\|", line)[1] for line in lines if line.startswith("| ")]
    return [cell.replace("`", "").replace("\\|", "|").strip() for cell in cells]
