// SPDX-License-Identifier: GPL-2.0-or-later
//! Tests of the console.

use super::*;
use std::collections::VecDeque;

#[derive(Default)]
struct Fake {
    out: Mutex<std::vec::Vec<u8>>,
    keys: Mutex<VecDeque<u8>>,
    writes: Mutex<usize>,
}

impl Terminal for Fake {
    fn write(&self, bytes: &[u8]) {
        self.out.lock().extend_from_slice(bytes);
        *self.writes.lock() += 1;
    }
    fn read(&self) -> Option<u8> {
        self.keys.lock().pop_front()
    }
    fn wait(&self, _timeout_us: u64) {}
}

// One test, because the console is one global.
#[test]
fn early_output_comes_first_and_input_is_kept() {
    let _taken = crate::testing::capture();
    clear_device();
    puts("early\n");
    let fake = Arc::new(Fake::default());
    set_device(fake.clone());
    crate::println!("late {}", 1);
    assert_eq!(fake.out.lock().as_slice(), b"early\r\nlate 1\r\n");

    *fake.writes.lock() = 0;
    fake.out.lock().clear();
    crate::println!("{}, {:4}|{:>3}", "of several", 1, "x");
    assert_eq!(*fake.writes.lock(), 1);
    let long = "0123456789\n".repeat(100);
    crate::print!("a{long}{}", 'z');
    let text = std::string::String::from_utf8(fake.out.lock().clone()).unwrap();
    let expected = std::format!("of several,    1|  x\na{long}z");
    assert_eq!(text, expected.replace('\n', "\r\n"));
    assert!(*fake.writes.lock() < 10, "{}", *fake.writes.lock());

    fake.keys.lock().extend(*b"ab\x03cd");
    assert!(ctrlc());
    assert!(!ctrlc());
    assert_eq!(getc(), Some(b'c'));
    assert!(tstc());
    assert_eq!(getc_timeout(0), Some(b'd'));
    assert_eq!(getc_timeout(100), None);

    clear_device();
    puts("kept\n");
    set_device(fake.clone());
    assert!(fake.out.lock().ends_with(b"kept\r\n"));
}

#[test]
fn input_and_output_can_be_different_devices() {
    let _taken = crate::testing::capture();
    let (one, two) = (Arc::new(Fake::default()), Arc::new(Fake::default()));
    register("one", one.clone());
    register("two", two.clone());
    assert_eq!(devices(), ["one", "two"]);
    set_device(one.clone());
    assert_eq!(chosen(File::Stdin).as_deref(), Some("one"));
    assign(File::Stdout, "two").unwrap();
    assert_eq!(assign(File::Stdin, "three"), Err(Error::NoDevice));
    assert_eq!(chosen(File::Stdin).as_deref(), Some("one"));
    puts("text");
    one.keys.lock().push_back(b'1');
    two.keys.lock().push_back(b'2');
    assert_eq!((getc(), getc()), (Some(b'1'), None));
    assert_eq!(two.out.lock().as_slice(), b"text");
    assert_eq!(one.out.lock().as_slice(), b"");
    // The one that goes takes only its own part along.
    let gone: Arc<dyn Terminal> = two.clone();
    unregister(&gone);
    assert_eq!(
        (devices(), chosen(File::Stdout)),
        (std::vec!["one".to_string()], None)
    );
    assert_eq!(chosen(File::Stdin).as_deref(), Some("one"));
    puts("kept");
    assign(File::Stdout, "one").unwrap();
    assert_eq!(one.out.lock().as_slice(), b"kept");
    let gone: Arc<dyn Terminal> = one.clone();
    unregister(&gone);
    clear_device();
}

#[test]
fn a_transcript_keeps_what_was_printed_last() {
    let _console = crate::testing::capture();
    assert_eq!(end_transcript(), "");
    puts("before\n");
    begin_transcript();
    puts("a\nb\n");
    assert_eq!(end_transcript(), "a\nb\n");
    begin_transcript();
    puts(&"x".repeat(TRANSCRIPT));
    puts("yz");
    let text = end_transcript();
    assert_eq!(text.len(), TRANSCRIPT);
    assert!(text.ends_with("xyz"));
    begin_transcript();
    puts(&"w".repeat(3 * TRANSCRIPT));
    assert_eq!(end_transcript().len(), TRANSCRIPT);
}

#[test]
fn what_other_threads_print_and_read_is_not_captured() {
    let console = crate::testing::capture();
    console.keys("ab");
    puts("mine, ");
    let other = std::thread::spawn(|| {
        puts("not mine, ");
        getc()
    });
    assert_eq!(other.join().unwrap(), None);
    puts("mine again");
    assert_eq!(console.take(), "mine, mine again");
    assert_eq!(getc(), Some(b'a'));
}
