// SPDX-License-Identifier: GPL-2.0-or-later
//! The journal of ext3 and ext4.

use tests::fsimage::*;
use tests::image::ImageDisk;
use tests::tool::{arg, run, run_with_input};

/// What the journal still has to write counts, just as after the replay by e2fsck.
#[test]
fn a_journal_is_replayed_in_memory() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("tree");
    std::fs::create_dir(&root).unwrap();
    for name in ["a", "b", "c"] {
        std::fs::write(root.join(name), contents(3000)).unwrap();
    }
    let escaped = [&[0xc0, 0x3b, 0x39, 0x98][..], &contents(1020)].concat();
    let newer = contents(1024);
    for (name, bytes) in [
        ("escaped", &escaped),
        ("newer", &newer),
        ("older", &contents(1023)),
    ] {
        std::fs::write(folder.path().join(name), bytes).unwrap();
    }
    let file = |name: &str| arg(&folder.path().join(name)).to_string();
    let cases: [(&[&str], &str); 5] = [
        (&["-t", "ext3", "-b", "1024"], "jo"),
        (&["-t", "ext4", "-b", "1024"], "jo -c -v 3"),
        (&["-t", "ext4", "-b", "1024"], "jo -c -v 2"),
        (&["-t", "ext4", "-b", "1024", "-O", "^64bit"], "jo -c -v 3"),
        (&["-t", "ext4", "-b", "1024", "-O", "^metadata_csum"], "jo"),
    ];
    for (options, open_journal) in cases {
        let path = ext4(folder.path(), 16 * MIB, &root, options);
        let block = |name: &str| {
            run("debugfs", &["-R", &format!("bmap {name} 1"), arg(&path)])
                .trim()
                .to_string()
        };
        let (a, b, c) = (block("a"), block("b"), block("c"));
        let script = format!(
            "{open_journal}\njw -b {a},{c} {old}\njw -b {b} {esc}\njw -b {a} {new}\njw -r {c}\njc\n",
            old = file("older"),
            esc = file("escaped"),
            new = file("newer")
        );
        // jw wants a block of the file for each number.
        std::fs::write(folder.path().join("older"), contents(2048)).unwrap();
        run_with_input("debugfs", &["-w", arg(&path)], &script);
        let features = run("dumpe2fs", &["-h", arg(&path)]);
        assert!(features.contains("needs_recovery"), "{features}");

        let fs = open(&ImageDisk::open(&path, 512));
        let found: Vec<Vec<u8>> = ["a", "b", "c"]
            .iter()
            .map(|name| read(fs.as_ref(), name).unwrap())
            .collect();
        assert!(found[0][1024..2048] == newer, "{options:?}");
        assert!(found[1][1024..2048] == escaped, "{options:?}");
        assert!(
            found[2] == contents(3000),
            "{options:?}: a revoked block came back"
        );

        // A copy that is not what was written is noticed where there are checksums.
        let mut bytes = std::fs::read(&path).unwrap();
        let copy = bytes.windows(newer.len()).position(|part| part == newer);
        bytes[copy.unwrap() + 5] ^= 1;
        let damaged = read(open(&ImageDisk::new(bytes, 512)).as_ref(), "a");
        assert_eq!(damaged.is_err(), open_journal.contains("-c"), "{options:?}");

        run(
            "sh",
            &[
                "-c",
                &format!(
                    "PATH=$PATH:/sbin:/usr/sbin; e2fsck -fy '{}'; test $? -le 1",
                    arg(&path)
                ),
            ],
        );
        let fs = open(&ImageDisk::open(&path, 512));
        for (name, found) in ["a", "b", "c"].iter().zip(&found) {
            assert!(
                read(fs.as_ref(), name).unwrap() == *found,
                "{options:?}: {name} differs from e2fsck's replay"
            );
        }
    }
}

/// A file is overwritten in place also before the replay, which then leaves it;
/// blocks that the journal has are refused, and so is all after fast commits.
#[test]
fn what_the_journal_leaves_can_be_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("tree");
    std::fs::create_dir(&root).unwrap();
    for name in ["a", "b"] {
        std::fs::write(root.join(name), contents(3000)).unwrap();
    }
    let newer = folder.path().join("newer");
    std::fs::write(&newer, contents(1024)).unwrap();
    let options = ["-t", "ext4", "-b", "1024", "-O", "fast_commit"];
    for (fast_commits, expected) in [(false, Ok(())), (true, Err(()))] {
        let path = ext4(folder.path(), 16 * MIB, &root, &options);
        let block = run("debugfs", &["-R", "bmap a 1", arg(&path)]);
        let script = format!("jo -c -v 3\njw -b {} {}\njc\n", block.trim(), arg(&newer));
        run_with_input("debugfs", &["-w", arg(&path)], &script);
        if fast_commits {
            let start = run("debugfs", &["-R", "bmap <8> 0", arg(&path)]);
            let start = start.trim().parse::<usize>().unwrap() * 1024;
            let mut bytes = std::fs::read(&path).unwrap();
            mark_fast_commits(&mut bytes[start..start + 1024]);
            std::fs::write(&path, bytes).unwrap();
        }
        let disk = ImageDisk::open(&path, 512);
        let fs = open(&disk);
        assert!(fs.write("a", 0, &[7; 3000]).is_err());
        let written = fs.write("b", 0, &[9; 3000]).map_err(|_| ());
        assert_eq!(written, expected, "fast commits: {fast_commits}");
        if written.is_err() {
            continue;
        }
        std::fs::write(&path, disk.bytes().clone()).unwrap();
        let check = format!(
            "PATH=$PATH:/sbin:/usr/sbin; e2fsck -fy '{}'; test $? -le 1",
            arg(&path)
        );
        run("sh", &["-c", &check]);
        let fs = open(&ImageDisk::open(&path, 512));
        assert!(read(fs.as_ref(), "b").unwrap() == [9; 3000]);
        assert!(read(fs.as_ref(), "a").unwrap()[1024..2048] == contents(1024));
    }
}

/// Says in the journal's superblock that there may be fast commits, and makes its checksum right.
fn mark_fast_commits(superblock: &mut [u8]) {
    superblock[0x2b] |= 0x20;
    superblock[0xfc..0x100].fill(0);
    let sum = crc32c(superblock);
    superblock[0xfc..0x100].copy_from_slice(&sum.to_be_bytes());
}

/// The checksum of the kernel, whose last step is left out.
fn crc32c(bytes: &[u8]) -> u32 {
    bytes.iter().fold(u32::MAX, |sum, &byte| {
        (0..8).fold(sum ^ u32::from(byte), |sum, _| {
            sum >> 1 ^ if sum & 1 != 0 { 0x82f6_3b78 } else { 0 }
        })
    })
}

#[test]
fn a_damaged_journal_does_no_harm() {
    let folder = tempfile::tempdir().unwrap();
    let root = small_tree(folder.path());
    let path = ext4(
        folder.path(),
        8 * MIB,
        &root,
        &["-t", "ext3", "-b", "1024", "-J", "size=1"],
    );
    let new = folder.path().join("new");
    std::fs::write(&new, contents(8192)).unwrap();
    let script = format!(
        "jo\njw -b 2000,2001,2002 {0}\njw -b 2003,2004 {0}\njw -r 2001\njc\n",
        arg(&new)
    );
    run_with_input("debugfs", &["-w", arg(&path)], &script);
    let start: usize = run("debugfs", &["-R", "bmap <8> 0", arg(&path)])
        .trim()
        .parse()
        .unwrap();
    let start = start * 1024;
    damage(
        &path,
        &[
            start..start + 96,
            start + 1024..start + 1152,
            start + 1024..start + 12 * 1024,
        ],
        500,
        30,
    );
}
