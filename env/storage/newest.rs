// SPDX-License-Identifier: GPL-2.0-or-later
//! Which of the images of a place counts.

use super::{Failure, LoadError, Storage, Validity, format};
use crate::image::{Format, second_is_newer};
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;
use common::println;
use dm::Model;

/// The current image of a place; else the reason, as a warning has it.
pub fn newest(
    model: &Model,
    storage: &dyn Storage,
) -> core::result::Result<(Vec<u8>, Validity), (String, LoadError)> {
    let read = |copy| {
        let mut image = vec![0; storage.size()];
        storage.read(model, copy, &mut image).map(|()| image)
    };
    let bad_crc = || ("bad CRC".to_string(), LoadError::BadCrc);
    let format = format(storage);
    let first = read(0);
    if !storage.redundant() {
        let image = first.map_err(|f| (f.what, LoadError::Failed(f.error)))?;
        return match format.check(&image) {
            Some(_) => Ok((image, Validity::Valid)),
            None => Err(bad_crc()),
        };
    }
    let second = read(1);
    match (&first, &second) {
        (Err(failure), Err(_)) => {
            println!("*** Error - No Valid Environment Area found");
            return Err((failure.what.clone(), LoadError::Failed(failure.error)));
        }
        (Ok(_), Ok(_)) => {}
        _ => println!(
            "*** Warning - some problems detected reading environment; recovered successfully"
        ),
    }
    let serial = |image: &Vec<u8>| format.check(image).map(|(serial, _)| serial);
    let serials = (
        first.as_ref().ok().and_then(serial),
        second.as_ref().ok().and_then(serial),
    );
    let second_counts = match serials {
        (None, None) => return upgraded(storage, first).ok_or_else(bad_crc),
        (Some(first), Some(second)) => second_is_newer(first, second),
        (first, _) => first.is_none(),
    };
    let (image, validity) = match second_counts {
        true => (second, Validity::Redundant),
        false => (first, Validity::Valid),
    };
    image.map(|image| (image, validity)).map_err(|_| bad_crc())
}

/// The first image in the new form, if it was stored when there was no second one.
fn upgraded(
    storage: &dyn Storage,
    first: core::result::Result<Vec<u8>, Failure>,
) -> Option<(Vec<u8>, Validity)> {
    if !cfg!(CONFIG_ENV_REDUNDANT_UPGRADE) {
        return None;
    }
    let single = Format {
        redundant: false,
        ..format(storage)
    };
    let image = first.ok()?;
    let (_, variables) = single.check(&image)?;
    // What is not used behind the variables is one byte shorter now.
    let variables = match variables.split_last() {
        Some((0, rest)) => rest,
        _ => variables,
    };
    let image = format(storage).make(variables, 0)?;
    Some((image, Validity::Valid))
}
