# SPDX-License-Identifier: GPL-2.0-or-later
"""A sandbox's answers: the loader is a process of this machine."""
import concurrent.futures
import os
import subprocess
import tempfile

from answer import Answer, changes, variables_in

LIMIT = 20  # seconds for a case


class Sandbox:
    """A sandbox program; it finds the disks that a case names, as they were made."""

    def __init__(self, program, disks):
        self.program, self.disks = program, disks

    def run_all(self, cases):
        """The answers to the commands of each case."""
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            return list(pool.map(self.run, cases))

    def run(self, case):
        """The answers to the commands of a case."""
        with tempfile.TemporaryDirectory(prefix="case-") as folder:
            for disk in self.disks.iterdir():
                if case.mentions(disk.name):
                    subprocess.run(["cp", "-r", "--sparse=always", disk, folder], check=True)
            script = "printenv\n" + "".join(
                f"echo '@begin'\n{step.command}\necho \"@status $?\"\nprintenv\n" for step in case.steps)
            output, ending = self.start(script, case.typed, folder)
        before, *parts = output.split("@begin\n")
        answers, variables = [], variables_in(before)
        for part in parts:
            said, mark, rest = part.partition("@status ")
            status, _, after = rest.partition("\n")
            if mark:
                after = variables_in(after)
                answers.append(Answer(said, status, changes(variables, after)))
                variables = after
            else:
                answers.append(Answer(said, ending, []))
        missing = len(case.steps) - len(answers)
        return answers + [Answer("", "not reached", [])] * missing

    def start(self, script, typed, folder):
        """What the program prints, and how it ends."""
        try:
            done = subprocess.run([self.program, "-c", script], cwd=folder, input=typed.encode(),
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=LIMIT, check=False)
            output, ending = done.stdout, f"the program ends with {done.returncode}"
        except subprocess.TimeoutExpired as expired:
            output, ending = expired.stdout or b"", "the program hangs"
        return output.decode(errors="replace").replace("\r", ""), ending
