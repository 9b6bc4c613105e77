// SPDX-License-Identifier: GPL-2.0-or-later
//! Any bytes as a FIT image: read, shown, verified, and taken by `bootm` up to
//! the jump, without a panic and without a change to what is reserved.
#![no_main]

mod image;

use boot::fit::Fit;
use boot::{fit_hash, fit_print};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    image::silence();
    if let Ok(fit) = Fit::parse(data, 0x1000) {
        fit_print::print(fit);
        _ = fit_hash::verify_all(fit);
        _ = fit.best_match(&["xen,xenvm"]);
        assert!(fit.extent() <= u64::from(u32::MAX) * 3);
        for image in fit.images() {
            if let Ok(bytes) = image.data() {
                assert!(bytes.len() <= data.len());
            }
        }
    }
    image::boot(data);
});
