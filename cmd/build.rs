// SPDX-License-Identifier: GPL-2.0-or-later
//! Makes the Kconfig symbols and the command files of this folder known, the
//! compiler, and the date of the build if it is given.

fn main() {
    kconfig::emit();
    kconfig::emit_modules("");
    let config = kconfig::Config::from_env();
    println!("cargo:rustc-env=KCONFIG_FILE={}", config.path().display());
    println!("cargo:rustc-env=COMPILER={}", compiler());
    println!("cargo:rerun-if-env-changed=SOURCE_DATE_EPOCH");
    // Without a date that is given, two builds of the same source are the same.
    if let Some(epoch) = std::env::var("SOURCE_DATE_EPOCH")
        .ok()
        .and_then(|text| text.parse().ok())
    {
        println!("cargo:rustc-env=BUILD_DATE={}", date(epoch));
    }
}

/// What the compiler calls itself.
fn compiler() -> String {
    let rustc = std::env::var_os("RUSTC").unwrap_or("rustc".into());
    let output = std::process::Command::new(rustc).arg("--version").output();
    let text = output.map(|output| output.stdout).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    text.lines().next().unwrap_or("rustc").to_string()
}

/// Seconds since 1970 as `Jan 01 1970 - 00:00:00 +0000`.
fn date(epoch: u32) -> String {
    const MONTHS: [(&str, u32); 12] = [
        ("Jan", 31),
        ("Feb", 28),
        ("Mar", 31),
        ("Apr", 30),
        ("May", 31),
        ("Jun", 30),
        ("Jul", 31),
        ("Aug", 31),
        ("Sep", 30),
        ("Oct", 31),
        ("Nov", 30),
        ("Dec", 31),
    ];
    let (mut day, second) = (epoch / 86400, epoch % 86400);
    let mut year = 1970;
    // No century year but 2000, which is a leap year, is in the range of u32.
    let leap = |year: u32| u32::from(year.is_multiple_of(4));
    while day >= 365 + leap(year) {
        day -= 365 + leap(year);
        year += 1;
    }
    let mut month = 0;
    let length = |month: usize| MONTHS[month].1 + if month == 1 { leap(year) } else { 0 };
    while day >= length(month) {
        day -= length(month);
        month += 1;
    }
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!(
        "{} {:02} {year} - {hour:02}:{minute:02}:{second:02} +0000",
        MONTHS[month].0,
        day + 1
    )
}
