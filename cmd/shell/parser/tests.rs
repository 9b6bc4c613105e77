// SPDX-License-Identifier: GPL-2.0-or-later
//! Tests of the lexer and the parser.

use super::*;
use crate::shell::ast::{Modifier, ModifierKind};

fn word(text: &str) -> Word {
    let quoted = false;
    let text = text.to_string();
    Word {
        parts: [Part::Text { text, quoted }].into(),
    }
}

fn simple(words: &[&str]) -> Node {
    Node::Simple {
        assignments: Vec::new(),
        words: words.iter().map(|text| word(text)).collect(),
    }
}

fn one(first: Node) -> Chain {
    let rest = Vec::new();
    Chain { first, rest }
}

#[test]
fn lists_and_chains() {
    assert_eq!(parse("").unwrap(), []);
    assert_eq!(parse(" ;; \n # nothing").unwrap(), []);
    let commands = [one(simple(&["a", "b"])), one(simple(&["c"]))];
    assert_eq!(parse("a b;c").unwrap(), commands);
    assert_eq!(parse("a  b # x ; y\n\n c;").unwrap(), commands);
    assert_eq!(parse("a \\\n b\r\nc").unwrap(), commands);
    let chain = Chain {
        first: simple(&["a"]),
        rest: [
            (Connector::And, simple(&["b"])),
            (Connector::Or, simple(&["c"])),
        ]
        .into(),
    };
    assert_eq!(parse("a&&b || \n c").unwrap(), [chain]);
}

#[test]
fn a_hash_inside_a_word_is_no_comment() {
    assert_eq!(parse("a#b").unwrap(), [one(simple(&["a#b"]))]);
}

#[test]
fn compound_commands() {
    let branches = Node::If {
        branches: [
            ([one(simple(&["a"]))].into(), [one(simple(&["b"]))].into()),
            ([one(simple(&["c"]))].into(), [].into()),
        ]
        .into(),
        otherwise: [one(simple(&["d"]))].into(),
    };
    let script = "if a; then b; elif c; then ; else d; fi";
    assert_eq!(parse(script).unwrap(), [one(branches)]);
    let body: List = [one(simple(&["b"]))].into();
    let repetition = Node::Loop {
        until: true,
        condition: [one(simple(&["a"]))].into(),
        body,
    };
    assert_eq!(parse("until a\ndo b\ndone").unwrap(), [one(repetition)]);
    let iteration = Node::For {
        name: "i".to_string(),
        words: ["1", "in", "do"].map(word).into(),
        body: [one(simple(&["b"]))].into(),
    };
    assert_eq!(
        parse("for i in 1 in do; do b; done").unwrap(),
        [one(iteration)]
    );
}

#[test]
fn keywords_count_only_where_a_command_begins() {
    assert_eq!(
        parse("echo if fi done").unwrap(),
        [one(simple(&["echo", "if", "fi", "done"]))]
    );
    assert!(parse("if a; then if b; then c; fi fi").is_ok());
    assert!(matches!(
        parse("\"if\" a").unwrap()[0].first,
        Node::Simple { .. }
    ));
}

#[test]
fn assignments_come_first() {
    let script = parse("a=1 b=\"$c\" d e=f").unwrap();
    let Node::Simple { assignments, words } = &script[0].first else {
        panic!("{script:?}")
    };
    assert_eq!(assignments[0], ("a".to_string(), word("1")));
    assert_eq!(assignments[1].0, "b");
    assert_eq!(words[..], ["d", "e=f"].map(word));
    for text in ["1a=b", "=b", "'a'=b", "a-b=c"] {
        let script = parse(text).unwrap();
        let Node::Simple { assignments, .. } = &script[0].first else {
            panic!("{script:?}")
        };
        assert!(assignments.is_empty(), "{text}");
    }
}

#[test]
fn parameters_have_modifiers() {
    let modifier = |text: &str| {
        let mut script = parse(text).unwrap();
        let Node::Simple { words, .. } = &mut script[0].first else {
            panic!("{text}")
        };
        match words.remove(0).parts.remove(0) {
            Part::Variable { parameter, .. } => (parameter.name, parameter.modifier),
            part => panic!("{part:?}"),
        }
    };
    let name = || "a_1".to_string();
    assert_eq!(modifier("$a_1-"), (name(), None));
    assert_eq!(modifier("${a_1}"), (name(), None));
    assert_eq!(modifier("${a_1:x}"), (name(), None));
    assert_eq!(modifier("${eth1#}"), ("eth1#".to_string(), None));
    let expect = |kind, whole: Option<&str>| {
        let (word, whole) = (word("x y"), whole.map(ToString::to_string));
        (name(), Some(Modifier { kind, word, whole }))
    };
    assert_eq!(modifier("${a_1:-x y}"), expect(ModifierKind::Default, None));
    assert_eq!(modifier("${a_1:=x y}"), expect(ModifierKind::Assign, None));
    let alternative = expect(ModifierKind::Alternative, Some("a_1+x y"));
    assert_eq!(modifier("${a_1+x y}"), alternative);
}

#[test]
fn mistakes_are_named() {
    for (script, found) in [
        ("fi", "'fi'"),
        ("a && && b", "'&&'"),
        ("|| a", "'||'"),
        ("a & b", "'&'"),
        ("a | b", "'|'"),
        ("if; then a; fi", "'then'"),
        ("if a; fi", "'fi'"),
        ("if a; then b; done", "'done'"),
        ("if a; then b; fi c", "'c'"),
        ("while a; do b; fi", "'fi'"),
        ("for 1 in a; do b; done", "'1'"),
        ("for a b; do c; done", "'b'"),
        ("for a in b && c", "'&&'"),
    ] {
        let expected = ParseError::Unexpected(found.to_string());
        assert_eq!(parse(script), Err(expected), "{script}");
    }
}

#[test]
fn what_more_lines_can_complete_is_incomplete() {
    for script in [
        "if a",
        "if a; then b",
        "if a; then b; else c",
        "while a; do",
        "for a in b",
        "for a in b; do",
        "for a in b; do if c; then d; fi",
        "echo 'a",
        "echo \"a",
        "echo ${a",
        "a &&",
        "a \\",
    ] {
        let error = parse(script).unwrap_err();
        assert!(
            matches!(error, ParseError::Incomplete(_)),
            "{script}: {error:?}"
        );
    }
}

#[test]
fn nesting_is_bounded() {
    let nested = |depth| "${a:-".repeat(depth) + &"}".repeat(depth);
    assert!(parse(&nested(16)).is_ok());
    assert_eq!(parse(&nested(17)), Err(ParseError::TooDeep));
    assert_eq!(parse(&nested(100_000)), Err(ParseError::TooDeep));
    let nested = |depth| "if a; then ".repeat(depth) + "b" + &"; fi".repeat(depth);
    assert!(parse(&nested(MAX_DEPTH - 1)).is_ok());
    assert_eq!(parse(&nested(MAX_DEPTH)), Err(ParseError::TooDeep));
    assert_eq!(parse(&nested(100_000)), Err(ParseError::TooDeep));
}

/// A small generator of pseudo-random numbers (xorshift).
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit as u64) as usize
    }
}

#[test]
fn random_scripts_neither_panic_nor_hang() {
    const PIECES: [&str; 32] = [
        "if", "then", "elif", "else", "fi", "while", "until", "for", "in", "do", "done", " ", "\n",
        ";", "&", "&&", "|", "||", "'", "\"", "\\", "$", "${", "}", "$?", "a=", ":-", "#", "x",
        "\u{e9}", "\t", " a ",
    ];
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    for _ in 0..20_000 {
        let pieces = random.below(40);
        let script: String = (0..pieces)
            .map(|_| PIECES[random.below(PIECES.len())])
            .collect();
        _ = parse(&script);
    }
}

#[test]
fn cut_off_scripts_neither_panic_nor_hang() {
    let script = "if test \"${a:-b}\" = 'c d'; then for i in 1 2; do echo $i \\; x; done; \
                  elif e && f || g; then while h; do i=$?; done; else j; fi # k\nl";
    assert!(parse(script).is_ok());
    for end in 0..script.len() {
        for start in 0..end {
            _ = parse(&script[start..end]);
        }
    }
}
