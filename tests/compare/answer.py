# SPDX-License-Identifier: GPL-2.0-or-later
"""What a loader answers to a command."""
import dataclasses
import re


@dataclasses.dataclass
class Answer:
    """What a command said, its status or how the loader ended, and the variables it changed."""
    output: str
    status: str
    variables: list[str]


def variables_in(text):
    """The variables that printenv shows, by name."""
    listed = text.split("\n\nEnvironment size: ")[0]
    return dict(re.findall(r"(?ms)^([^\n=]+)=(.*?)$(?=\n[^\n=]+=|\Z)", listed))


def changes(before, after):
    """Lines that tell two sets of variables apart."""
    lost = [f"lost {name}" for name in sorted(before.keys() - after.keys())]
    return lost + [f"set {name}={value}" for name, value in sorted(after.items()) if before.get(name) != value]
