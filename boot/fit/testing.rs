// SPDX-License-Identifier: GPL-2.0-or-later
//! FIT images for tests.

use crate::fdt::testing::{Source, build, node};
use alloc::vec::Vec;

/// A property of cells.
pub fn cells(cells: &[u32]) -> Vec<u8> {
    cells.iter().flat_map(|cell| cell.to_be_bytes()).collect()
}

/// A FIT image with these images, and two configurations for `kernel-1`.
pub fn fit(images: &[Source]) -> Vec<u8> {
    let configuration = |name| {
        node(
            name,
            &[
                ("description", b"a configuration\0"),
                ("kernel", b"kernel-1\0"),
            ],
            &[],
        )
    };
    fit_with(
        images,
        b"conf-1\0",
        &[configuration("conf-1"), configuration("conf-2")],
    )
}

/// A FIT image with these images and configurations.
pub fn fit_with(images: &[Source], default: &[u8], configurations: &[Source]) -> Vec<u8> {
    let root = node(
        "",
        &[("description", b"a test\0")],
        &[
            node("images", &[], images),
            node("configurations", &[("default", default)], configurations),
        ],
    );
    build(&root, &[], 0)
}
