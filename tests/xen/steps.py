# SPDX-License-Identifier: GPL-2.0-or-later
"""Telling a person at a terminal what takes its time."""
import contextlib
import sys
import threading
import time


@contextlib.contextmanager
def step(text):
    """Show a step, how long it has been going on, and how long it took."""
    start, done = time.monotonic(), threading.Event()
    live = sys.stderr.isatty()

    def show(end):
        seconds = time.monotonic() - start
        print(f"\r{text} ... {seconds:.0f} s", end=end, file=sys.stderr, flush=True)

    def count():
        while not done.wait(1):
            show("")

    counter = threading.Thread(target=count, daemon=True)
    if live:
        show("")
        counter.start()
    else:
        print(f"{text} ...", file=sys.stderr, flush=True)
    try:
        yield
    finally:
        done.set()
        if live:
            counter.join()
            show("\n")
