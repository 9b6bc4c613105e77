// SPDX-License-Identifier: GPL-2.0-or-later
//! `blkback page DOMAIN REFERENCE [OFFSET BYTES]...`: a page that is granted to
//! Domain-0, such as those of the console (reference 0) and of XenStore (1).
//!
//! Prints the page in hexadecimal digits, then writes bytes, given in such
//! digits too, to offsets of it, in the order in which they are named.

use crate::grants::Gntdev;
use crate::options::number;
use crate::protocol::PAGE;

/// Does what the words say.
///
/// # Errors
/// A message for the user.
pub fn run(words: &[String]) -> Result<(), String> {
    let [domain, reference, rest @ ..] = words else {
        return Err("DOMAIN and REFERENCE are missing".to_string());
    };
    let writes: Vec<_> = rest.chunks(2).map(parse).collect::<Result<_, _>>()?;
    let page = Gntdev::open()
        .and_then(|device| {
            let domain = number(domain).map_err(std::io::Error::other)?;
            let reference = number(reference).map_err(std::io::Error::other)?;
            device.map(domain, &[reference], true)
        })
        .map_err(|e| format!("the page: {e}"))?;
    let digits = page
        .bytes(0..PAGE)
        .iter()
        .map(|b| format!("{b:02x}"))
        .collect::<String>();
    println!("{digits}");
    for (offset, bytes) in writes {
        page.write(offset, &bytes);
    }
    Ok(())
}

/// An offset, and the bytes that are to be there.
fn parse(words: &[String]) -> Result<(usize, Vec<u8>), String> {
    let [offset, digits] = words else {
        return Err("an offset without bytes".to_string());
    };
    let offset: usize = number(offset)?;
    let (pairs, rest) = digits.as_bytes().as_chunks::<2>();
    let byte = |pair: &[u8; 2]| {
        let pair = std::str::from_utf8(pair).map_err(|e| e.to_string())?;
        u8::from_str_radix(pair, 16).map_err(|e| format!("{pair}: {e}"))
    };
    let bytes: Vec<u8> = pairs.iter().map(byte).collect::<Result<_, _>>()?;
    if !rest.is_empty() || bytes.len() > PAGE.saturating_sub(offset) {
        return Err(format!("{digits}: no bytes of a page"));
    }
    Ok((offset, bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        text.split(' ').map(str::to_string).collect()
    }

    #[test]
    fn offsets_have_bytes() {
        assert_eq!(parse(&words("7 00ff1a")), Ok((7, vec![0, 0xff, 0x1a])));
        for text in ["7", "x 00", "7 0", "7 0g", "4096 00", "-1 00"] {
            assert!(parse(&words(text)).is_err(), "{text}");
        }
    }
}
