// SPDX-License-Identifier: GPL-2.0-or-later
//! Progress of the commands that move many bytes.
#![cfg(all(CONFIG_CMD_PVBLOCK, CONFIG_CMD_READ, CONFIG_CMD_WRITE))]

use tests::image::ImageDisk;
use tests::machine::*;
use tests::random::Random;

#[test]
fn long_transfers_show_progress_and_change_nothing_else() {
    let bytes = Random::new(7).bytes(24 * MIB);
    let disk = ImageDisk::new(bytes.clone(), 512);
    let mut context = machine(std::slice::from_ref(&disk));
    let done = "\npvblock read: device 0 block # 0, count 49152 ... 49152 blocks read: OK\n";
    prints(&mut context, "pvblock read 42000000 0 c000", done);

    disk.slow_down(250_000);
    let progress = "\r7 MiB of 24 MiB (29%), 4 MiB/s, 0:04 left\r";
    for (script, end) in [
        ("pvblock read 42000000 0 c000", done),
        ("read pvblock 0 42000000 0 c000", ""),
        ("write pvblock 0 42000000 0 c000", ""),
    ] {
        context.ram.slice_mut(0x4200_0000, 24 * MIB).unwrap()[..].copy_from_slice(&bytes);
        let (status, output) = shell(&mut context, script);
        assert_eq!(status, 0, "{script}: {output}");
        assert!(output.contains(progress), "{output:?}");
        assert!(output.ends_with(&format!(" \r{end}")), "{output:?}");
        assert!(context.ram.slice(0x4200_0000, 24 * MIB).unwrap() == bytes);
        let (_, silent) = shell(
            &mut context,
            &format!("setenv silent 1; {script}; setenv silent"),
        );
        assert_eq!(silent, end);
    }
    assert!(*disk.bytes() == bytes);
}

#[test]
fn a_slow_load_shows_progress_and_can_be_ended() {
    let (mut context, disks) = usual();
    disks[0].slow_down(1_500_000);
    let load = "load pvblock 0:2 43000000 /boot/Image";
    let (status, output) = shell(&mut context, load);
    assert_eq!(status, 0, "{output:?}");
    let line = output.rsplit('\r').next().unwrap();
    assert!(line.starts_with("3000000 bytes read in "), "{output:?}");
    assert!(output.contains("\r1 MiB of 2.9 MiB (34%), "), "{output:?}");
    let console = cmd::testing::capture();
    console.keys("\x03");
    context.run_script(&format!("{load}; echo never"));
    assert_eq!(console.take(), "<INTERRUPT>\n");
}
