# SPDX-License-Identifier: GPL-2.0-or-later
"""A real Xen host for arm64 guests, under QEMU's software emulation.

Boots Debian's Xen and a minimal Domain-0 (see build-host), then starts guests
with `xl`. Domain-0's shell and every guest console are virtio-serial ports on
Unix sockets, so no input is lost and no echo gets in the way.

    with XenLab(disks={"demo": "demo.img"}) as lab:
        guest = lab.start("g", "u-boot.bin", ["phy:/dev/disk/demo,xvda,w"])
        guest.to_prompt()
        print(guest.command("pvblock info"))
"""
import ctypes
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time

import hostfiles
from guest import Guest
from port import Port, Timeout

CONSOLES = 6  # guest consoles available at once


class XenLab:
    """A Xen host.

    `disks` maps a name to a raw image, which Domain-0 has as /dev/disk/NAME;
    `disks_4k` does the same with sectors of 4096 bytes. What is written to
    them is thrown away unless `keep` is set. `memory` is the host's, and
    `dom0_memory` what Domain-0 has of it, in MiB. The folder `log_dir` is
    emptied, then takes the logs.
    """

    def __init__(self, disks=None, disks_4k=None, memory=3072, gic=2, keep=False, log_dir=None,
                 dom0_memory=1024):
        hostfiles.ensure()
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="xenlab-"))
        self.share = self.dir / "share"
        self.share.mkdir()
        self.log_dir = pathlib.Path(log_dir) if log_dir else self.dir
        if log_dir:
            shutil.rmtree(log_dir, ignore_errors=True)
        self.log_dir.mkdir(parents=True, exist_ok=True)
        self.free = list(range(2, CONSOLES + 2))
        self.guests = {}
        args = self.machine(memory, gic, dom0_memory) + self.ports()
        for name, image in (disks or {}).items():
            args += drive(name, image, 512, keep)
        for name, image in (disks_4k or {}).items():
            args += drive(name, image, 4096, keep)
        self.xen_log = self.log_dir / "xen.log"
        self.xen_log.write_text("")
        with open(self.log_dir / "qemu.log", "w", encoding="utf-8") as log:
            self.qemu = subprocess.Popen(args, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                         preexec_fn=die_with_parent, start_new_session=True)
        try:
            self.wait_for_dom0()
        except BaseException:
            self.close()
            raise

    def machine(self, memory, gic, dom0_memory):
        """QEMU's command line without disks and ports."""
        linux = f"kernel={hostfiles.LINUX},bootargs=console=hvc0 rdinit=/init quiet panic=5"
        return ["qemu-system-aarch64", "-M", f"virt,virtualization=on,gic-version={gic}",
                "-cpu", "cortex-a57", "-smp", "2", "-m", str(memory),
                "-accel", "tcg,thread=multi,tb-size=512",
                "-display", "none", "-monitor", "none", "-nic", "none",
                "-serial", f"file:{self.log_dir / 'xen.log'}",
                "-kernel", str(hostfiles.XEN), "-append",
                # Pinned: when its vCPU moves to the other processor, Domain-0 loses an interrupt of
                # its disks here, and two guests are enough to make it move.
                f"dom0_mem={dom0_memory}M dom0_max_vcpus=1 dom0_vcpus_pin console=dtuart loglvl=all guest_loglvl=all bootscrub=0",
                "-device", f"guest-loader,addr=0x49000000,{linux}",
                "-device", f"guest-loader,addr=0x4c000000,initrd={hostfiles.DOM0_INITRD}",
                "-virtfs", f"local,path={self.share},mount_tag=share,security_model=none"]

    def ports(self):
        """QEMU's arguments for Domain-0's shell (port 1) and guest consoles."""
        args = ["-device", "virtio-serial-pci,max_ports=16"]
        for n in range(1, CONSOLES + 2):
            args += ["-chardev", f"socket,id=p{n},path={self.dir}/p{n}.sock,server=on,wait=off",
                     "-device", f"virtserialport,chardev=p{n},nr={n},name=xenlab.{n}"]
        return args

    def wait_for_dom0(self):
        """Wait until Domain-0 serves its shell."""
        deadline = time.monotonic() + 120
        while "DOM0-READY" not in (text := self.xen_log.read_text(errors="replace")):
            if self.qemu.poll() is not None or time.monotonic() > deadline:
                said = (self.log_dir / "qemu.log").read_text(errors="replace")
                raise Timeout(f"Domain-0 did not come up: {said} {text[-2000:]}")
            time.sleep(0.1)
        self.control = Port(self.dir / "p1.sock")

    def shell(self, command, timeout=60.0, check=True):
        """Run a shell command in Domain-0; return its output."""
        self.control.send(f"({command}) </dev/null; echo \"RC=$?=\"\n")
        out, match = self.control.expect(r"RC=(\d+)=\r?\n", timeout)
        if check and match.group(1) != "0":
            raise AssertionError(f"Domain-0: {command}: exit {match.group(1)}: {out}")
        return out

    def put(self, path, name=None):
        """Copy a host file to where Domain-0 sees it; return that path."""
        name = name or pathlib.Path(path).name
        shutil.copyfile(path, self.share / name)
        return f"/share/{name}"

    def start(self, name, kernel, disks=(), memory=512, extra="", console="pv", timeout=120.0, paused=False):
        """Create a guest paused, attach to its console, then let it run, unless it is to stay `paused`.

        `kernel` is a file here, or one of Domain-0's below /run. `extra` holds
        more lines of xl.cfg(5); `console` is a type of xenconsole's.
        """
        path = kernel if str(kernel).startswith("/run/") else self.put(kernel, f"{name}.kernel")
        (self.share / f"{name}.cfg").write_text(
            f'name="{name}"\nkernel="{path}"\nmemory={memory}\nvcpus=1\n'
            f"disk={[str(disk) for disk in disks]}\n{extra}\n")
        begin = time.monotonic()
        self.shell(f"xl create -q -p /share/{name}.cfg", timeout)
        took = time.monotonic() - begin
        number = self.free.pop(0)
        guest = Guest(self, name, number, took)
        self.guests[name] = guest
        self.shell(f"setsid attach {name} {number} {console} >/dev/null 2>&1 &")
        time.sleep(0.3)
        if not paused:
            self.shell(f"xl unpause {name}")
        return guest

    def is_running(self, name):
        """Does a domain of this name exist?"""
        return "RUNS" in self.shell(f"xl domid {name} >/dev/null 2>&1 && echo RUNS", check=False)

    def wait_until_gone(self, name, timeout=60.0):
        """Wait until a domain has ended."""
        deadline = time.monotonic() + timeout
        while self.is_running(name):
            if time.monotonic() > deadline:
                raise Timeout(f"domain {name} still runs after {timeout} s")
            time.sleep(0.3)

    def state(self):
        """What Domain-0 and Xen know of the guests and their consoles, for a person to read."""
        try:
            return self.shell("xl list; ls /run/attach.*; ls -l /proc/[0-9]*/fd/* | grep -e /dev/vport -e /dev/pts;"
                              " ps; xenstore-ls -f /local/domain; xl dmesg | tail -n 20", check=False)
        except (AssertionError, OSError) as error:
            return f"Domain-0 does not answer: {error}"

    def close(self):
        """End the host and everything on it."""
        self.qemu.terminate()
        try:
            self.qemu.wait(10)
        except subprocess.TimeoutExpired:
            self.qemu.kill()
            self.qemu.wait()
        if self.log_dir != self.dir:
            shutil.rmtree(self.dir, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()


def drive(name, image, sector, keep):
    """QEMU's arguments for one disk of Domain-0's."""
    # Nothing here outlives the host, so no write has to reach the medium.
    mode = "cache=writeback" if keep else "cache=unsafe,snapshot=on"
    return ["-drive", f"file={image},if=none,id={name},format=raw,{mode}",
            "-device", f"virtio-blk-pci,drive={name},serial={name},"
                       f"logical_block_size={sector},physical_block_size={sector}"]


def die_with_parent():
    """In QEMU's process: end when the parent ends, however it ends."""
    pr_set_pdeathsig = 1
    ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGTERM)
