// SPDX-License-Identifier: GPL-2.0-or-later
//! Tests of the front-ends against a Domain-0 that is made for them.

mod corrupted;
mod disk;
mod disk_discard;
mod disk_hostile;
mod disk_interrupted;
mod disk_pieces;
mod disk_slow;
mod disk_states;
mod disk_together;
mod disk_untrusted;
mod grants;
mod store;
mod store_hostile;
