// SPDX-License-Identifier: GPL-2.0-or-later
//! `ext4load`, `ext4ls`, `ext4size`: files of ext2, ext3 and ext4 file systems.
#![cfg(CONFIG_CMD_EXT4)]

use crate::fs_common::file_command;

file_command!("ext4load", load, "ext4", "Ext4");
file_command!("ext4ls", ls, "ext4", "Ext4");
file_command!("ext4size", size, "ext4", "Ext4");
