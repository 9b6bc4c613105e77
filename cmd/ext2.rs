// SPDX-License-Identifier: GPL-2.0-or-later
//! `ext2load`, `ext2ls`: the older names of `ext4load` and `ext4ls`.
#![cfg(CONFIG_CMD_EXT2)]

use crate::fs_common::file_command;

file_command!("ext2load", load, "ext4", "Ext2");
file_command!("ext2ls", ls, "ext4", "Ext2");
