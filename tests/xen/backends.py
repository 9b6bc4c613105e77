# SPDX-License-Identifier: GPL-2.0-or-later
"""The tests' own back-end of disks, in Domain-0; its words are told in blkback/options.rs.

BLKBACK_BIN names the program (default target/aarch64-unknown-linux-musl/release/blkback).
"""
import os
import pathlib

DEFAULT = pathlib.Path(__file__).resolve().parent.parent.parent / "target/aarch64-unknown-linux-musl/release/blkback"
FOLDER = "/run/blkback"


def install(lab):
    """Put the program into Domain-0, if it is not there."""
    path = pathlib.Path(os.environ.get("BLKBACK_BIN", DEFAULT))
    assert path.is_file(), f"there is no back-end in {path}: run `cargo xtask test`"
    lab.shell(f"mkdir -p {FOLDER}; [ -x /bin/blkback ] || (cp {lab.put(path)} /bin/blkback; chmod 755 /bin/blkback)")


def virtual_device(number):
    """The virtual device number of the disk that the loader calls `number`."""
    return 202 << 8 | number << 4 if number < 16 else 1 << 28 | number << 8


class Backends:
    """The disks of a guest that are served by back-ends of our own."""

    def __init__(self, lab, guest, image):
        self.lab, self.image = lab, image
        self.domain = lab.shell(f"xl domid {guest.name}").strip()

    def attach(self, disks, timeout=60):
        """Start a back-end for each number, with its words, and wait until all are ready."""
        first = min(disks)
        path = f"{FOLDER}/{self.domain}-{first}"
        lines = [f"{self.domain} {virtual_device(n)} {self.image} {words}" for n, words in disks.items()]
        (self.lab.share / "disks").write_text("\n".join(lines))
        self.lab.shell(f"cp /share/disks {path}; rm -f {path}.log; setsid blkback {path} >{path}.log 2>&1 &")
        self.lab.shell(f"i=0; until [ $(grep -c ready {path}.log) = {len(disks)} ]; do sleep 0.1; i=$((i+1));"
                       f" [ $i -lt {timeout}0 ] || {{ cat {path}.log; exit 1; }}; done", timeout)

    def said(self, number):
        """What a back-end has said."""
        return self.lab.shell(f"cat {FOLDER}/{self.domain}-*.log | grep ^{virtual_device(number)}:")

    def wait_for_state(self, number, pattern, timeout):
        """Wait until the front-end's state is one that the shell's pattern matches."""
        self.lab.shell(f"i=0; until case $(xenstore-read {self.front(number)}/state) in {pattern}) ;; *) false ;; esac;"
                       f" do sleep 0.1; i=$((i+1)); [ $i -lt {timeout}0 ] || exit 1; done", timeout)

    def front(self, number):
        """The front-end's directory."""
        return f"/local/domain/{self.domain}/device/vbd/{virtual_device(number)}"

    def detach(self, numbers):
        """Take the front-ends' directories away; the back-ends then end."""
        self.lab.shell("xenstore-rm " + " ".join(self.front(n) for n in numbers))
