# SPDX-License-Identifier: GPL-2.0-or-later
"""The sandbox on a terminal: raw while it runs, as it was after every end."""
import os
import pty
import signal
import subprocess
import termios
import time

import pytest

from conftest import PROGRAM


def own_terminal():
    """In the new process: the terminal is its own, and so are the signals that it sends, which a
    shell ignores for what it runs in the background."""
    os.close(os.open(os.ttyname(0), os.O_RDWR))
    for number in [signal.SIGINT, signal.SIGQUIT]:
        signal.signal(number, signal.SIG_DFL)


class Terminal:
    """A pseudo-terminal with the sandbox on it."""

    def __init__(self, *arguments):
        self.main, self.other = pty.openpty()
        self.before = termios.tcgetattr(self.other)
        self.text = b""
        # A session of its own, so that the terminal sends it signals.
        self.process = subprocess.Popen(
            [PROGRAM, "-i", "-c", "setenv bootdelay -1", *arguments], stdin=self.other, stdout=self.other,
            stderr=self.other, start_new_session=True,
            preexec_fn=own_terminal)

    def type(self, keys):
        """Types."""
        os.write(self.main, keys)

    def expect(self, text):
        """Reads until this comes."""
        end = time.monotonic() + 30
        while text not in self.text:
            assert time.monotonic() < end, self.text
            self.text += os.read(self.main, 1000)
        self.text = self.text.split(text, 1)[1]

    def settings(self):
        """The terminal's settings."""
        return termios.tcgetattr(self.other)

    def close(self):
        """Gives the terminal up."""
        self.process.kill()
        self.process.wait()
        os.close(self.main)
        os.close(self.other)


@pytest.fixture
def terminal():
    """A function that starts the sandbox on a terminal."""
    all_of_them = []

    def start(*arguments):
        all_of_them.append(Terminal(*arguments))
        all_of_them[-1].expect(b"=> ")
        return all_of_them[-1]

    yield start
    for one in all_of_them:
        one.close()


def is_raw(terminal):
    """Whether keys come one by one, and are not shown."""
    return not terminal.settings()[3] & (termios.ICANON | termios.ECHO)


def test_it_is_raw_while_it_runs_and_then_as_before(terminal):
    one = terminal()
    assert is_raw(one) and one.settings()[3] & termios.ISIG
    one.type(b"echo abd\x08c\r")
    one.expect(b"abc\r")
    one.type(b"poweroff\r")
    assert one.process.wait(30) == 0
    assert one.settings() == one.before


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGSEGV])
def test_a_signal_gives_it_back(terminal, number):
    one = terminal()
    one.process.send_signal(number)
    assert one.process.wait(30) == -number
    assert one.settings() == one.before


def test_ctrl_c_ends_it_or_is_a_key(terminal):
    one = terminal()
    one.type(b"\x03")
    assert one.process.wait(30) == -signal.SIGINT
    assert one.settings() == one.before
    one = terminal("-t", "raw")
    one.type(b"while true; do echo x; done\r")
    one.expect(b"x\r")
    one.type(b"\x03")
    one.expect(b"<INTERRUPT>")
    one.expect(b"=> ")
    one.type(b"reset\r")
    one.expect(b"U-Boot")
    one.expect(b"=> ")
    assert is_raw(one) and not one.settings()[3] & termios.ISIG


def test_an_exception_gives_it_back(terminal):
    one = terminal()
    one.type(b"exception unmapped\r")
    assert one.process.wait(30) == -signal.SIGSEGV
    assert one.settings() == one.before


def test_a_stopped_process_leaves_it(terminal):
    one = terminal()
    one.type(b"\x1a")
    os.waitpid(one.process.pid, os.WUNTRACED)
    assert one.settings() == one.before
    one.process.send_signal(signal.SIGCONT)
    one.type(b"echo still here\r")
    one.expect(b"here\r")
    one.expect(b"=> ")
    assert is_raw(one)


def test_cooked_is_as_it_was(terminal):
    one = terminal("-t", "cooked")
    assert one.settings() == one.before
    one.type(b"echo hello\r")
    one.expect(b"hello\r")
    one.type(b"\x04")
    assert one.process.wait(30) == 0
