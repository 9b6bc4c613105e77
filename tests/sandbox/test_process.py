# SPDX-License-Identifier: GPL-2.0-or-later
"""The sandbox as a process: options, status, standard input, reset."""
import resource
import signal
import subprocess

from conftest import PROGRAM


def test_the_status_is_that_of_the_last_command(sandbox):
    for command, status in [("true", 0), ("false", 1), ("false; true", 0), ("exit 3", 3), ("none", 1),
                            ("if", 1), ("sleep 0.1", 0)]:
        assert sandbox("-c", command).returncode == status, command


def test_commands_see_no_prompt_and_no_autoboot(sandbox):
    text = sandbox("-c", "echo one; echo two").stdout
    assert text.endswith(b"\r\none\r\ntwo\r\n")
    assert b"autoboot" not in text


def test_what_is_piped_is_typed(sandbox):
    outcome = sandbox("-i", "-c", "setenv bootdelay -1", stdin=b"echo a b\nfalse\necho $?\nversion")
    assert outcome.returncode == 0
    text = outcome.stdout.decode().replace("\r\n", "\n")
    assert "=> echo a b\na b\n=> false\n=> echo $?\n1\n=> version" in text


def test_without_input_it_boots_and_ends(sandbox):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    outcome = sandbox()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert outcome.returncode == 0
    assert b"autoboot:  2" in outcome.stdout and b"0 bootflows" in outcome.stdout
    # It waited two seconds; a busy wait would have used them.
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 1


def test_a_closed_standard_input_is_an_end(sandbox):
    assert sandbox("-c", "setenv bootdelay -1; echo a", "-i").returncode == 0
    shell = 'exec "$0" -i -c "setenv bootdelay -1" <&-'
    assert subprocess.run(["sh", "-c", shell, PROGRAM], stdout=subprocess.DEVNULL, timeout=60,
                          check=False).returncode == 0


def test_an_output_that_nobody_reads_ends_it():
    with subprocess.Popen([PROGRAM, "-c", "while true; do echo x; done"], stdout=subprocess.PIPE,
                          stdin=subprocess.DEVNULL) as process:
        process.stdout.read(1000)
        process.stdout.close()
        assert process.wait(60) == -signal.SIGPIPE


def test_bad_options_say_what_is_right(sandbox):
    for arguments in [["-z"], ["--zzz"], ["zzz"], ["-c"], ["-t", "zzz"]]:
        outcome = sandbox(*arguments)
        assert outcome.returncode == 1 and outcome.stdout == b"", arguments
        assert outcome.stderr.startswith(b"u-boot: ") and b"Usage:" in outcome.stderr
    outcome = sandbox("-h")
    assert outcome.returncode == 0 and b"--terminal" in outcome.stdout


def test_reset_starts_it_again(sandbox, tmp_path):
    (tmp_path / "script").write_text("")
    outcome = sandbox("-m", "ram", "-c", "cmp.b 100 200 1; if test $? = 0; then mw.b 100 5a; reset; fi; md.b 100 1")
    assert outcome.returncode == 0
    text = outcome.stdout.decode()
    assert text.count("U-Boot 20") == 2 and "resetting ..." in text
    assert "00000100: 5a " in text


def test_poweroff_ends_it(sandbox):
    outcome = sandbox("-i", "-c", "poweroff; echo not here")
    assert outcome.returncode == 0
    assert outcome.stdout.endswith(b"poweroff ...\r\n")


def test_memory_is_kept_in_a_file(sandbox, tmp_path):
    ram = tmp_path / "ram"
    assert sandbox("-m", "ram", "-c", "mw.l 1000 12345678").returncode == 0
    assert ram.stat().st_size == 256 << 20
    with ram.open("rb") as file:
        file.seek(0x1000)
        assert file.read(4) == bytes([0x78, 0x56, 0x34, 0x12])
    outcome = sandbox("-m", "ram", "--rm_memory", "-c", "md.l 1000 1")
    assert b"00001000: 12345678" in outcome.stdout
    assert not ram.exists()
    ram.write_bytes(b"short")
    outcome = sandbox("-m", "ram", "-c", "version")
    assert outcome.returncode == 1 and b"5 bytes" in outcome.stderr


def test_the_device_tree_is_chosen(sandbox, tmp_path):
    assert b"bus" not in sandbox("-c", "dm tree").stdout
    assert b"Model: sandbox" in sandbox("-D", "-c", "version").stdout
    text = sandbox("-T", "-c", "dm tree").stdout
    assert b"serial@1" in text and b"serial@2" not in text
    (tmp_path / "bad.dtb").write_bytes(b"\xd0\x0d\xfe\xed" + bytes(100))
    for name in ["none.dtb", "bad.dtb"]:
        outcome = sandbox("-d", name)
        assert outcome.returncode == 1 and name.encode() in outcome.stderr, outcome


def test_the_memory_is_where_u_boot_has_it(commands):
    status, text = commands("bdinfo", "mw.b 0 41 10", "md.b 0 4", "md 10000000 1")
    assert "-> start    = 0x0000000000000000\n" in text
    assert "-> size     = 0x0000000010000000\n" in text
    assert "00000000: 41 41 41 41" in text
    assert status == 1 and "is not in RAM" in text


def test_exceptions_end_it(sandbox):
    for name, number in [("undefined", signal.SIGILL), ("breakpoint", signal.SIGTRAP), ("unmapped", signal.SIGSEGV)]:
        assert sandbox("-c", "exception " + name).returncode == -number
    outcome = sandbox("-S", "-c", "exception undefined")
    assert outcome.returncode == 0 and b"\nIllegal instruction\n" in outcome.stdout
