// SPDX-License-Identifier: GPL-2.0-or-later
//! How long the command line takes for much work, on the host: in our sandbox,
//! and in another one beside it, run in turn.
//!
//! `cargo xtask bench [--against FILE]` runs it. Each case is done with some
//! amount of work and with twice as much; the time to start and to end a
//! sandbox is taken off.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;
use tests::tool;

const ROUNDS: usize = 5;

/// Work whose time is measured.
struct Case {
    name: &'static str,
    /// Makes the disk, in a folder, for an amount of work.
    disk: fn(&Path, usize) -> Option<PathBuf>,
    /// Commands that come before the work, whose time is taken off too.
    before: fn(usize) -> String,
    /// The work.
    script: fn(usize) -> String,
    /// What is typed, after the script; only our sandbox is asked.
    typed: Option<&'static str>,
    /// What the output must hold, so that no failure is taken for speed.
    proof: fn(usize) -> String,
    amount: usize,
}

const CASES: &[Case] = &[
    Case {
        name: "loop of setexpr and test, 100,000 rounds",
        disk: |_, _| None,
        before: |_| String::new(),
        script: |n| {
            format!("setenv i 0; while test $i != {n:x}; do setexpr i $i + 1; done; echo at $i")
        },
        typed: None,
        proof: |n| format!("at {n:x}"),
        amount: 100_000,
    },
    Case {
        name: "env import -t of 10,000 variables",
        disk: variables,
        before: |_| "load host 0 1000000 vars.txt".into(),
        script: |n| format!("env import -d -t 1000000 $filesize; printenv name{}", n - 1),
        typed: None,
        // At the start of a line: messages of errors quote it too.
        proof: |n| format!("\nname{}=value of", n - 1),
        amount: 10_000,
    },
    // As many as U-Boot's table has room for.
    Case {
        name: "env import -t of 60 variables, 1,000 times",
        disk: |folder, _| variables(folder, 60),
        before: |_| "load host 0 1000000 vars.txt".into(),
        script: |n| {
            format!(
                "setenv i 0; while test $i != {n:x}; do env import -t 1000000 $filesize; \
                setexpr i $i + 1; done; printenv name59"
            )
        },
        typed: None,
        proof: |_| "\nname59=value of".into(),
        amount: 1000,
    },
    Case {
        name: "part list of a GPT with 128 entries, 100 times",
        disk: partitions,
        before: |_| String::new(),
        script: |n| {
            format!(
                "setenv i 0; while test $i != {n:x}; do part list host 0; setexpr i $i + 1; done"
            )
        },
        typed: None,
        proof: |_| "part128".into(),
        amount: 100,
    },
    Case {
        name: "completion of a name among 10,000 files",
        disk: files,
        before: |_| "setenv bootdelay -1".into(),
        script: |_| String::new(),
        typed: Some("size host 0 /many/file-00001.t\t && echo found $filesize\n"),
        proof: |_| "found 1".into(),
        amount: 10_000,
    },
];

fn main() {
    let mut programs = std::env::args_os().skip(1).map(PathBuf::from);
    let ours = programs.next().expect("the first argument is our sandbox");
    let other = programs.next();
    println!("Milliseconds: median (minimum to maximum) of {ROUNDS} runs\n");
    for case in CASES {
        println!("{}", case.name);
        let folder = tempfile::tempdir().unwrap();
        let works = [1, 2].map(|factor| Work::new(case, case.amount * factor, folder.path()));
        let mut ours_and_other: [Times; 2] = Default::default();
        let mut programs = vec![(&ours, 0)];
        programs.extend(
            other
                .iter()
                .filter(|_| case.typed.is_none())
                .map(|p| (p, 1)),
        );
        for _ in 0..ROUNDS {
            for (program, index) in &programs {
                for (work, times) in works.iter().zip(&mut ours_and_other[*index]) {
                    times.extend(work.time(program));
                }
            }
        }
        let [ours, other] = &ours_and_other;
        report("ours", ours);
        if programs.len() > 1 {
            report("other", other);
        }
        if ours[0].len() == other[0].len() {
            let pairs = ours[0].iter().zip(&other[0]);
            let ratios: Vec<f64> = pairs.map(|(ours, other)| ours / other).collect();
            println!("  ours / other: {:.2}", median(&ratios));
        }
    }
}

/// Of some amount of work, and of twice as much.
type Times = [Vec<f64>; 2];

struct Work<'a> {
    case: &'a Case,
    amount: usize,
    disk: Option<PathBuf>,
}

impl Work<'_> {
    fn new<'a>(case: &'a Case, amount: usize, folder: &Path) -> Work<'a> {
        let folder = folder.join(amount.to_string());
        std::fs::create_dir(&folder).unwrap();
        Work {
            case,
            amount,
            disk: (case.disk)(&folder, amount),
        }
    }

    /// Milliseconds that the work itself takes, if it can be done.
    fn time(&self, sandbox: &Path) -> Option<f64> {
        let bind = self
            .disk
            .as_ref()
            .map(|disk| format!("host bind 0 {};", tool::arg(disk)));
        let before = format!(
            "{} {}",
            bind.unwrap_or_default(),
            (self.case.before)(self.amount)
        );
        let (rest, _) = run(sandbox, &before, self.case.typed.map(|_| "\n"));
        let script = format!("{before}; {}", (self.case.script)(self.amount));
        let (all, output) = run(sandbox, &script, self.case.typed);
        let proof = (self.case.proof)(self.amount);
        output.contains(&proof).then_some(all - rest)
    }
}

/// Milliseconds that a script takes, and what it printed.
fn run(sandbox: &Path, script: &str, typed: Option<&str>) -> (f64, String) {
    let start = Instant::now();
    let mut command = Command::new(sandbox);
    if typed.is_some() {
        command.arg("-i");
    }
    let mut child = command
        .args(["-c", script])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut keys = child.stdin.take().unwrap();
    if let Some(typed) = typed {
        keys.write_all(format!("{typed}poweroff\n").as_bytes())
            .unwrap();
    }
    let output = child.wait_with_output().unwrap();
    drop(keys);
    let time = start.elapsed().as_secs_f64() * 1e3;
    (time, String::from_utf8_lossy(&output.stdout).into_owned())
}

fn variables(folder: &Path, count: usize) -> Option<PathBuf> {
    let text: String = (0..count)
        .map(|n| format!("name{n}=value of {n}\n"))
        .collect();
    let file = folder.join("vars.txt");
    std::fs::write(&file, text).unwrap();
    Some(fat(folder, &[&file]))
}

fn partitions(folder: &Path, _count: usize) -> Option<PathBuf> {
    let disk = tool::image(folder, "disk", 256 << 20);
    let mut lines = String::from("label: gpt\n");
    for n in 1..=128 {
        lines += &format!("size=256KiB, name=part{n}\n");
    }
    tool::run_with_input("sfdisk", &["--quiet", tool::arg(&disk)], &lines);
    Some(disk)
}

fn files(folder: &Path, count: usize) -> Option<PathBuf> {
    let root = folder.join("root");
    let many = root.join("many");
    std::fs::create_dir_all(&many).unwrap();
    for n in 0..count {
        std::fs::write(many.join(format!("file-{n:05}.txt")), "x").unwrap();
    }
    // The tools for FAT take minutes for so many.
    let disk = tool::image(folder, "disk", 256 << 20);
    let inodes = (2 * count).to_string();
    let options = [
        "-q",
        "-F",
        "-t",
        "ext4",
        "-N",
        &inodes,
        "-d",
        tool::arg(&root),
    ];
    tool::run("mke2fs", &[&options[..], &[tool::arg(&disk)]].concat());
    Some(disk)
}

/// A FAT file system with some files or folders.
fn fat(folder: &Path, contents: &[&Path]) -> PathBuf {
    let disk = tool::image(folder, "disk", 128 << 20);
    tool::run("mkfs.fat", &["-F", "32", tool::arg(&disk)]);
    for path in contents {
        tool::run(
            "mcopy",
            &["-s", "-i", tool::arg(&disk), tool::arg(path), "::"],
        );
    }
    disk
}

fn report(who: &str, [once, twice]: &Times) {
    if once.len() + twice.len() < 2 * ROUNDS {
        println!("  {who}: it cannot do this");
        return;
    }
    let of = |times: &[f64]| {
        let least = times.iter().copied().fold(f64::MAX, f64::min);
        let most = times.iter().copied().fold(f64::MIN, f64::max);
        format!("{:.1} ({least:.1} to {most:.1})", median(times))
    };
    let growth = median(twice) / median(once);
    println!(
        "  {who}: {}; twice the work: {}, {growth:.2} times",
        of(once),
        of(twice)
    );
}

fn median(values: &[f64]) -> f64 {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
