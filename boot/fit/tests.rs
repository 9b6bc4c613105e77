// SPDX-License-Identifier: GPL-2.0-or-later
//! What FIT images say, and what is wrong with them.

use super::testing::*;
use super::*;
use crate::fdt::testing::{node, xen_guest};

#[test]
fn images_and_configurations_are_found() {
    let bytes = fit(&[
        node(
            "kernel-1",
            &[("data", b"abc"), ("load", &cells(&[0, 0x4000]))],
            &[],
        ),
        node("fdt-1", &[("data", b"")], &[]),
    ]);
    let fit = Fit::parse(&bytes, 0x1000).unwrap();
    let kernel = fit.image("kernel-1").unwrap();
    assert_eq!(kernel.data(), Ok(&b"abc"[..]));
    assert_eq!(kernel.load(), Some(0x4000));
    assert_eq!(kernel.entry(), None);
    let place = kernel.place().unwrap();
    assert_eq!(bytes[(place.start - 0x1000) as usize..][..3], *b"abc");
    assert_eq!(fit.image("fdt-1").unwrap().data(), Ok(&b""[..]));
    assert!(fit.image("none").is_none());
    assert_eq!(fit.extent(), bytes.len() as u64);
    let name = |wanted| fit.configuration(wanted).map(Node::name);
    assert_eq!(name(None), Some("conf-1"));
    assert_eq!(name(Some("conf-2#conf-9")), Some("conf-2"));
    assert_eq!(name(Some("conf-3")), None);
    assert_eq!(name(Some("")), None);
    let found = fit.image_of(fit.configuration(None).unwrap(), "kernel");
    assert_eq!(found.unwrap().name(), "kernel-1");
}

#[test]
fn data_may_be_behind_the_tree() {
    let image = |position: &str, at: u32, size: Option<u32>| {
        let (at, size) = (at.to_be_bytes(), size.map(u32::to_be_bytes));
        let mut properties = alloc::vec![(position, &at[..])];
        properties.extend(size.as_ref().map(|size| ("data-size", &size[..])));
        node("a", &properties, &[])
    };
    let data = |image, behind: &[u8]| {
        let mut bytes = fit(&[image]);
        let len = bytes.len();
        bytes.resize(len.next_multiple_of(4), 0);
        bytes.extend(behind);
        let fit = Fit::parse(&bytes, 0).unwrap();
        let data = fit.image("a").unwrap().data().map(<[u8]>::to_vec);
        (data, fit.extent(), len as u64)
    };
    assert_eq!(
        data(image("data-offset", 2, Some(3)), b"0123456").0,
        Ok(b"234".to_vec())
    );
    let (found, extent, _) = data(image("data-position", 0, Some(4)), b"");
    assert_eq!(found, Ok(0xd00d_feedu32.to_be_bytes().to_vec()));
    assert_eq!(extent, data(image("data-position", 0, Some(4)), b"").2);
    for (size, expected) in [(Some(8), false), (Some(u32::MAX), false), (Some(7), true)] {
        let (found, ..) = data(image("data-offset", 0, size), b"0123456");
        assert_eq!(found.is_ok(), expected, "{size:?}");
    }
    assert!(
        data(image("data-offset", u32::MAX, Some(1)), b"")
            .0
            .is_err()
    );
    assert_eq!(
        data(image("data-offset", 0, None), b"0123").0,
        Err(BadData::Missing)
    );
}

#[test]
fn what_is_no_fit_image_is_refused() {
    let error = |bytes: &[u8]| Fit::parse(bytes, 0).err().unwrap();
    assert_eq!(error(b"").errno(), errno::ENOEXEC);
    assert_eq!(error(&[0; 64]), BadFit::Tree(FdtError::BadMagic));
    assert_eq!(error(&xen_guest()), BadFit::NoDescription);
    let bare = crate::fdt::testing::build(&node("", &[("description", b"\0")], &[]), &[], 0);
    assert_eq!(error(&bare), BadFit::NoImages);
    assert_eq!(error(&bare).errno(), errno::ENOENT);
}

#[test]
fn the_best_configuration_is_chosen() {
    let tree =
        |names: &[u8]| crate::fdt::testing::build(&node("", &[("compatible", names)], &[]), &[], 0);
    let specific = tree(b"xen,xenvm-4.17\0xen,xenvm\0");
    let images = |compression: &'static [u8]| {
        [
            node(
                "fdt-1",
                &[("data", &specific), ("compression", compression)],
                &[],
            ),
            node(
                "fdt-2",
                &[("data", &tree(b"xen,xenvm\0")), ("compression", b"none\0")],
                &[],
            ),
        ]
    };
    let configurations = [
        node("conf-1", &[("fdt", b"fdt-2\0")], &[]),
        node("conf-2", &[("fdt", b"fdt-1\0")], &[]),
        node("conf-3", &[("compatible", b"xen,xenvm\0")], &[]),
    ];
    let best = |compression, default: &[u8]| {
        let bytes = fit_with(&images(compression), default, &configurations);
        let fit = Fit::parse(&bytes, 0).unwrap();
        let best = fit.best_match(&["xen,xenvm-4.17", "xen,xenvm"]);
        best.map(|node| alloc::string::String::from(node.name()))
    };
    assert_eq!(best(b"none\0", b"conf-1\0").as_deref(), Some("conf-2"));
    // A compressed tree cannot be looked into; then two are equal.
    assert_eq!(best(b"gzip\0", b"conf-2\0").as_deref(), Some("conf-1"));
    assert_eq!(best(b"gzip\0", b"conf-3\0").as_deref(), Some("conf-3"));
    let bytes = fit(&[]);
    let fit = Fit::parse(&bytes, 0).unwrap();
    assert!(fit.best_match(&["xen,xenvm"]).is_none());
}
