// SPDX-License-Identifier: GPL-2.0-or-later
//! Tests of the importer: U-Boot's rules, and texts that were damaged at random.

use super::*;
use std::format;
use std::time::Instant;

const TEXT: Import = Import {
    separator: Separator::Newline,
    crlf: false,
    delete: false,
    names: &[],
    by: By::User,
};
const BINARY: Import = Import {
    separator: Separator::Nul,
    ..TEXT
};

fn imported(data: &[u8], how: &Import) -> Vec<(String, String)> {
    let mut env = Env::empty();
    env.import(data, how).unwrap();
    let owned = |(name, value): (&str, &str)| (name.into(), value.into());
    env.sorted().into_iter().map(owned).collect()
}

fn check(data: &[u8], how: &Import, expected: &[(&str, &str)]) {
    let owned: Vec<_> = expected
        .iter()
        .map(|(name, value)| (String::from(*name), String::from(*value)))
        .collect();
    assert_eq!(
        imported(data, how),
        owned,
        "{:?}",
        String::from_utf8_lossy(data)
    );
}

#[test]
fn lines_are_variables() {
    check(b"a=1\nb=x y\n\0", &TEXT, &[("a", "1"), ("b", "x y")]);
    check(b"a=1", &TEXT, &[("a", "1")]);
    check(b"", &TEXT, &[]);
    check(b"\0a=1\n", &TEXT, &[("a", "1")]);
    check(b"a=1\n\0\0b=2", &TEXT, &[("a", "1")]);
    check(
        b"# note\n\n  \t a=1\n \t# c=1\nb==2\n",
        &TEXT,
        &[("a", "1"), ("b", "=2")],
    );
    check(b"a b= 1 \n", &TEXT, &[("a b", " 1 ")]);
    check(b"a=1\na=2\nb=1\nb\nc=1\nc=\n", &TEXT, &[("a", "2")]);
}

#[test]
fn a_backslash_escapes() {
    check(
        b"a=1\\\n2\nb=\\\\x\\y\n",
        &TEXT,
        &[("a", "1\n2"), ("b", "\\xy")],
    );
    check(b"a=x\\", &TEXT, &[("a", "x\\")]);
    check(b"a=\\\\\nb=1", &TEXT, &[("a", "\\"), ("b", "1")]);
    check(b"a=x\\\\y\0b=1\0\0", &BINARY, &[("a", "x\\y"), ("b", "1")]);
    check(b"a=x\\\0b=1\0\0", &BINARY, &[("a", "x\\"), ("b", "1")]);
}

#[test]
fn carriage_returns_can_be_dropped() {
    let data = b"a=1\r\n#c\r\nb=2\r\r\nc=\\\r\nx\r\n\0d=1";
    let crlf = Import { crlf: true, ..TEXT };
    check(data, &crlf, &[("a", "1"), ("b", "2\r"), ("c", "\nx")]);
    check(b"a=1\r\nb=2\n", &TEXT, &[("a", "1\r"), ("b", "2")]);
}

#[test]
fn a_list_of_names_selects() {
    let console = common::testing::capture();
    let mut env = Env::empty();
    for name in ["foo2", "foo4"] {
        env.set(name, "old").unwrap();
    }
    let mut how = Import {
        names: &["foo1", "foo2", "foo4", "foo5"],
        ..TEXT
    };
    env.import(b"foo1=1\nfoo2=2\nfoo3=3\n", &how).unwrap();
    assert_eq!(
        env.sorted(),
        [("foo1", "1"), ("foo2", "2"), ("foo4", "old")]
    );
    how.delete = true;
    env.import(b"foo1=1\nfoo2=2\nfoo3=3\n", &how).unwrap();
    assert_eq!(env.sorted(), [("foo1", "1"), ("foo2", "2")]);
    assert_eq!(
        console.take(),
        "WARNING: 'foo4' not in imported env, deleting it!\n\
         WARNING: 'foo5' neither in running nor in imported env!\n"
    );
}

#[test]
fn without_names_delete_means_all() {
    let mut env = Env::empty();
    env.set(".flags", "a:sr").unwrap();
    env.put("a", "1", By::Force).unwrap();
    let how = Import {
        delete: true,
        ..TEXT
    };
    env.import(b".flags=b:dr\nb=2\n", &how).unwrap();
    assert_eq!(env.sorted(), [(".flags", "b:dr"), ("b", "2")]);
}

#[test]
fn an_error_changes_nothing_and_a_protected_variable_is_passed_over() {
    let console = common::testing::capture();
    let mut env = Env::empty();
    env.set("a", "1").unwrap();
    let how = Import {
        delete: true,
        ..TEXT
    };
    assert!(matches!(
        env.import(b"b=2\n=x\n", &how),
        Err(Error::Invalid(_))
    ));
    assert_eq!(env.sorted(), [("a", "1")]);
    env.set(".flags", "a:dr").unwrap();
    env.import(b"a=2\nb=3\n", &TEXT).unwrap();
    assert_eq!((env.get("a"), env.get("b")), (Some("1"), Some("3")));
    assert_eq!(
        console.take(),
        "## Error: Can't overwrite \"a\"\nhimport_r: can't insert \"a=2\" into hash table\n"
    );
    let huge = format!("b={}\n", "x".repeat(Env::LIMIT));
    assert_eq!(env.import(huge.as_bytes(), &TEXT), Err(Error::NoSpace));
    assert_eq!(env.get("b"), Some("3"));
}

#[test]
fn what_is_exported_can_be_imported() {
    let mut env = Env::empty();
    for (name, value) in [
        ("a", "x\\y\nz\\"),
        ("b b", " 1 "),
        ("gr\u{fc}n", "\u{1f600}"),
        ("raw", &text::decode(b"\xff\xc3")),
    ] {
        env.set(name, value).unwrap();
    }
    for how in [TEXT, BINARY] {
        let data = env.export(how.separator, &[]);
        assert_eq!(imported(&data, &how).len(), 4);
        assert!(
            imported(&data, &how)
                .iter()
                .all(|(n, v)| env.get(n) == Some(v))
        );
    }
    let text = env.export(Separator::Newline, &["a", "none"]);
    assert_eq!(text, b"a=x\\\\y\\\nz\\\\\n\0");
    assert_eq!(env.export(Separator::Nul, &["none"]), b"\0");
}

/// Ten times as many variables take ten times as long, not a hundred times. On a
/// machine that does other things too, this shows at one time or another.
#[test]
fn the_cost_is_linear() {
    let time = |count: u32| {
        let line = |i| format!("var_{i:06}=value {i}\n");
        let text: String = (0..count).map(line).collect();
        let mut env = Env::empty();
        let start = Instant::now();
        env.import(text.as_bytes(), &TEXT).unwrap();
        let time = start.elapsed();
        assert_eq!(env.sorted().len(), count as usize);
        time
    };
    assert!((0..30).any(|_| time(10_000) < time(1_000) * 30));
}

#[test]
fn damaged_texts_are_no_panic_and_come_back_the_same() {
    let _console = common::testing::capture();
    let seeds: [&[u8]; 4] = [
        b"a=1\n# c\n b = x\\\ny\\\\\n.flags=a:dr,b:so\nc=\n\0",
        b"a=1\0b=2\0.callbacks=a:console\0\0\0",
        b"=\0=\n\\\r\n==\\",
        b"x=\xff\xee\xbe\x80\xc3\n\ty=#\n#\0",
    ];
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = |limit: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % limit as u64) as usize
    };
    for round in 0..20_000 {
        let mut data = seeds[round % seeds.len()].to_vec();
        for _ in 0..=random(6) {
            let at = random(data.len());
            match random(3) {
                0 => data[at] = b"=\n\0\\# \t\r,:a\xff"[random(12)],
                1 => data.insert(at, b"=\n\0\\#ab\x80"[random(8)]),
                _ => data.truncate(at + 1),
            }
        }
        let how = Import {
            separator: [Separator::Nul, Separator::Newline][random(2)],
            crlf: random(2) == 0,
            delete: random(2) == 0,
            names: [&[][..], &["a", "b"]][random(2)],
            by: [By::Program, By::User, By::Force][random(3)],
        };
        let mut env = Env::empty();
        if env.import(&data, &how).is_err() {
            assert!(env.sorted().is_empty());
            continue;
        }
        // What was understood is exported so that it means the same.
        let again = Import {
            names: &[],
            by: By::Force,
            crlf: false,
            ..how
        };
        let mut copy = Env::empty();
        copy.import(&env.export(how.separator, &[]), &again)
            .unwrap();
        let plain = |env: &Env| -> Vec<(String, String)> {
            let sane = |(name, value): &(&str, &str)| {
                !value.is_empty() && !name.starts_with([' ', '\t', '#'])
            };
            let all = env.sorted().into_iter().filter(sane);
            all.map(|(n, v)| (n.into(), v.into())).collect()
        };
        let kinds = plain(&copy) == plain(&env);
        assert!(kinds || env.get(".flags").is_some(), "{data:?}");
    }
}
