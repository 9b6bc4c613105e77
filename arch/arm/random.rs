// SPDX-License-Identifier: GPL-2.0-or-later
//! Random numbers from the processor, or else from when things happen.

use crate::random::mix;
use aarch64_cpu::registers::{CNTVCT_EL0, ID_AA64ISAR0_EL1, Readable};
use core::sync::atomic::{AtomicU64, Ordering};

/// How often RNDR is asked again: it may have nothing yet.
const TRIES: usize = 10;
/// Times that are taken for a number without RNDR.
const SAMPLES: usize = 64;

/// 64 random bits.
pub fn random() -> u64 {
    let rndr = (0..TRIES).find_map(|_| rndr());
    rndr.unwrap_or_else(from_time)
}

/// The processor's own generator, if it has one (FEAT_RNG).
fn rndr() -> Option<u64> {
    if ID_AA64ISAR0_EL1.read(ID_AA64ISAR0_EL1::RNDR) == 0 {
        return None;
    }
    let (value, failed): (u64, u64);
    // SAFETY: the register exists; reading it changes nothing but the flags.
    unsafe {
        core::arch::asm!(
            "mrs {value}, s3_3_c2_c4_0",
            "cset {failed}, eq",
            value = out(reg) value,
            failed = out(reg) failed,
            options(nomem, nostack)
        );
    }
    (failed == 0).then_some(value)
}

/// When this is called, and how long the machine takes for it, never repeats exactly.
fn from_time() -> u64 {
    static STATE: AtomicU64 = AtomicU64::new(0);
    let mut state = STATE.load(Ordering::Relaxed);
    for _ in 0..SAMPLES {
        aarch64_cpu::asm::barrier::isb(aarch64_cpu::asm::barrier::SY);
        state = mix(state.wrapping_add(0x9e37_79b9_7f4a_7c15) ^ CNTVCT_EL0.get());
    }
    STATE.store(state, Ordering::Relaxed);
    state
}
