# SPDX-License-Identifier: GPL-2.0-or-later
"""A guest that Xen itself starts: no Domain-0, no XenStore, and a UART as the console."""
import subprocess

import pytest

import hostfiles
from lab import die_with_parent
from port import Port

PLACE = 0x50000000  # where QEMU puts the loader for Xen
MACHINE = ["qemu-system-aarch64", "-M", "virt,virtualization=on,gic-version=2", "-cpu", "cortex-a57",
           "-smp", "2", "-m", "1024", "-display", "none", "-nic", "none"]


@pytest.fixture
def serial(loader, tmp_path):
    """Xen's serial port; input goes to the guest after Ctrl-a three times."""
    hostfiles.ensure()
    tree = describe(tmp_path / "host.dtb", loader.stat().st_size)
    socket = tmp_path / "serial.sock"
    arguments = MACHINE + [
        "-monitor", "none",
        "-chardev", f"socket,id=s,path={socket},server=on,wait=off", "-serial", "chardev:s",
        "-dtb", str(tree), "-kernel", str(hostfiles.XEN), "-append", "console=dtuart bootscrub=0",
        "-device", f"loader,file={loader},addr={PLACE:#x},force-raw=on"]
    with subprocess.Popen(arguments, stdin=subprocess.DEVNULL, preexec_fn=die_with_parent,
                          start_new_session=True) as qemu:
        port = Port(socket, tmp_path / "serial.log")
        yield port
        port.close()
        qemu.terminate()


def describe(tree, size):
    """QEMU's device tree, with a domain of 128 MiB for Xen to start."""
    subprocess.run([*MACHINE[:2], f"{MACHINE[2]},dumpdtb={tree}", *MACHINE[3:]], check=True,
                   capture_output=True)
    domain, module = "/chosen/domU1", f"/chosen/domU1/module@{PLACE:x}"
    put(tree, "-ts", domain, "compatible", "xen,domain")
    put(tree, "-tx", domain, "#address-cells", "2")
    put(tree, "-tx", domain, "#size-cells", "2")
    put(tree, "-tx", domain, "memory", "0", f"{128 << 10:x}")
    put(tree, "-tx", domain, "cpus", "1")
    put(tree, "-ts", domain, "vpl011", "")
    put(tree, "-ts", module, "compatible", "multiboot,kernel", "multiboot,module")
    put(tree, "-tx", module, "reg", "0", f"{PLACE:x}", "0", f"{size:x}")
    return tree


def put(tree, kind, *arguments):
    subprocess.run(["fdtput", "-p", kind, tree, *arguments], check=True)


def test_a_guest_without_domain_0_has_a_prompt(serial):
    serial.expect("DOM1: U-Boot 20", 60)
    serial.expect("DOM1: DRAM: +128 MiB")
    serial.expect("Hit any key to stop autoboot")
    serial.send("\x01\x01\x01")
    serial.expect("Serial input to DOM1")
    serial.send("\r")
    serial.expect("xenguest# ")
    serial.send("pvblock device\r")
    serial.expect("no pvblock devices available")
    serial.expect("xenguest# ")
    serial.send("echo one && echo $? two\r")
    serial.expect(r"\n[^\n]*0 two\r*\n")
