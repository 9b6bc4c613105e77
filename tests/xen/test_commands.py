# SPDX-License-Identifier: GPL-2.0-or-later
"""Memory, device tree, driver model and board commands."""
import re


def test_md_shows_what_mw_wrote(guest):
    at = guest.address("loadaddr")
    guest.succeeds(f"mw.l {at:x} deadbeef 4")
    assert guest.succeeds(f"md.l {at:x} 4").startswith(f"{at:08x}: deadbeef deadbeef deadbeef deadbeef ")
    guest.succeeds(f"mw.b {at:x} 41 10")
    out = guest.succeeds(f"md.b {at:x} 10")
    assert out.rstrip() == f"{at:08x}: {' '.join(['41'] * 16)}  AAAAAAAAAAAAAAAA"
    guest.succeeds(f"mw.q {at:x} 0123456789abcdef")
    assert f"{at:08x}: 0123456789abcdef" in guest.succeeds(f"md.q {at:x} 1")


def test_cp_and_cmp(guest):
    at = guest.address("loadaddr")
    guest.succeeds(f"mw.b {at:x} 5a 1000; mw.b {at + 0x2000:x} 0 1000")
    guest.succeeds(f"cp.b {at:x} {at + 0x2000:x} 1000")
    assert "Total of 4096 byte(s) were the same" in guest.succeeds(f"cmp.b {at:x} {at + 0x2000:x} 1000")
    guest.succeeds(f"mw.b {at + 0x2fff:x} 0 1")
    out = guest.fails(f"cmp.b {at:x} {at + 0x2000:x} 1000")
    assert "!=" in out and "Total of 4095 byte(s) were the same" in out


def test_memory_that_is_not_there_does_not_end_the_guest(guest):
    """Either refused, or nothing but a message and the prompt."""
    guest.fails("md.l 10 1")
    assert guest.command("echo alive").strip() == "alive"


def test_fdt_prints_and_sets(guest):
    guest.succeeds("cp.b ${fdtcontroladdr} ${fdt_addr_r} 10000")
    guest.succeeds("fdt addr ${fdt_addr_r}")
    assert re.search(r'compatible = "xen,xen-4\.17", *"xen,xen"', guest.succeeds("fdt print /hypervisor compatible"))
    assert "hypervisor {" in guest.succeeds("fdt print /")
    guest.succeeds('fdt set /chosen test-text "some words"')
    assert '"some words"' in guest.succeeds("fdt print /chosen test-text")
    guest.succeeds("fdt set /chosen test-cells <0x11 0x22>")
    assert re.search(r"0x0*11 0x0*22", guest.succeeds("fdt print /chosen test-cells"))
    assert guest.fails("fdt print /no-such-node").strip()


def test_fdt_refuses_what_is_no_tree(guest):
    guest.succeeds("mw.b ${loadaddr} 0 40")
    assert guest.fails("fdt addr ${loadaddr}").strip()
    guest.succeeds("fdt addr ${fdtcontroladdr}")


def test_dm_tree_shows_console_and_disks(guest):
    out = guest.succeeds("dm tree")
    assert re.match(r"\s*Class +Seq +Probed +Driver +Name\n-+\n", out)
    assert re.search(r"(?m)^ root +0 +\[ \+ \] +root_driver", out)
    assert re.search(r"(?m)^ serial .*\[ \+ \]", out)
    assert len(re.findall(r"(?m)^ pvblock +\d+ ", out)) >= 1
    assert len(re.findall(r"(?m)^ blk +\d+ ", out)) == 7


def test_dm_uclass_and_drivers(guest):
    uclasses = re.findall(r"uclass \d+: (\S+)", guest.succeeds("dm uclass"))
    assert {"root", "serial", "blk", "pvblock"} <= set(uclasses)
    drivers = guest.succeeds("dm drivers")
    assert re.match(r"\s*Driver +uid +uclass +Devices\n-+\n", drivers)
    assert re.search(r"(?m)^\S*pvblock\S* ", drivers)


def test_bdinfo_shows_memory_and_where_the_loader_is(guest):
    out = guest.succeeds("bdinfo")
    assert re.search(r"-> start +=? *0x0*40000000\b", out)
    assert re.search(r"-> size +=? *0x0*20000000\b", out)
    relocated = int(re.search(r"relocaddr *= 0x([0-9a-f]+)", out)[1], 16)
    # At the top of the first bank.
    assert 0x5c000000 < relocated < 0x60000000


def test_xen_tells_of_itself(guest):
    info = guest.succeeds("xen info")
    assert re.search(r"(?m)^xen_version +: 4\.\d+", info)
    assert re.search(r"(?m)^xen_caps +: .*xen-3\.0-aarch64", info)
    assert "auto_translated_physmap" in info
    domain = guest.succeeds("xenstore read domid").strip()
    assert re.search(rf"(?m)^domid +: {domain}$", info)


def test_xenstore_is_read_and_written(guest):
    guest.succeeds("xenstore write data/loader 'hello there' data/other \"a\\tb\"")
    assert guest.succeeds("xenstore read data/loader").strip() == "hello there"
    listing = guest.succeeds("xenstore ls -f data")
    assert 'data/loader = "hello there"' in listing and 'data/other = "a\\tb"' in listing
    assert guest.succeeds("xenstore watch -n 1 data").strip() == "data"
    guest.succeeds("xenstore rm data/loader data/other")
    guest.fails("xenstore exists data/loader")
    assert "ENOENT" in guest.fails("xenstore read data/loader")
    assert "EPERM" in guest.fails("xenstore ls /local")


def test_kaslrseed_is_never_the_same(guest):
    guest.succeeds("fdt addr ${fdtcontroladdr}")
    show = "kaslrseed; fdt print /chosen kaslr-seed"
    assert guest.succeeds(show) != guest.succeeds(show)
    guest.succeeds("fdt rm /chosen kaslr-seed")


def test_go_calls_a_program(guest):
    """Twice at the same address, so that no stale instruction runs."""
    at = guest.address("loadaddr")

    def load(*words):
        guest.succeeds("; ".join(f"mw.l {at + 4 * i:x} {word:x}" for i, word in enumerate(words)))

    started = f"## Starting application at 0x{at:08X} ...\n"
    # fmov d0, xzr; mov w0, #0; ret
    load(0x9E6703E0, 0x52800000, 0xD65F03C0)
    assert guest.succeeds(f"go {at:x}") == f"{started}## Application terminated, rc = 0x0"
    # ret: argc is what it returns
    load(0xD65F03C0)
    assert guest.fails(f"go {at:x} one two") == f"{started}## Application terminated, rc = 0x3"
    # sub w0, w0, #1; ldr x0, [x1, w0, uxtw #3]; ldrb w0, [x0]; ret: how the last argument begins
    load(0x51000400, 0xF8605820, 0x39400000, 0xD65F03C0)
    assert guest.fails(f"go {at:x} one two").endswith("rc = 0x74")
    assert guest.fails(f"go {at:x}").endswith(f"rc = 0x{ord(f'{at:x}'[0]):X}")


def test_go_calls_only_what_is_the_users(guest):
    relocated = re.search(r"relocaddr *= 0x([0-9a-f]+)", guest.succeeds("bdinfo"))[1]
    assert "boot loader" in guest.fails(f"go {relocated}")
    assert "not in RAM" in guest.fails("go 1000")
    assert "not a multiple of 4" in guest.fails(f"go {guest.address('loadaddr') + 2:x}")
