# SPDX-License-Identifier: GPL-2.0-or-later
"""Hosts, disks and guests that the tests share.

UBOOT_BIN names the boot loader under test (default
target/xenguest_arm64/u-boot.bin), UBOOT_REDUCED one without optional parts, among
them the paravirtual console (default reduced/u-boot.bin beside it), and UBOOT_ENV one
that stores its environment (default env/u-boot.bin beside it). Logs of hypervisor,
Domain-0 and guests are kept in target/xenlab/logs.
"""
import os
import pathlib
import shutil
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import hostfiles  # noqa: E402
import images  # noqa: E402
from lab import XenLab  # noqa: E402

LOGS = hostfiles.FOLDER / "logs"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """With the report of a failed test comes what Domain-0 does then."""
    report = yield
    if report.failed and (host := item.funcargs.get("lab")):
        report.sections.append(("Domain-0", host.state()))
    return report


@pytest.fixture(scope="session")
def loader():
    """The boot loader's image."""
    default = HERE.parent.parent / "target/xenguest_arm64/u-boot.bin"
    path = pathlib.Path(os.environ.get("UBOOT_BIN", default))
    assert path.is_file(), f"there is no boot loader in {path}: run `cargo xtask build`"
    return path


@pytest.fixture(scope="session")
def reduced(loader):
    """The image of a reduced configuration."""
    path = pathlib.Path(os.environ.get("UBOOT_REDUCED", loader.parent / "reduced/u-boot.bin"))
    assert path.is_file(), f"there is no boot loader in {path}: run `cargo xtask test`"
    return path


@pytest.fixture(scope="session")
def stored(loader):
    """The image of a configuration that stores its environment."""
    path = pathlib.Path(os.environ.get("UBOOT_ENV", loader.parent / "env/u-boot.bin"))
    assert path.is_file(), f"there is no boot loader in {path}: run `cargo xtask test`"
    return path


@pytest.fixture(scope="session")
def made(tmp_path_factory):
    """The disk images, by name."""
    hostfiles.ensure()
    folder = tmp_path_factory.mktemp("images")
    yield images.make(folder)
    # The kernel is in several of them; pytest itself would keep three runs.
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def lab(made):
    """The Xen host of most tests, with every disk image."""
    with XenLab(disks=made.plain, disks_4k=made.sectors_4k, memory=8192, log_dir=LOGS / "gicv2") as host:
        yield host


@pytest.fixture
def start(lab, loader):
    """Starts guests that end with the test."""
    guests = []

    def begin(name="g", disks=(), image=loader, **options):
        guests.append(lab.start(name, image, disks, **options))
        return guests[-1]

    yield begin
    for guest in guests:
        guest.destroy()


@pytest.fixture(scope="module")
def guest(lab, loader):
    """A guest at its prompt, with the disks that most commands are tried on."""
    disks = ["phy:/dev/disk/files,xvda,w", "phy:/dev/disk/dos,xvdb,w", "phy:/dev/disk/noise,xvdc,r",
             "phy:/dev/disk/scratch,xvdd,w", "phy:/dev/disk/files4k,xvde,w", "phy:/dev/disk/huge,xvdf,w",
             "phy:/dev/disk/damaged,xvdg,w"]
    one = lab.start("commands", loader, disks)
    one.banner = one.to_prompt()
    yield one
    one.destroy()
