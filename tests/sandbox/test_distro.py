# SPDX-License-Identifier: GPL-2.0-or-later
"""What distributions put on their disks: extlinux.conf, boot.scr and uEnv.txt, run as they are."""
import subprocess
from pathlib import Path

import pytest
from conftest import PROGRAM
from images import MIB, disk, kernel, script, tool, tree

BASE = "/dts-v1/; / { model = \"mine\"; chosen { }; port: serial { status = \"disabled\"; }; };"
OVERLAY = "/dts-v1/; /plugin/; &port { status = \"okay\"; };"
STARTED = "## Transferring control to Linux (at address "


@pytest.fixture
def root(tmp_path):
    """The folder whose content becomes the disk's partition: a kernel, an initramfs and device trees."""
    root = tmp_path / "root"
    (root / "boot/extlinux").mkdir(parents=True)
    (root / "boot/dtb/overlay").mkdir(parents=True)
    (root / "boot/vmlinuz-6.1").write_bytes(kernel())
    (root / "boot/initrd.img-6.1").write_bytes(b"ramdisk" * 1000)
    tree(root / "boot/dtb-6.1", BASE)
    tree(root / "boot/dtb/board.dtb", BASE)
    tree(root / "boot/dtb/overlay/port.dtbo", OVERLAY)
    return root


@pytest.fixture
def booted(tmp_path, sandbox, root):
    """A function that makes the disk and runs commands: their status and what they print."""

    def run(*lines, stdin=b""):
        disk(tmp_path / "disk.img", root)
        outcome = sandbox("-c", "; ".join(["echo BEGIN; host bind 0 disk.img", *lines]), stdin=stdin)
        return outcome.returncode, outcome.stdout.decode().replace("\r\n", "\n").split("BEGIN\n", 1)[1]

    return run


def test_an_extlinux_conf_is_found_and_booted(root, booted):
    (root / "boot/extlinux/extlinux.conf").write_text(
        "default linux\nlabel linux\n linux ../vmlinuz-6.1\n initrd ../initrd.img-6.1,/boot/initrd.img-6.1\n"
        " append root=PARTUUID=${distro_bootpart_uuid} quiet\n")
    status, text = booted("run distro_bootcmd", "fdt addr ${fdtaddr}", "fdt print /chosen bootargs",
                          "setexpr len ${initrd_end} - ${initrd_start}", "echo len=${len}")
    assert status == 0
    begin = text.index("Scanning host 0:1...\nFound /boot/extlinux/extlinux.conf\n")
    assert "Retrieving file: /boot/extlinux/extlinux.conf\n1:\tlinux\n" in text[begin:]
    assert "Retrieving file: /boot/extlinux/../vmlinuz-6.1\n" in text[begin:]
    assert STARTED in text and "EXTLINUX FAILED: continuing...\n" in text
    assert "bootargs = \"root=PARTUUID=" in text and "-01 quiet\"" in text
    # Both files, of 7000 bytes each.
    assert "len=36b0\n" in text


def test_partitions_that_are_bootable_are_looked_at(tmp_path, commands):
    """Or the one that the user names, or else the first."""
    part, image = tmp_path / "part.img", tmp_path / "two.img"
    tool("mkfs.fat", "-C", part, "1024")
    for bootable, wanted in [(", bootable", "2"), ("", "1")]:
        image.write_bytes(bytes(MIB) + 2 * part.read_bytes())
        tool("sfdisk", "-q", image,
             stdin=f"start=2048, size=2048, type=c\nstart=4096, size=2048, type=c{bootable}\n".encode())
        status, text = commands(
            "host bind 0 two.img; setenv devtype host; setenv devnum 0",
            "setenv scan_dev_for_boot 'echo partition ${distro_bootpart}, ${bootfstype}'",
            "run scan_dev_for_boot_part", "setenv distro_bootpart 1; run scan_dev_for_boot_part")
        assert status == 0
        assert text == f"partition {wanted}, fat\npartition 1, fat\n"


def test_sysboot_asks_if_that_is_wanted(root, booted):
    (root / "boot/menu.conf").write_text(
        "menu title Menu\nprompt 0\ndefault one\nlabel one\n kernel /none\n"
        "label two\n kernel /boot/vmlinuz-6.1\n append two\ninclude /boot/more.conf\n")
    (root / "boot/more.conf").write_text("label three\n localboot 1\n append three\n")
    words = "host 0:1 any ${pxefile_addr_r} /boot/menu.conf"
    for answer, part in [(b"2\r", "append: two\n"), (b"two\r", "append: two\n"), (b"three\r", "local three\n")]:
        status, text = booted("setenv localcmd 'echo local ${bootargs}'", f"sysboot -p {words}", stdin=answer)
        assert status == 0
        assert "Menu\n1:\tone\n2:\ttwo\n3:\tthree\nEnter choice: " in text
        assert part in text
    status, text = booted(f"sysboot {words}", "echo status=$?")
    assert "1:\tone\n" in text and "Skipping one for failure retrieving kernel\n2:\ttwo\n" in text
    assert "status=0\n" in text and STARTED in text
    status, text = booted("sysboot host 0:1 fat 1000 /boot/menu.conf || echo failed")
    assert "Can't use the FAT on host 0:1" in text and text.endswith("failed\n")
    status, text = booted("sysboot host 0:1 ext2 1000 /boot/none.conf || echo failed")
    assert text.endswith("Error reading config file\nfailed\n")


def flash_kernel():
    """The script of Debian's flash-kernel, from Debian's package."""
    folder = Path(PROGRAM).parent / "flash-kernel"
    found = folder / "etc/flash-kernel/bootscript/bootscr.uboot-generic"
    if not found.exists():
        for name in ["lists/partial", "cache/archives/partial"]:
            (folder / "apt" / name).mkdir(parents=True, exist_ok=True)
        (folder / "apt/status").touch()
        options = {"APT::Architecture": "arm64", "APT::Architectures": "arm64", "Dir::Cache": folder / "apt/cache",
                   "Dir::State::lists": folder / "apt/lists", "Dir::State::status": folder / "apt/status"}
        apt = ["apt-get", "-q"] + [word for name, value in options.items() for word in ["-o", f"{name}={value}"]]
        try:
            for words in [["update"], ["download", "flash-kernel"]]:
                subprocess.run(apt + words, cwd=folder, check=True, timeout=300, stdout=subprocess.DEVNULL)
            package, = folder.glob("flash-kernel_*.deb")
            tool("dpkg-deb", "-x", package, folder)
        except (OSError, ValueError, subprocess.SubprocessError) as error:
            pytest.skip(f"Debian's package is not to be had: {error}")
    return found.read_text()


def test_flash_kernels_script(root, booted):
    text = flash_kernel()
    for name, value in [("LINUX_KERNEL_CMDLINE_DEFAULTS", ""), ("LINUX_KERNEL_CMDLINE", "root=/dev/xvda1 quiet"),
                        ("KERNEL_VERSION", "6.1"), ("BOOT_CMD", "booti"), ("UBOOT_ENV_EXTRA", ""),
                        ("UBOOT_PREBOOT_EXTRA", "")]:
        text = text.replace(f"@@{name}@@", value)
    assert "@@" not in text
    script(root / "boot/boot.scr", text)
    status, text = booted("setenv console hvc0", "run distro_bootcmd", "fdt addr ${fdtaddr}", "fdt print / model",
                          "fdt print /chosen bootargs")
    assert status == 0
    assert "Found U-Boot script /boot/boot.scr\n" in text
    assert "Booting Debian 6.1 from host 0:1...\n" in text and STARTED in text
    assert 'model = "mine"' in text and "console=hvc0 root=/dev/xvda1 quiet" in text


# The same steps as Armbian's scripts take, in words of our own.
SETTINGS = """\
# A comment, and an empty line

verbosity=7
overlays=port none
overlay_prefix=
fdtfile=board.dtb
extraargs=net.ifnames=0
"""
WITH_SETTINGS = """\
setenv load_addr 2000000
setenv failed false
setenv verbosity 1
setenv rootdev /dev/xvda1
itest.b *10028 == 0 && echo first byte
test -n "${distro_bootpart}" || distro_bootpart=1
if test -e ${devtype} ${devnum}:${distro_bootpart} ${prefix}settings.txt; then
\tload ${devtype} ${devnum}:${distro_bootpart} ${load_addr} ${prefix}settings.txt
\tenv import -t ${load_addr} ${filesize}
fi
if test "${devtype}" = "host"; then part uuid ${devtype} ${devnum}:${distro_bootpart} partuuid; fi
setenv bootargs "root=${rootdev} loglevel=${verbosity} ubootpart=${partuuid} ${extraargs}"
load ${devtype} ${devnum} ${fdt_addr_r} ${prefix}dtb/${fdtfile}
fdt addr ${fdt_addr_r}
fdt resize 65536
for name in ${overlays}; do
\tif load ${devtype} ${devnum} ${load_addr} ${prefix}dtb/overlay/${name}.dtbo; then
\t\techo "Applying ${name}"
\t\tfdt apply ${load_addr} || setenv failed true
\tfi
done
if test "${failed}" = "true"; then
\techo "Restoring the tree"
\tload ${devtype} ${devnum} ${fdt_addr_r} ${prefix}dtb/${fdtfile}
else
\tif test -e ${devtype} ${devnum} ${prefix}fixup.scr; then
\t\tload ${devtype} ${devnum} ${load_addr} ${prefix}fixup.scr
\t\tsource ${load_addr}
\tfi
fi
kaslrseed
load ${devtype} ${devnum} ${ramdisk_addr_r} ${prefix}uInitrd
load ${devtype} ${devnum} ${kernel_addr_r} ${prefix}vmlinuz-6.1
booti ${kernel_addr_r} ${ramdisk_addr_r} ${fdt_addr_r}
"""


def test_a_script_with_settings_and_overlays(root, booted):
    boot = root / "boot"
    (boot / "settings.txt").write_text(SETTINGS)
    tool("mkimage", "-A", "arm64", "-O", "linux", "-T", "ramdisk", "-C", "none", "-d", boot / "initrd.img-6.1",
         boot / "uInitrd")
    script(boot / "fixup.scr", "fdt set /serial speed <115200>\n")
    script(boot / "boot.scr", WITH_SETTINGS)
    status, text = booted("run distro_bootcmd", "fdt addr ${fdtaddr}", "fdt print /serial", "fdt print /chosen bootargs")
    assert status == 0
    assert "Applying port\n" in text and "Applying none" not in text and "Restoring" not in text
    assert "## Loading init Ramdisk from Legacy Image at " in text and STARTED in text
    begin = text.rindex("serial {")
    assert 'status = "okay";' in text[begin:] and "speed = <0x0001c200>;" in text[begin:]
    assert 'bootargs = "root=/dev/xvda1 loglevel=7 ubootpart=' in text and '-01 net.ifnames=0"' in text


FIT = """/dts-v1/; / {
    description = "%s";
    #address-cells = <1>;
    images { %s };
    configurations { default = "conf-1"; conf-1 { %s }; };
};"""


def fit(path, folder, images, configuration):
    """A FIT image of files in a folder."""
    source = folder / "image.its"
    source.write_text(FIT % (path.name, images, configuration))
    tool("mkimage", "-q", "-f", source, path)


def test_a_script_and_a_kernel_in_fit_images(root, booted, tmp_path):
    (tmp_path / "boot.cmd").write_text(
        "fdt addr ${fdtcontroladdr} && fdt get value model / model\n"
        "setenv bootargs \"${model} root=/dev/xvda1\"\n"
        "if test ! -e ${devtype} ${devnum}:${distro_bootpart} uboot.env; then echo no saved environment; fi\n"
        "load ${devtype} ${devnum}:${distro_bootpart} ${ramdisk_addr_r} ${prefix}kernel.itb\n"
        "bootm ${ramdisk_addr_r}#conf-1\n")
    fit(root / "boot/boot.scr", tmp_path,
        'script { data = /incbin/("boot.cmd"); type = "script"; arch = "arm64"; compression = "none";'
        ' hash-1 { algo = "crc32"; }; };', 'script = "script";')
    fit(root / "boot/kernel.itb", tmp_path,
        'kernel { data = /incbin/("root/boot/vmlinuz-6.1"); type = "kernel"; arch = "arm64"; os = "linux";'
        ' compression = "none"; load = <0>; entry = <0>; hash-1 { algo = "sha256"; }; };'
        'fdt { data = /incbin/("root/boot/dtb-6.1"); type = "flat_dt"; arch = "arm64"; compression = "none"; };',
        'kernel = "kernel"; fdt = "fdt";')
    (root / "boot/extlinux/extlinux.conf").write_text(
        "TIMEOUT 50\nDEFAULT Linux\nLABEL Linux\n\tKERNEL ../kernel.itb#conf-1\n\tAPPEND root=/dev/xvda9\n")
    status, text = booted("run distro_bootcmd", "fdt addr ${fdtaddr}", "fdt print / model", "fdt print /chosen bootargs")
    assert status == 0
    assert "Retrieving file: /boot/extlinux/../kernel.itb\nappend: root=/dev/xvda9\n" in text
    assert "no saved environment\n" in text
    assert text.count("## Loading kernel (any) from FIT Image at ") == 2 and text.count(STARTED) == 2
    assert 'model = "mine"' in text and 'bootargs = "sandbox root=/dev/xvda1"' in text


def test_uenv_txt(root, booted):
    (root / "boot/uEnv.txt").write_text("greeting=hello\nuenvcmd=echo ${greeting} from ${devtype}\n")
    place = "devtype=host; devnum=0; distro_bootpart=1; prefix=/boot/"
    status, text = booted(place, "run envboot")
    assert status == 0
    assert text.endswith("Importing environment from host ...\nhello from host\n")
    status, text = booted(place.replace("/boot/", "/none/"), "run envboot || echo none")
    assert status == 0 and text.endswith("none\n")
