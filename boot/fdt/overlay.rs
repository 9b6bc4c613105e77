// SPDX-License-Identifier: GPL-2.0-or-later
//! Device tree overlays.
//!
//! An overlay is a tree whose fragments name a node of the base tree and carry
//! what is to be merged into it. Its own phandles are moved behind those of the
//! base, its references to labels of the base are resolved, and its labels
//! become labels of the base.
//!
//! Source: the format that dtc writes for `/plugin/` sources, as
//! `fdtoverlay` applies it.

use super::*;
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

/// Applies an overlay to a tree, which stays as it is if that fails.
///
/// # Errors
/// [`FdtError::NotFound`] if the base lacks a label or a target,
/// [`FdtError::NoSpace`], or what is wrong with the overlay.
pub fn apply(base: &mut FdtMut<'_>, overlay: Fdt<'_>) -> Result<(), FdtError> {
    let mut base_copy = base.fdt().to_vec()?;
    let mut overlay_copy = overlay.to_vec()?;
    {
        let mut result = FdtMut::new(&mut base_copy)?;
        let mut overlay = FdtMut::new(&mut overlay_copy)?;
        let highest = highest_phandle(result.fdt());
        change_phandles(&mut overlay, &|old| {
            let new = old.checked_add(highest).filter(|&new| new != u32::MAX);
            new.ok_or(FdtError::NoPhandles)
        })?;
        resolve_labels(&mut overlay, result.fdt())?;
        keep_phandles(&mut overlay, result.fdt())?;
        merge_fragments(&mut result, overlay.fdt())?;
        merge_labels(&mut result, overlay.fdt())?;
    }
    base.replace(&base_copy);
    Ok(())
}

fn highest_phandle(fdt: Fdt<'_>) -> u32 {
    // All ones is no phandle.
    fdt.nodes()
        .filter_map(|(_, node)| node.phandle())
        .filter(|&p| p != u32::MAX)
        .max()
        .unwrap_or(0)
}

/// What becomes of a phandle.
type Change<'a> = &'a dyn Fn(u32) -> Result<u32, FdtError>;

/// Gives nodes that the base has and the overlay only adds to the phandle that they have
/// in the base: others refer to them by it.
fn keep_phandles(overlay: &mut FdtMut<'_>, base: Fdt<'_>) -> Result<(), FdtError> {
    let mut kept = BTreeMap::new();
    for fragment in overlay.fdt().root().children() {
        // The target may be a node that a fragment before adds.
        if let Some(content) = exact_child(fragment, "__overlay__")
            && let Ok(target) = target(base, fragment)
        {
            find_kept(target, content, &mut kept);
        }
    }
    change_phandles(overlay, &|old| Ok(kept.get(&old).copied().unwrap_or(old)))
}

/// Notes phandles of the overlay, and those of the same nodes in the base.
fn find_kept(target: Node<'_>, content: Node<'_>, kept: &mut BTreeMap<u32, u32>) {
    if let (Some(new), Some(old)) = (content.phandle(), target.phandle()) {
        kept.insert(new, old);
    }
    // The depth of the overlay bounds the recursion.
    for child in content.children() {
        if let Some(target) = exact_child(target, child.name()) {
            find_kept(target, child, kept);
        }
    }
}

/// Changes the overlay's own phandles and each reference to them.
fn change_phandles(overlay: &mut FdtMut<'_>, change: Change<'_>) -> Result<(), FdtError> {
    let nodes: Vec<usize> = overlay
        .fdt()
        .nodes()
        .map(|(_, node)| node.offset())
        .collect();
    for node in nodes {
        for name in ["phandle", "linux,phandle"] {
            if let Some(value) = overlay.value_mut(node, name) {
                change_cell(value, 0, change, FdtError::BadPhandle)?;
            }
        }
    }
    let Ok(fixups) = overlay.fdt().find("/__local_fixups__") else {
        return Ok(());
    };
    let (root, fixups) = (overlay.fdt().root().offset(), fixups.offset());
    change_references(overlay, fixups, root, change)
}

/// `fixups` mirrors `node`: a property lists the places of references in the property of the same name.
fn change_references(
    overlay: &mut FdtMut<'_>,
    fixups: usize,
    node: usize,
    change: Change<'_>,
) -> Result<(), FdtError> {
    let mirror = Node::at(overlay.fdt(), fixups);
    let mut places: Vec<(String, Vec<u8>)> = Vec::new();
    for property in mirror.properties() {
        places.push((property.name.into(), property.value.to_vec()));
    }
    let mut children = Vec::new();
    for child in mirror.children() {
        let target =
            exact_child(Node::at(overlay.fdt(), node), child.name()).ok_or(FdtError::BadOverlay)?;
        children.push((child.offset(), target.offset()));
    }
    for (name, list) in places {
        let value = overlay.value_mut(node, &name).ok_or(FdtError::BadOverlay)?;
        for place in cells(&list)? {
            change_cell(value, place as usize, change, FdtError::BadOverlay)?;
        }
    }
    // The depth of the overlay bounds the recursion.
    children
        .into_iter()
        .try_for_each(|(fixups, target)| change_references(overlay, fixups, target, change))
}

/// Writes the phandles of the base's labels where the overlay refers to them.
fn resolve_labels(overlay: &mut FdtMut<'_>, base: Fdt<'_>) -> Result<(), FdtError> {
    let Ok(fixups) = overlay.fdt().find("/__fixups__") else {
        return Ok(());
    };
    let labels: Vec<(String, Vec<u8>)> = fixups
        .properties()
        .map(|p| (String::from(p.name), p.value.to_vec()))
        .collect();
    let symbols = base.find("/__symbols__");
    for (label, places) in labels {
        let path = symbols.and_then(|s| s.string(&label).ok_or(FdtError::NotFound))?;
        let phandle = base.find(path)?.phandle().ok_or(FdtError::NotFound)?;
        for place in strings(&places) {
            resolve_reference(overlay, place, phandle)?;
        }
    }
    Ok(())
}

/// `place` is `path:property:offset`.
fn resolve_reference(overlay: &mut FdtMut<'_>, place: &str, phandle: u32) -> Result<(), FdtError> {
    let mut parts = place.split(':');
    let (Some(path), Some(name), Some(offset), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(FdtError::BadOverlay);
    };
    let offset: usize = offset.parse().map_err(|_| FdtError::BadOverlay)?;
    let node = overlay.find(path).map_err(|_| FdtError::BadOverlay)?;
    let value = overlay.value_mut(node, name).ok_or(FdtError::BadOverlay)?;
    let cell = offset
        .checked_add(4)
        .and_then(|end| value.get_mut(offset..end))
        .ok_or(FdtError::BadOverlay)?;
    cell.copy_from_slice(&phandle.to_be_bytes());
    Ok(())
}

fn merge_fragments(base: &mut FdtMut<'_>, overlay: Fdt<'_>) -> Result<(), FdtError> {
    for fragment in overlay.root().children() {
        if let Some(content) = exact_child(fragment, "__overlay__") {
            let target = target(base.fdt(), fragment)?.offset();
            merge(base, target, content)?;
        }
    }
    Ok(())
}

/// The node of the base that a fragment is for.
fn target<'a>(base: Fdt<'a>, fragment: Node<'_>) -> Result<Node<'a>, FdtError> {
    if fragment.property("target").is_some() {
        let phandle = fragment
            .u32("target")
            .filter(|&p| p != 0 && p != u32::MAX)
            .ok_or(FdtError::BadPhandle)?;
        return base.by_phandle(phandle).ok_or(FdtError::NotFound);
    }
    base.find(fragment.string("target-path").ok_or(FdtError::BadOverlay)?)
}

fn merge(base: &mut FdtMut<'_>, target: usize, content: Node<'_>) -> Result<(), FdtError> {
    for property in content.properties() {
        base.set_property(target, property.name, property.value)?;
    }
    // The depth of the overlay bounds the recursion.
    for child in content.children() {
        let node = base.find_or_add_node(target, child.name())?;
        merge(base, node, child)?;
    }
    Ok(())
}

/// Makes the overlay's labels labels of the base, by the paths that their nodes have there.
fn merge_labels(base: &mut FdtMut<'_>, overlay: Fdt<'_>) -> Result<(), FdtError> {
    let Some(symbols) = exact_child(overlay.root(), "__symbols__") else {
        return Ok(());
    };
    let root = base.fdt().root().offset();
    let table = base.find_or_add_node(root, "__symbols__")?;
    for label in symbols.properties() {
        let path = strings(label.value)
            .next()
            .and_then(|p| p.strip_prefix('/'))
            .ok_or(FdtError::BadValue)?;
        let Some((fragment, rest)) = path.split_once('/') else {
            continue;
        };
        let Some(rest) = rest
            .strip_prefix("__overlay__")
            .filter(|r| r.is_empty() || r.starts_with('/'))
        else {
            continue;
        };
        let fragment = exact_child(overlay.root(), fragment).ok_or(FdtError::BadOverlay)?;
        let fdt = base.fdt();
        let mut full = fdt
            .path(target(fdt, fragment)?.offset())
            .ok_or(FdtError::NotFound)?;
        if full == "/" && !rest.is_empty() {
            full.clear();
        }
        full.push_str(rest);
        full.push('\0');
        base.set_property(table, label.name, full.as_bytes())?;
    }
    Ok(())
}

fn exact_child<'a>(node: Node<'a>, name: &str) -> Option<Node<'a>> {
    node.children().find(|child| child.name() == name)
}

fn cells(value: &[u8]) -> Result<Vec<u32>, FdtError> {
    let (cells, rest) = value.as_chunks::<4>();
    if rest.is_empty() {
        Ok(cells.iter().map(|c| u32::from_be_bytes(*c)).collect())
    } else {
        Err(FdtError::BadOverlay)
    }
}

fn change_cell(
    value: &mut [u8],
    offset: usize,
    change: Change<'_>,
    error: FdtError,
) -> Result<(), FdtError> {
    let cell = offset
        .checked_add(4)
        .and_then(|end| value.get_mut(offset..end))
        .ok_or(error)?;
    let old = u32::from_be_bytes(<[u8; 4]>::try_from(&*cell).map_err(|_| error)?);
    cell.copy_from_slice(&change(old)?.to_be_bytes());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::testing::*;
    use super::*;

    fn base() -> Vec<u8> {
        let soc = node(
            "soc",
            &[("phandle", &5u32.to_be_bytes())],
            &[node("uart@0", &[("status", b"disabled\0")], &[])],
        );
        let symbols = node("__symbols__", &[("soc", b"/soc\0")], &[]);
        build(&node("", &[], &[soc, symbols]), &[], 1024)
    }

    /// What dtc makes of `&soc { uart@0 { status = "okay"; }; new: dev@1 { me = <&new>; bus = <&soc>; }; };`.
    fn overlay() -> Source {
        let one = 1u32.to_be_bytes();
        let device = node(
            "dev@1",
            &[("phandle", &one), ("me", &one), ("bus", &[0xff; 4])],
            &[],
        );
        let content = node(
            "__overlay__",
            &[],
            &[node("uart@0", &[("status", b"okay\0")], &[]), device],
        );
        let fragment = node("fragment@0", &[("target", &[0xff; 4])], &[content]);
        let here = node(
            "fragment@0",
            &[],
            &[node(
                "__overlay__",
                &[],
                &[node("dev@1", &[("me", &[0; 4])], &[])],
            )],
        );
        let fixups: &[u8] = b"/fragment@0:target:0\0/fragment@0/__overlay__/dev@1:bus:0\0";
        node(
            "",
            &[],
            &[
                fragment,
                node("__fixups__", &[("soc", fixups)], &[]),
                node("__local_fixups__", &[], &[here]),
                node(
                    "__symbols__",
                    &[("new", b"/fragment@0/__overlay__/dev@1\0")],
                    &[],
                ),
            ],
        )
    }

    #[test]
    fn an_overlay_is_merged_with_its_references() {
        let (mut blob, overlay) = (base(), build(&overlay(), &[], 0));
        apply(
            &mut FdtMut::new(&mut blob).unwrap(),
            Fdt::new(&overlay).unwrap(),
        )
        .unwrap();
        let fdt = Fdt::new(&blob).unwrap();
        assert_eq!(
            fdt.find("/soc/uart@0").unwrap().string("status"),
            Some("okay")
        );
        let device = fdt.find("/soc/dev@1").unwrap();
        assert_eq!(device.phandle(), Some(6));
        assert_eq!(device.u32("me"), Some(6));
        assert_eq!(device.u32("bus"), Some(5));
        assert_eq!(
            fdt.find("/__symbols__").unwrap().string("new"),
            Some("/soc/dev@1")
        );
    }

    #[test]
    fn a_node_of_the_base_keeps_its_phandle() {
        // As dtc makes it of `&soc { soc_again: ... }`, whose label asks for a phandle.
        let mut again = overlay();
        let content = &mut again.children[0].children[0];
        content
            .properties
            .push(("phandle".into(), 2u32.to_be_bytes().into()));
        let device = &mut content.children[1];
        device
            .properties
            .push(("parent".into(), 2u32.to_be_bytes().into()));
        let here = &mut again.children[2].children[0].children[0].children[0];
        here.properties.push(("parent".into(), [0; 4].into()));
        let (mut blob, overlay) = (base(), build(&again, &[], 0));
        let overlay = Fdt::new(&overlay).unwrap();
        apply(&mut FdtMut::new(&mut blob).unwrap(), overlay).unwrap();
        let fdt = Fdt::new(&blob).unwrap();
        let device = fdt.find("/soc/dev@1").unwrap();
        assert_eq!(fdt.find("/soc").unwrap().phandle(), Some(5));
        assert_eq!(
            ["parent", "bus", "me"].map(|name| device.u32(name)),
            [Some(5), Some(5), Some(6)]
        );
    }

    #[test]
    fn a_failure_leaves_the_tree_alone() {
        let mut unknown = overlay();
        unknown.children[1].properties[0].0 = "nobody".into();
        let mut astray = overlay();
        astray.children[2].children[0].children[0].children[0].properties[0].1 =
            alloc::vec![0, 0, 0, 9];
        for (wrong, error) in [
            (unknown, FdtError::NotFound),
            (astray, FdtError::BadOverlay),
        ] {
            let (mut blob, overlay) = (base(), build(&wrong, &[], 0));
            let result = apply(
                &mut FdtMut::new(&mut blob).unwrap(),
                Fdt::new(&overlay).unwrap(),
            );
            assert_eq!(result, Err(error));
            assert_eq!(blob, base());
        }
        let overlay = build(&overlay(), &[], 0);
        let roomy = base();
        let mut tight = alloc::vec![0; Fdt::new(&roomy).unwrap().used()];
        open_into(Fdt::new(&roomy).unwrap(), &mut tight).unwrap();
        let result = apply(
            &mut FdtMut::new(&mut tight).unwrap(),
            Fdt::new(&overlay).unwrap(),
        );
        assert_eq!(result, Err(FdtError::NoSpace));
    }

    #[test]
    fn mutated_overlays_never_panic() {
        let (base, good) = (base(), build(&overlay(), &[], 0));
        let mut random = Random(0x0ae1);
        for _ in 0..5_000 {
            let (mut blob, mut overlay) = (base.clone(), good.clone());
            mutate(&mut random, &mut overlay);
            if let Ok(overlay) = Fdt::new(&overlay) {
                _ = apply(&mut FdtMut::new(&mut blob).unwrap(), overlay);
            }
            Fdt::new(&blob).expect("the base stays well-formed");
        }
    }
}
