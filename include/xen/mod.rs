// SPDX-License-Identifier: GPL-2.0-or-later
//! The Xen interface; source: `xen/include/public/` of the Xen tree.
