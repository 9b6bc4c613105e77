# SPDX-License-Identifier: GPL-2.0-or-later
"""Fixtures of the sandbox's tests; $UBOOT_SANDBOX is the program."""
import os
import subprocess

import pytest

PROGRAM = os.path.abspath(os.environ["UBOOT_SANDBOX"])


@pytest.fixture
def sandbox(tmp_path):
    """A function that runs the program to its end, in a folder of the test's own."""

    def run(*arguments, stdin=b"", **options):
        return subprocess.run(
            [PROGRAM, *arguments], input=stdin, cwd=tmp_path, timeout=60, check=False,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)

    return run


@pytest.fixture
def commands(sandbox):
    """A function that runs commands and gives their status and what they print."""

    def run(*lines):
        outcome = sandbox("-c", "echo BEGIN; " + "; ".join(lines))
        text = outcome.stdout.decode().replace("\r\n", "\n")
        return outcome.returncode, text.split("BEGIN\n", 1)[1]

    return run
