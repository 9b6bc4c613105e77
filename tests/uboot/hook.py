#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What U-Boot's test suite starts to reach its board; the part behind the last
dash of the program's name says what for (doc/develop/pytest/usage.rst of U-Boot).
See on_xen.py, which answers.
"""
import os
import select
import socket
import sys
import tty


def main():
    """Ask for what the name says."""
    name = os.path.basename(sys.argv[0]).rsplit("-", 1)[-1]
    with socket.socket(socket.AF_UNIX) as board:
        board.connect(os.environ["BOARD_SOCKET"])
        board.sendall(f"{name}\n".encode())
        if name == "console":
            join(board)
        elif message := board.makefile().readline().strip():
            sys.exit(f"{sys.argv[0]}: {message}")


def join(board):
    """Pass bytes between the terminal and the board until one of them ends."""
    tty.setraw(sys.stdin)
    while True:
        ready, _, _ = select.select([board, sys.stdin], [], [])
        if board in ready:
            data = board.recv(65536)
            if not data:
                return
            os.write(sys.stdout.fileno(), data)
        if sys.stdin in ready:
            board.sendall(os.read(sys.stdin.fileno(), 4096))


if __name__ == "__main__":
    main()
