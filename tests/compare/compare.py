# SPDX-License-Identifier: GPL-2.0-or-later
"""Two loaders' answers to the same commands: `cargo xtask compare`.

Fails if a command differs without a reason (see cases.py), or has a reason and
does not differ.
"""
import argparse
import difflib
import pathlib
import sys
import tempfile

import cases
import normal
import samples


def main():
    """Runs the cases, says what differs, and ends with a status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--xen", action="store_true", help="compare images on Xen")
    parser.add_argument("ours", type=pathlib.Path)
    parser.add_argument("other", type=pathlib.Path)
    parser.add_argument("areas", nargs="*", help="files of cases (default: all)")
    options = parser.parse_args()
    programs = [path.resolve() for path in [options.ours, options.other]]
    home = cases.HERE / ("xen" if options.xen else "sandbox")
    files = [home / f"{area}.txt" for area in options.areas] or sorted(home.glob("*.txt"))
    with tempfile.TemporaryDirectory(prefix="compare-") as folder:
        disks = samples.make(pathlib.Path(folder) / "samples")
        counts = (on_xen if options.xen else in_sandboxes)(programs, disks, files)
    compared, reasons, wrong, missing = (sum(column) for column in zip(*counts))
    print(f"{compared} commands compared: {reasons} differ for a reason, {wrong} are wrong; "
          f"{missing} are not there in the other one")
    sys.exit(1 if wrong else 0)


def in_sandboxes(programs, disks, files):
    """The counts of each file, in two sandboxes."""
    from process import Sandbox
    loaders = [Sandbox(program, disks) for program in programs]
    return [compare_file(file, loaders) for file in files]


def on_xen(programs, disks, files):
    """The counts of each file, in two guests side by side."""
    import board
    with board.lab(disks, len(programs)) as host:
        loaders = [board.Board(host, program, number) for number, program in enumerate(programs)]
        return [compare_file(file, loaders) for file in files]


def compare_file(path, loaders):
    """How many commands of a file were compared, how many differ for a reason, how many
    are wrong, and how many the other loader does not have."""
    found = cases.read(path)
    answers = [loader.run_all(found) for loader in loaders]
    counts = dict.fromkeys(["compared", "reason", "wrong", "missing"], 0)
    for case, *both in zip(found, *answers):
        for step, *pair in zip(case.steps, *both):
            counts[judge(step, *pair)] += 1
    counts["compared"] = counts["compared"] + counts["reason"] + counts["wrong"]
    return list(counts.values())


def judge(step, ours, other):
    """How a command fares; says what is wrong with it."""
    unknown = ["Unknown command" in answer.output for answer in [ours, other]]
    if unknown == [False, True]:
        return "missing"
    ours, other = (normal.answer(answer) for answer in [ours, other])
    if ours != other:
        if step.reason:
            return "reason"
        print(f"{step.place}: {step.command}")
        print_difference(other, ours)
        return "wrong"
    if not step.reason:
        return "compared"
    print(f"{step.place}: {step.command}\n    does not differ, but has the reason {step.reason!r}")
    return "wrong"


def print_difference(other, ours):
    """What the other one says (-) beside what ours says (+)."""
    for line in list(difflib.unified_diff(other, ours, n=1, lineterm=""))[2:]:
        print(f"    {line[:400]}")


if __name__ == "__main__":
    main()
