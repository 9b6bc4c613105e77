# SPDX-License-Identifier: GPL-2.0-or-later
"""What the Xen host boots, built once and kept in target/xenlab."""
import contextlib
import fcntl
import hashlib
import pathlib
import subprocess

HERE = pathlib.Path(__file__).resolve().parent
FOLDER = HERE.parent.parent / "target/xenlab"
SOURCES = ["build-host", "debian-sources", "dom0/init", "dom0/attach", "dom0/block", "guest/init"]

XEN = FOLDER / "xen"
LINUX = FOLDER / "Image"
DOM0_INITRD = FOLDER / "dom0.cpio.gz"
GUEST_INITRD = FOLDER / "guest.cpio.gz"
BUSYBOX = FOLDER / "busybox"


def ensure():
    """Build the files if they are missing or older than what makes them."""
    with outdated("host", SOURCES) as build:
        if not build:
            return
        done = subprocess.run([HERE / "build-host", FOLDER], stdin=subprocess.DEVNULL, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if done.returncode != 0:
            raise RuntimeError(f"building the Xen host failed:\n{done.stdout}")


@contextlib.contextmanager
def outdated(name, sources):
    """Says whether something kept must be made anew, because a source of it
    changed; notes that it was made when the block ends well. One process at a
    time."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    wanted = hashlib.sha256(b"".join((HERE / source).read_bytes() for source in sources)).hexdigest()
    stamp = FOLDER / f"{name}.stamp"
    with open(FOLDER / f"{name}.lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        stale = not stamp.exists() or stamp.read_text() != wanted
        yield stale
        if stale:
            stamp.write_text(wanted)
