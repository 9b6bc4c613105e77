// SPDX-License-Identifier: GPL-2.0-or-later
//! Lines of commands: of what a command's own help names, and of words that make sense, or nearly.

use super::examples::EXAMPLES;
use cmd::Command;

/// Numbers of all sizes and bases, also such that are none.
const NUMBERS: &str = r#"
1 2 4 10 0 3 8 20 64 100 200 1000 ffff 10000 100000 1000001 7fffffff 80000000
ffffffff 100000000 7fffffffffffffff 8000000000000000 ffffffffffffffff
10000000000000000 99999999999999999999999999 -1 -2147483648 0x10 0x 0b101 0o17 010
1.5 1k 4M 1g '' x ${filesize} ${n} *40000000 *0 +4 1,2 1e"#;

/// Addresses in RAM, at its ends, and elsewhere.
const ADDRESSES: &str = r#"
40000000 40010000 ${loadaddr} ${packed} 40001001 ${script} ${fit} ${legacy} ${fdtcontroladdr}
${fileaddr} 40800000 40ffffff 41000000 3fffffff 0 1000 ffffffffffffffff
fffffffffffff000 40efffff 40f00000 ${script}:script ${fit}#conf ${fit}:kernel -
40000000:1000"#;

const INTERFACES: &str = r#"
pvblock pvblock pvblock pvblock host blkmap hostfs mmc x ''"#;

/// Disks, with and without a partition.
const PLACES: &str = r#"
0:1 0:1 0:2 0 0:0 1 1:1 1:5 2 2:1 0#root 0# 0:auto 0.0:1 0:ffffffff 9 ffffffff - : :1 0:
x:y map dev ${devnum}:1"#;

const PATHS: &str = r#"
hello.txt /hello.txt /dir /boot/Image / '' dir /dir/new.txt /dir/./../dir/x vmlinuz ..
/none/none 'a_b' /dir/a_rather_long_name_for_a_file_that_is_quite_new.tar.gz
ünï☃.txt disk.img '?*' /lost+found /dir/LPT1."#;

const NAMES: &str = r#"
n loadaddr bootargs bootcmd filesize fdtcontroladdr .flags .callbacks serial# stdout
stdin silent 'a_b' a=b ünï ethaddr run_me kernel_addr_r xtrace new_name * -x map
conf-1 root PS1"#;

const IDS: &str = r#"
aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee cafe1234 0xcafe1234 0xcafe1234-01
00000000-0000-0000-0000-000000000000 system linux not-an-id
aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeee"#;

const ALGORITHMS: &str = "sha256 crc32 md5 sha1 sha512 sm3_256 crc16-ccitt x";

/// What fits no other list. In quotes, `_` is a blank.
const TEXTS: &str = r#"
name=root,size=1MiB
'name=a,start=1MiB,size=2MiB,type=linux;name=b,size=-,uuid=aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee'
'uuid_disk=aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee;name=a,size=0'
'name=a,start=1M,size=99999999999G' 'id=0x83,start=1M,size=1M;id=0xc,size=-'
'^[a-z]*(x|y)+$' '((((((((((((((((' '[[:alpha:]' 'a{1,999999}' %d %s %08x %99999999d
%.99999s %n '%' /chosen /cpus /memory@40000000 bootargs "'text'" '<' '[a' = == -lt
-eq '<=' '>' ! -o -a -e -n -z =~ + * / % '<<' '^' fmt sub gsub crc32 md5 sha1 sha256
crc16-ccitt *sum none gzip run_me true /local/domain/1 device/vbd key info on off
all err ] "" -t -b -c -d -f -s -v -r -w -h -l -A -- - '<1_2_3>' '[aa_bb_cc]'
'setenv_n_1;_false' 'while_true;_do_true;_done' 'md_40000000'"#;

/// Bytes that say what is done, the first one first; zeros without an end.
pub struct Choices<'a>(&'a [u8]);

impl<'a> Choices<'a> {
    /// Choices made by these bytes.
    pub fn new(bytes: &'a [u8]) -> Choices<'a> {
        Choices(bytes)
    }

    /// Whether all bytes were used.
    pub fn are_over(&self) -> bool {
        self.0.is_empty()
    }

    fn byte(&mut self) -> u8 {
        let Some((&first, rest)) = self.0.split_first() else {
            return 0;
        };
        self.0 = rest;
        first
    }

    /// A number below `limit`.
    pub fn below(&mut self, limit: usize) -> usize {
        let number = match limit {
            0..=256 => usize::from(self.byte()),
            _ => usize::from(self.byte()) << 8 | usize::from(self.byte()),
        };
        number % limit.max(1)
    }

    fn of<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.below(list.len())]
    }

    /// One of the words of a list, rather one of the first.
    fn example(&mut self, list: &str) -> String {
        let words: Vec<&str> = list.split_whitespace().collect();
        let likely = words.len().min(4);
        let word = match self.below(2) {
            0 => words[self.below(likely)],
            _ => self.of(&words),
        };
        spaced(word)
    }

    /// A few characters of any kind but a newline.
    fn text(&mut self) -> String {
        let len = self.below(12);
        let bytes: Vec<u8> = (0..len).map(|_| self.byte()).collect();
        String::from_utf8_lossy(&bytes).replace(['\n', '\0'], " ")
    }
}

/// A call of this command.
pub fn line(command: &Command, choices: &mut Choices) -> String {
    let forms: Vec<Form> = forms(command).chain(examples(command)).collect();
    // Also none of them.
    let form = forms.get(choices.below(forms.len() + 1));
    let mut line = form.map_or(command.name, |form| form.name).to_string();
    if choices.below(6) == 0 {
        line.push_str(choices.of(&[".b", ".w", ".l", ".q", ".s", ".x", "."]));
    }
    for token in form
        .into_iter()
        .flat_map(|form| form.rest.split_whitespace())
    {
        let as_it_is = form.is_some_and(|form| form.is_example);
        let word = |choices: &mut Choices| match as_it_is {
            true => spaced(token),
            false => word(command, token, choices),
        };
        match choices.below(64) {
            0 => {}
            1 => break,
            2 | 3 => push(&mut line, any(command, choices)),
            4 => {
                push(&mut line, word(choices));
                push(&mut line, any(command, choices));
            }
            5 => push(&mut line, choices.text()),
            _ if token.starts_with('[') && choices.below(2) == 0 => {}
            _ => push(&mut line, word(choices)),
        }
    }
    let more = match form {
        Some(_) => choices.of(&[0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 70]),
        None => choices.below(6),
    };
    for _ in 0..more {
        push(&mut line, any(command, choices));
    }
    line
}

/// How a command can be called.
struct Form<'a> {
    /// Its name, with the size of objects.
    name: &'a str,
    /// What follows.
    rest: &'a str,
    /// Whether it works, or the words stand for others.
    is_example: bool,
}

fn push(line: &mut String, word: impl AsRef<str>) {
    line.push(' ');
    line.push_str(word.as_ref());
}

/// What the help says: its lines without their explanation.
fn forms(command: &Command) -> impl Iterator<Item = Form<'_>> {
    let lines = command.help.lines().enumerate();
    lines.filter_map(|(number, line)| {
        let form = line.split(" - ").next().unwrap_or_default();
        let form = match number {
            0 => form,
            _ => form.strip_prefix(command.name)?,
        };
        // The sizes of objects belong to the name.
        let sizes = form
            .strip_prefix("[.")
            .and_then(|rest| rest.split_once(']'));
        Some(Form {
            name: command.name,
            rest: sizes.map_or(form, |(_, rest)| rest),
            is_example: false,
        })
    })
}

/// What is known to work.
fn examples(command: &Command) -> impl Iterator<Item = Form<'_>> {
    let lines = EXAMPLES.lines().filter_map(|line| line.split_once(' '));
    let of_this = lines.filter(|(name, _)| name.split('.').next() == Some(command.name));
    of_this.map(|(name, rest)| Form {
        name,
        rest,
        is_example: true,
    })
}

/// A word of the lists: in quotes, `_` is a blank.
fn spaced(word: &str) -> String {
    match word.starts_with('\'') {
        true => word.replace('_', " "),
        false => word.into(),
    }
}

/// A word that the command's help, or its completion, or any command might have.
fn any(command: &Command, choices: &mut Choices) -> String {
    let lists = [
        NUMBERS, ADDRESSES, INTERFACES, PLACES, PATHS, NAMES, IDS, TEXTS,
    ];
    match choices.below(lists.len() + 3) {
        0 if !command.subcommands.is_empty() => choices.of(command.subcommands).into(),
        0 | 1 => {
            let words: Vec<&str> = command.help.split_whitespace().collect();
            match words.is_empty() {
                true => String::new(),
                false => word(command, choices.of(&words), choices),
            }
        }
        2 => choices.text(),
        list => choices.example(lists[list - 3]),
    }
}

/// What a word of a help stands for: one of several, an example of its kind, or itself.
fn word(command: &Command, token: &str, choices: &mut Choices) -> String {
    const MARKS: &str = "[]<>{}().,:;'\"";
    let is_marked = token.contains('<') || token.chars().all(|c| !c.is_lowercase());
    let token = token.trim_matches(|c| MARKS.contains(c));
    let alternatives: Vec<&str> = token.split('|').collect();
    let token = choices.of(&alternatives);
    let token = token.trim_matches(|c| MARKS.contains(c));
    if token.starts_with('-') || command.subcommands.contains(&token) || choices.below(24) == 0 {
        return token.into();
    }
    let kind = token.to_lowercase();
    let is_of = |parts: &str| parts.split(' ').any(|part| kind.contains(part));
    match KINDS.iter().find(|(parts, _)| is_of(parts)) {
        Some((_, list)) => choices.example(list),
        None if is_marked => {
            let list = choices.of(&[NUMBERS, TEXTS, NAMES]);
            choices.example(list)
        }
        None => token.into(),
    }
}

/// Parts of names of arguments, and examples of them.
const KINDS: &[(&str, &str)] = &[
    ("addr source target start dst src image", ADDRESSES),
    ("interface ifname", INTERFACES),
    ("dev part", PLACES),
    ("file path dir", PATHS),
    ("uuid guid sig", IDS),
    ("var name env", NAMES),
    ("algo", ALGORITHMS),
    (
        "len size count byte num blk off cnt value second end pos bits cyl id n",
        NUMBERS,
    ),
];
