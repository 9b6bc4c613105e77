// SPDX-License-Identifier: GPL-2.0-or-later
//! `lsblk`.
#![cfg(CONFIG_CMD_LSBLK)]

use tests::machine::*;

#[test]
fn disks_are_listed_with_what_is_on_them() {
    let (mut context, disks) = usual();
    let drivers = "Block Driver          Devices\n-----------------------------\n\
        image_disk          : pvblock 0, pvblock 1, pvblock 2\n\n";
    let heading = "Device          Size        Type  File system  Label             UUID\n";
    let rows = "pvblock 0       40 MiB      disk\n\
        pvblock 0:1     16 MiB      part  fat          BOOT              0123-ABCD\n\
        pvblock 0:2     16 MiB      part  ext4                           01234567-89ab-cdef-0123-456789abcdef\n\
        pvblock 1       8 MiB       disk\n\
        pvblock 1:1     2 MiB       part\n";
    let last = "pvblock 2       1 MiB       disk\n";
    prints(
        &mut context,
        "lsblk",
        &format!("{drivers}{heading}{rows}{last}"),
    );
    disks[2].break_block(0);
    let (status, output) = shell(&mut context, "lsblk");
    assert_eq!(status, 0);
    assert!(
        output.ends_with("pvblock 2       not available (I/O error at block 0)\n"),
        "{output}"
    );
    assert!(shell(&mut context, "lsblk x").1.contains("Usage:"));
    let none = "Block Driver          Devices\n-----------------------------\n\
        image_disk          : <none>\n\n";
    prints(&mut machine(&[]), "lsblk", &format!("{none}{heading}"));
}
