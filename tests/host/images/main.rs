// SPDX-License-Identifier: GPL-2.0-or-later
//! Legacy and FIT images as mkimage makes them, against the commands that use them.

mod bootm;
mod damage;
mod extract;
mod info;
mod source;

use cmd::Context;
use cmd::testing::{Captured, RAM_BASE, capture, context};
use std::path::{Path, PathBuf};
use tests::random::Random;
use tests::tool::{arg, run};

/// Where images are put: the middle of the first half of RAM.
const IMAGE: u64 = RAM_BASE + (8 << 20);

/// A context whose console is captured, with an image at [`IMAGE`].
struct Machine {
    ctx: Context,
    console: Captured,
}

impl Machine {
    fn with(image: &[u8]) -> Machine {
        let console = capture();
        let mut ctx = context();
        ctx.env.set_hex("loadaddr", IMAGE).unwrap();
        let mut machine = Machine { ctx, console };
        machine.put(IMAGE, image);
        machine
    }

    fn put(&mut self, address: u64, bytes: &[u8]) {
        let place = self.ctx.ram.slice_mut(address, bytes.len()).unwrap();
        place.copy_from_slice(bytes);
    }

    /// The status of a script, and what it prints.
    fn run(&mut self, script: &str) -> (i32, String) {
        let status = self.ctx.run_script(script);
        (status, self.console.take())
    }

    fn bytes(&self, address: u64, len: usize) -> &[u8] {
        self.ctx.ram.slice(address, len).unwrap()
    }
}

/// A folder for the files of a test.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Folder {
        Folder(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn file(&self, name: &str, content: &[u8]) -> PathBuf {
        let path = self.path().join(name);
        std::fs::write(&path, content).unwrap();
        path
    }

    /// A legacy image of files, with further options for mkimage.
    fn legacy(&self, options: &[&str], files: &[&[u8]]) -> Vec<u8> {
        let paths: Vec<PathBuf> = files
            .iter()
            .enumerate()
            .map(|(index, content)| self.file(&format!("part{index}"), content))
            .collect();
        let names: Vec<&str> = paths.iter().map(|path| arg(path)).collect();
        let (image, names) = (self.path().join("image"), names.join(":"));
        let mut words = vec!["-A", "arm64", "-O", "linux", "-n", "a test"];
        words.extend_from_slice(options);
        words.extend(["-d", &names, arg(&image)]);
        run("mkimage", &words);
        std::fs::read(image).unwrap()
    }

    /// A FIT image of a source, with further options for mkimage.
    fn fit(&self, source: &str, options: &[&str]) -> Vec<u8> {
        let its = self.file("image.its", source.as_bytes());
        let image = self.path().join("image.itb");
        let mut words = options.to_vec();
        words.extend(["-f", arg(&its), arg(&image)]);
        run("mkimage", &words);
        std::fs::read(image).unwrap()
    }
}

/// Bytes that do not repeat soon.
fn content(len: usize, seed: u64) -> Vec<u8> {
    Random::new(seed).bytes(len)
}
