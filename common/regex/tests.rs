// SPDX-License-Identifier: GPL-2.0-or-later
//! Tests of regular expressions.

use super::*;
use std::string::String;

/// What the groups of the first match hold, or `None` without a match.
fn groups<'a>(pattern: &str, text: &'a str) -> Option<Vec<&'a str>> {
    let regex = Regex::new(pattern).unwrap();
    let found = regex.find(text, 0)?;
    let group = |n| found.group(n).map_or("-", |range| &text[range]);
    Some((0..=regex.groups()).map(group).collect())
}

#[test]
fn slre_syntax() {
    for (pattern, text, expected) in [
        ("is", "this is", Some("is")),
        ("^is", "this", None),
        ("^th", "this", Some("th")),
        ("s$", "this", Some("s")),
        ("i$", "this", None),
        ("a.c", "xa\nc", Some("a\nc")),
        ("[0-9]+", "ab123c4", Some("123")),
        ("[^ /.]+", " /ab/c", Some("ab")),
        ("[a-]+", "x-a-", Some("-a-")),
        ("[-a]+", "x-a-", Some("-a-")),
        ("[\\]x]+", "a]x]", Some("]x]")),
        ("\\d\\s\\S", "a1 b", Some("1 b")),
        ("[\\d\\s]+", "a1 2b", Some("1 2")),
        ("\\.\\*", "a.*", Some(".*")),
        ("\\t", "a\tb", Some("\t")),
        ("ab*", "abbb", Some("abbb")),
        ("ab*?", "abbb", Some("a")),
        ("ab+?", "abbb", Some("ab")),
        ("ab?", "abbb", Some("ab")),
        ("ab??", "abbb", Some("a")),
        ("a?ab", "ab", Some("ab")),
        ("cat|dog|bird", "a bird", Some("bird")),
        ("(a|b)*c", "xabac", Some("abac")),
        ("", "abc", Some("")),
        ("x*", "abc", Some("")),
        ("[]a", "a", None),
        ("\u{e4}+", "b\u{e4}\u{e4}", Some("\u{e4}\u{e4}")),
    ] {
        let found = groups(pattern, text).map(|groups| groups[0]);
        assert_eq!(found, expected, "{pattern:?} in {text:?}");
    }
}

#[test]
fn groups_keep_what_they_matched() {
    assert_eq!(
        groups("(this) (is) (surely|indeed)", "x this is indeed").unwrap(),
        ["this is indeed", "this", "is", "indeed"]
    );
    assert_eq!(groups("(a)|(b)", "b").unwrap(), ["b", "-", "b"]);
    assert_eq!(groups("((a*)b)+", "aabab").unwrap(), ["aabab", "ab", "a"]);
}

#[test]
fn a_search_can_start_later() {
    let regex = Regex::new("^a|b").unwrap();
    assert_eq!(regex.find("aab", 1).unwrap().group(0), Some(2..3));
    assert_eq!(regex.find("aab", 3), None);
    assert_eq!(regex.find("aab", 4), None);
}

#[test]
fn mistakes_are_named() {
    for (pattern, expected) in [
        ("(a", "No closing bracket"),
        ("a)", "Unbalanced brackets"),
        ("[a", "No closing ']' bracket"),
        ("*a", "Nothing to repeat"),
        ("a|+", "Nothing to repeat"),
        ("^*", "Nothing to repeat"),
        ("a\\", "Nothing after '\\'"),
        ("[a-\\d]", "A range cannot end in a class"),
    ] {
        assert_eq!(Regex::new(pattern).unwrap_err(), expected, "{pattern}");
    }
    let deep = "(".repeat(1000);
    assert_eq!(
        Regex::new(&deep).unwrap_err(),
        "Too many brackets inside each other"
    );
    assert_eq!(Regex::new(&"a".repeat(2049)).unwrap_err(), "RE is too long");
}

#[test]
fn no_expression_takes_long() {
    let text = "a".repeat(2000);
    for pattern in ["(a*)*b", "(a|a)*b", "(a|aa)+$x", "(.*)(.*)(.*)(.*)(.*)x"] {
        let start = std::time::Instant::now();
        assert!(!Regex::new(pattern).unwrap().is_match(&text), "{pattern}");
        assert!(start.elapsed().as_secs() < 5, "{pattern}");
    }
    let optional = "a?".repeat(500) + &"a".repeat(500);
    assert!(Regex::new(&optional).unwrap().is_match(&"a".repeat(500)));
    let repeated = String::from("a") + &"*".repeat(2000);
    assert!(Regex::new(&repeated).unwrap().is_match("aaa"));
}
