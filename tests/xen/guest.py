# SPDX-License-Identifier: GPL-2.0-or-later
"""A guest domain and its paravirtual console."""
import re

from port import Port

PROMPT = "xenguest# "


def shown(text):
    """What stays on a terminal of a text with lines that are drawn anew in place."""
    return re.sub(r"[^\n]*\r(?!\r*(\n|\Z))", "", text).replace("\r", "")


class Guest:
    """A running guest of a XenLab; `xl create` took `creation` seconds."""

    def __init__(self, lab, name, number, creation=None):
        self.lab, self.name, self.number, self.creation = lab, name, number, creation
        self.ended = False
        self.port = Port(lab.dir / f"p{number}.sock", lab.log_dir / f"{name}.console.log")

    def send(self, text):
        """Type text on the console."""
        self.port.send(text)

    def expect(self, pattern, timeout=60.0):
        """Wait for a regular expression; return (text before it, match)."""
        return self.port.expect(pattern, timeout)

    def to_prompt(self, timeout=120.0):
        """Stop autoboot, wait for the prompt; return what was printed so far."""
        before, match = self.expect("Hit any key to stop autoboot|" + re.escape(PROMPT), timeout)
        before += match.group(0)
        if match.group(0) != PROMPT:
            self.send("\r")
            before += self.expect(re.escape(PROMPT), timeout)[0]
        # The key itself may have been taken as an empty line. A loader may have no echo.
        self.send("echo synced\r")
        self.expect(r"\n(synced|Unknown command 'echo'[^\n]*)\r*\n" + re.escape(PROMPT), timeout)
        return shown(before)

    def command(self, line, timeout=120.0, keys=()):
        """Run a command line at the prompt; return its output without the echo.

        `keys` are what to type while it runs: (what to wait for, as a regular expression; text).
        """
        self.send(line + "\r")
        self.expect(re.escape(line) + r"\r*\n", timeout)
        out = ""
        for pattern, text in keys:
            before, match = self.expect(pattern, timeout)
            out += before + match.group(0)
            self.send(text)
        out += self.expect(r"(?:^|\n)" + re.escape(PROMPT), timeout)[0]
        return shown(out)

    def succeeds(self, line, timeout=120.0):
        """Run a command that must succeed; return its output."""
        out, done = self.judged(line, timeout)
        assert done, f"{line!r} failed: {out}"
        return out

    def fails(self, line, timeout=120.0):
        """Run a command that must fail; return its output."""
        out, done = self.judged(line, timeout)
        assert not done, f"{line!r} succeeded: {out}"
        return out

    def judged(self, line, timeout=120.0, keys=()):
        """Run a command; return its output, and whether it succeeded."""
        out = self.command(f"if {line}; then echo status=0; else echo status=1; fi", timeout, keys)
        match = re.search(r"(?:^|\n)status=([01])\s*$", out)
        assert match, f"no status after {line!r}: {out!r}"
        return out[: match.start()], match.group(1) == "0"

    def variable(self, name):
        """The value of an environment variable."""
        return self.succeeds(f"printenv {name}").strip().removeprefix(f"{name}=")

    def address(self, name):
        """An environment variable that holds an address."""
        return int(self.variable(name), 16)

    def destroy(self):
        """End the guest, if it still runs, and give its console port back; does nothing the second time."""
        if self.ended:
            return
        self.ended = True
        self.lab.shell(f"rm -f /run/attach.{self.name}; xl destroy {self.name}", check=False)
        self.port.close()
        self.lab.guests.pop(self.name, None)
        self.lab.free.append(self.number)
