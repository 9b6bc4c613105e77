// SPDX-License-Identifier: GPL-2.0-or-later
//! `fdt`: shows and changes a flattened device tree in RAM.
//!
//! The working tree is the one at `fdtaddr`; it is edited where it is, within
//! its `totalsize`. Behaviour: U-Boot, `doc/usage/cmd/fdt.rst` and
//! `test/cmd/fdt.c`; the messages name libfdt's functions as there.
#![cfg(CONFIG_CMD_FDT)]

#[path = "fdt/change.rs"]
mod change;
#[path = "fdt/get.rs"]
mod get;
#[path = "fdt/locate.rs"]
mod locate;
#[path = "fdt/show.rs"]
mod show;
#[path = "fdt/value.rs"]
mod value;

use crate::{CmdError, CmdResult, Context};
use arch::mem::Ram;
use boot::fdt::{Fdt, FdtError, FdtMut};
use boot::fdt_support::{self as support, TreeError};
use common::println;
use core::fmt::Display;

/// A subcommand: the letters that it must begin with, and what it does.
type Subcommand = (&'static str, fn(&mut Context, &[&str]) -> CmdResult);

/// In the order in which U-Boot compares them. The arguments that they get
/// begin after the subcommand's name.
const SUBCOMMANDS: [Subcommand; 17] = [
    ("ad", locate::addr),
    ("mo", locate::relocate),
    ("sys", change::system_setup),
    ("mk", change::make_node),
    ("se", change::set),
    ("g", get::get),
    ("p", show::print),
    ("l", show::list),
    ("rm", change::remove),
    ("h", show::header),
    ("boo", change::boot_cpu),
    ("me", change::memory),
    ("rs", change::reservations),
    ("cho", change::chosen),
    ("ap", change::apply),
    ("re", locate::resize),
    ("", |_, _| Err(CmdError::Usage)),
];

/// Those that need no working tree; the others look for it before their arguments.
const FIND_A_TREE: [&str; 2] = ["ad", "mo"];

fn do_fdt(ctx: &mut Context, args: &[&str]) -> CmdResult {
    let &[_, name, ref rest @ ..] = args else {
        return Err(CmdError::Usage);
    };
    if !FIND_A_TREE.iter().any(|prefix| name.starts_with(prefix)) {
        working_address(ctx)?;
    }
    let found = SUBCOMMANDS
        .iter()
        .find(|(prefix, _)| name.starts_with(prefix));
    found.map_or(Err(CmdError::Usage), |(_, run)| run(ctx, rest))
}

/// The address of the working tree.
fn working_address(ctx: &Context) -> Result<u64, CmdError> {
    match ctx.env.get_hex("fdtaddr", 0) {
        0 => {
            println!("No FDT memory address configured. Please configure");
            println!("the FDT address via \"fdt addr <address>\" command.");
            println!("Aborting!");
            Err(CmdError::Failure)
        }
        address => Ok(address),
    }
}

/// The working tree.
pub fn working(ctx: &Context) -> Result<Fdt<'_>, CmdError> {
    valid(&ctx.ram, working_address(ctx)?)
}

/// The working tree, to be changed.
pub fn working_mut(ctx: &mut Context) -> Result<FdtMut<'_>, CmdError> {
    let address = working_address(ctx)?;
    support::tree_at_mut(&mut ctx.ram, address).map_err(|error| invalid(address, error))
}

/// The tree at an address, which must be a multiple of 8.
fn valid(ram: &Ram, address: u64) -> Result<Fdt<'_>, CmdError> {
    if !address.is_multiple_of(8) {
        println!("libfdt fdt_check_header(): FDT_ERR_ALIGNMENT");
        return Err(CmdError::Failure);
    }
    support::tree_at(ram, address).map_err(|error| invalid(address, error))
}

fn invalid(address: u64, error: TreeError) -> CmdError {
    match error {
        TreeError::Tree(error) => println!("libfdt fdt_check_header(): {error}"),
        TreeError::Memory(_) if address == 0 => {
            println!("The address of the fdt is invalid (NULL).")
        }
        TreeError::Memory(error) => println!("The address of the fdt is invalid: {error}"),
    }
    CmdError::Failure
}

/// Says which of libfdt's functions failed, as U-Boot does.
fn failed(function: &str, error: impl Display) -> CmdError {
    println!("libfdt {function}(): {error}");
    CmdError::Failure
}

/// Says that a path leads nowhere.
fn bad_path(error: FdtError) -> CmdError {
    println!("libfdt fdt_path_offset() returned {error}");
    CmdError::Failure
}

command! {
    name: "fdt",
    max_args: 255,
    usage: "flattened device tree utility commands",
    help: "addr [-c] [-q] [<addr> [<size>]] - Show or set the place of the [control] tree\n\
        fdt apply <addr>                    - Merge an overlay into the tree\n\
        fdt systemsetup                     - Do the setup of the system\n\
        fdt move   <fdt> <newaddr> [<length>] - Copy a tree and work on the copy\n\
        fdt resize [<extrasize>]            - Set the size to what is used, padding up to a page and <extrasize>\n\
        fdt print  <path> [<prop>]          - Print a node with all that is in it, or a property\n\
        fdt list   <path> [<prop>]          - Print a node without what is in its nodes\n\
        fdt get value <var> <path> <prop> [<index>] - Put a property, or one string or cell of it, into a variable\n\
        fdt get name <var> <path> <index>   - Put the name of the node's node <index> into a variable\n\
        fdt get addr <var> <path> <prop>    - Put the address of a property into a variable\n\
        fdt get size <var> <path> [<prop>]  - Put the size of a property, or the number of nodes, into a variable\n\
        fdt set    <path> <prop> [<val>]    - Set a property: text, <cells> or [bytes]\n\
        fdt mknode <path> <node>            - Make a node in the node at <path>\n\
        fdt rm     <path> [<prop>]          - Delete a node or a property\n\
        fdt header [get <var> <member>]     - Show the header, or put a member into a variable\n\
        fdt bootcpu <id>                    - Set the number of the boot processor\n\
        fdt memory <addr> <size>            - Set the memory node\n\
        fdt rsvmem print                    - Show the memory reservations\n\
        fdt rsvmem add <addr> <size>        - Add a memory reservation\n\
        fdt rsvmem delete <index>           - Delete a memory reservation\n\
        fdt chosen [<start> <size>]         - Set up /chosen, with an initramfs at <start>\n\
        NOTE: A path without a leading '/' begins with an alias.",
    subcommands: &[
        "addr", "apply", "bootcpu", "chosen", "get", "header", "list", "memory", "mknode", "move",
        "print", "resize", "rm", "rsvmem", "set", "systemsetup",
    ],
    run: do_fdt,
}

#[cfg(test)]
pub mod testing {
    //! A tree to work on.

    use crate::testing::RAM_BASE;
    use crate::{Context, testing};
    use boot::fdt::{Fdt, FdtMut, open_into};
    use std::string::String;

    /// Where the tree is.
    pub const AT: u64 = RAM_BASE + 0x10_0000;

    /// `/ { compatible = "a", "b"; #address-cells = <2>; #size-cells = <2>;
    /// aliases { c = "/chosen" }; chosen { bootargs = "quiet"; }; soc { uart@0 {}; }; }`
    /// with 1 KiB to spare.
    pub fn tree() -> std::vec::Vec<u8> {
        // Header, the end of the reservations, the root, the end.
        let fields = [0xd00d_feedu32, 72, 56, 72, 40, 17, 16, 0, 0, 16];
        let tokens = [1u32, 0, 2, 9];
        let mut empty: std::vec::Vec<u8> = fields.iter().flat_map(|f| f.to_be_bytes()).collect();
        empty.extend([0; 16]);
        empty.extend(tokens.iter().flat_map(|t| t.to_be_bytes()));
        let mut blob = std::vec![0; 1536];
        open_into(Fdt::new(&empty).unwrap(), &mut blob).unwrap();
        let mut fdt = FdtMut::new(&mut blob).unwrap();
        for (parent, name) in [
            ("/", "soc"),
            ("/soc", "uart@0"),
            ("/", "chosen"),
            ("/", "aliases"),
        ] {
            let parent = fdt.find(parent).unwrap();
            fdt.add_node(parent, name).unwrap();
        }
        for (path, name, value) in [
            ("/", "#size-cells", &[0u8, 0, 0, 2][..]),
            ("/", "#address-cells", &[0, 0, 0, 2]),
            ("/", "compatible", b"a\0b\0"),
            ("/chosen", "bootargs", b"quiet\0"),
            ("/aliases", "c", b"/chosen\0"),
        ] {
            let node = fdt.find(path).unwrap();
            fdt.set_property(node, name, value).unwrap();
        }
        blob
    }

    /// A context whose working tree is [`tree`].
    pub fn with_tree() -> Context {
        let mut ctx = testing::context();
        let blob = tree();
        ctx.ram
            .slice_mut(AT, blob.len())
            .unwrap()
            .copy_from_slice(&blob);
        ctx.env.set_hex("fdtaddr", AT).unwrap();
        ctx
    }

    /// What a line prints in this context, and `$?`.
    pub fn run(ctx: &mut Context, line: &str) -> (i32, String) {
        let console = testing::capture();
        let status = ctx.run_script(line);
        (status, console.take())
    }

    /// What a line that succeeds prints.
    pub fn output(ctx: &mut Context, line: &str) -> String {
        let (status, output) = run(ctx, line);
        assert_eq!(status, 0, "{line}: {output}");
        output
    }
}

#[cfg(test)]
#[path = "fdt/tests.rs"]
mod reference;

#[cfg(test)]
mod tests {
    use super::testing::{run, with_tree};

    #[test]
    fn a_tree_must_be_named_first() {
        let mut ctx = with_tree();
        ctx.env.delete("fdtaddr");
        for line in ["fdt print", "fdt xyzzy", "fdt set"] {
            let (status, text) = run(&mut ctx, line);
            assert_eq!((status, text.lines().count()), (1, 3));
            assert!(text.ends_with("\nAborting!\n"), "{text}");
        }
    }

    #[test]
    fn a_tree_must_be_aligned() {
        let mut ctx = with_tree();
        let (status, text) = run(&mut ctx, "fdt addr 40000004");
        assert_eq!(status, 1);
        assert_eq!(text, "libfdt fdt_check_header(): FDT_ERR_ALIGNMENT\n");
    }

    #[test]
    fn what_is_no_subcommand_is_explained() {
        let mut ctx = with_tree();
        for line in ["fdt", "fdt xyzzy", "fdt mknode /"] {
            let (status, text) = run(&mut ctx, line);
            assert_eq!(status, 1);
            assert!(text.contains("Usage:\nfdt addr"), "{line}: {text}");
        }
    }
}
