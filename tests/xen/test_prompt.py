# SPDX-License-Identifier: GPL-2.0-or-later
"""From the start to the prompt, and what the shell understands."""
import re


def test_banner_comes_first(guest):
    lines = [line for line in guest.banner.splitlines() if line.strip()]
    assert lines[0].startswith("U-Boot 20"), lines[:3]
    assert "xenguest" in lines[0]


def test_early_messages_are_not_lost(guest):
    """What was printed before there was a console comes out with it."""
    assert re.search(r"DRAM: +512 MiB", guest.banner)
    assert guest.banner.index("U-Boot 20") < guest.banner.index("DRAM:")


def test_a_start_without_a_console_driver_says_why_it_fails(start, tmp_path, lab):
    """The initramfs leaves no room for the loader, which notices with the MMU off, and resets."""
    initramfs = tmp_path / "large"
    initramfs.write_bytes(bytes(11 << 20))
    # With its console kept, and not started again and again.
    guest = start("tight", memory=16, extra=f'ramdisk="{lab.put(initramfs)}"\non_reboot="preserve"')
    before, _ = guest.expect("Resetting CPU", 60)
    assert re.search(r"panicked at arch/arm/start\.rs.*\r\nno room for the loader in RAM\r\nbacktrace .*:( [0-9a-f]+)+",
                     before), before


def test_autoboot_counts_down_from_bootdelay(guest):
    assert "Hit any key to stop autoboot" in guest.banner
    assert guest.variable("bootdelay") == "10"


def test_version_repeats_the_banner(guest):
    assert guest.succeeds("version").strip().startswith("U-Boot 20")


def test_help_lists_the_commands(guest):
    names = set(re.findall(r"(?m)^(\w+) +- ", guest.succeeds("help")))
    assert {"bdinfo", "boot", "bootd", "booti", "cmp", "cp", "dm", "echo", "ext4load", "ext4ls",
            "ext4size", "fatinfo", "fatload", "fatls", "fatsize", "fdt", "help", "load", "ls", "md",
            "mw", "part", "poweroff", "printenv", "pvblock", "reset", "run", "setenv", "size",
            "version"} <= names


def test_help_explains_a_command(guest):
    assert "pvblock read" in guest.fails("help pvblock")


def test_unknown_command_is_named(guest):
    assert "Unknown command 'xyzzy'" in guest.fails("xyzzy")


def test_variables(guest):
    guest.succeeds("setenv one first; setenv two ${one}-second")
    assert guest.succeeds("printenv two").strip() == "two=first-second"
    guest.succeeds("setenv one")
    assert '"one" not defined' in guest.fails("printenv one")


def test_printenv_lists_all(guest):
    out = guest.succeeds("printenv")
    for name in ["bootcmd", "bootdelay", "fdt_addr_r", "kernel_addr_r", "loadaddr", "ramdisk_addr_r", "scriptaddr"]:
        assert re.search(rf"(?m)^{name}=", out), name


def test_quoting(guest):
    guest.succeeds("setenv word value")
    assert guest.command("echo 'a  ${word}' \"b  ${word}\" c\\ d").strip() == "a  ${word} b  value c d"


def test_lists_and_conditions(guest):
    assert guest.command("echo a; echo b").split() == ["a", "b"]
    assert guest.command("echo a && echo b").split() == ["a", "b"]
    assert guest.command("printenv nothere || echo b").split()[-1] == "b"
    assert guest.command("if printenv nothere; then echo yes; else echo no; fi").split()[-1] == "no"
    assert guest.command("if echo a; then echo yes; fi").split() == ["a", "yes"]


def test_run_takes_commands_from_a_variable(guest):
    guest.succeeds("setenv script 'echo one; echo two'")
    assert guest.succeeds("run script").split() == ["one", "two"]
    assert "nothere" in guest.fails("run nothere")


def test_history_brings_back_the_last_line(guest):
    guest.succeeds("echo remembered")
    guest.command("echo last")
    guest.send("\x10\r")  # Ctrl-P
    guest.expect(r"\nlast\r*\n")
    guest.expect("xenguest# ")


def test_line_editing(guest):
    guest.send("echo ac\x02b\x05d\r")  # Ctrl-B goes back, Ctrl-E to the end
    guest.expect(r"\nabcd\r*\n")
    guest.expect("xenguest# ")
    guest.send("echo nonsense\x15echo kept\r")  # Ctrl-U forgets the line
    guest.expect(r"\nkept\r*\n")
    guest.expect("xenguest# ")


def test_ctrl_c_gives_a_new_prompt(guest):
    guest.send("echo never\x03")
    before, _ = guest.expect("xenguest# ")
    assert "\nnever" not in before
    assert guest.command("echo next").strip() == "next"


def test_no_character_is_lost(guest):
    """A line as long as the console's ring, typed at once."""
    text = "".join(chr(ord("a") + n % 26) for n in range(1500))
    assert guest.command(f"echo {text}").strip() == text


def test_the_uart_is_a_console(start, reduced):
    """An image without the paravirtual console has xl's vuart, in both directions."""
    guest = start("uart", image=reduced, console="vuart", extra='vuart="sbsa_uart"')
    assert "U-Boot 20" in guest.to_prompt()
    assert "serial_pl01x" in guest.succeeds("dm tree")
    assert guest.succeeds("echo 'to and fro'").strip() == "to and fro"


def test_what_is_switched_off_is_gone(start, reduced):
    guest = start("small", image=reduced, console="vuart", extra='vuart="sbsa_uart"')
    guest.to_prompt()
    names = set(re.findall(r"(?m)^(\w+) +- ", guest.succeeds("help")))
    assert "echo" in names and not names & {"md", "mw", "fdt", "ext4load"}
    assert "Unknown command 'fdt'" in guest.fails("fdt print")


def test_tab_completes_a_file(guest):
    guest.send("ls pvblock 0:2 /di\t")
    guest.expect("/dir/")
    guest.send("\r")
    guest.expect(r"inner\.txt")
    guest.expect("xenguest# ")
