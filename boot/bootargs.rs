// SPDX-License-Identifier: GPL-2.0-or-later
//! Variables in the arguments of a kernel.
//!
//! Behaviour: U-Boot, `bootargs` with CONFIG_BOOTARGS_SUBST.

use alloc::string::String;
use common::Result;
use env::Env;

/// Substitutes the variables in `bootargs`.
///
/// # Errors
/// If the environment has no room for the result.
pub fn substitute(env: &mut Env) -> Result<()> {
    let Some(arguments) = env.get("bootargs") else {
        return Ok(());
    };
    let arguments = expand(arguments, env);
    env.set("bootargs", &arguments)
}

/// Puts the values of variables in the place of `${name}` and `$(name)`.
///
/// What is between single quotes is taken as it is, without the quotes, and so
/// is the character behind a backslash, as U-Boot's simple shell has it.
pub fn expand(text: &str, env: &Env) -> String {
    let (mut out, mut rest) = (String::new(), text);
    while let Some((before, after)) = rest.split_once(['$', '\'', '\\']) {
        out.push_str(before);
        let special = rest.get(before.len()..).and_then(|at| at.chars().next());
        rest = match special {
            Some('\\') => {
                let mut escaped = after.chars();
                out.extend(escaped.next());
                escaped.as_str()
            }
            Some('\'') => {
                let (quoted, after) = after.split_once('\'').unwrap_or((after, ""));
                out.push_str(quoted);
                after
            }
            _ => match name(after) {
                Some((name, after)) => {
                    out.push_str(env.get(name).unwrap_or(""));
                    after
                }
                None => {
                    out.push('$');
                    after
                }
            },
        };
    }
    out.push_str(rest);
    out
}

/// The name in brackets at the start of a text, and what follows it.
fn name(text: &str) -> Option<(&str, &str)> {
    let inside = text.strip_prefix(['{', '('])?;
    inside.split_once(['}', ')'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_replaced_by_their_values() {
        let mut env = Env::empty();
        substitute(&mut env).unwrap();
        assert_eq!(env.get("bootargs"), None);
        env.set("uuid", "1234").unwrap();
        let arguments = "root=PARTUUID=${uuid} a=$(uuid)${none} b=$uuid ${open";
        env.set("bootargs", arguments).unwrap();
        substitute(&mut env).unwrap();
        assert_eq!(
            env.get("bootargs"),
            Some("root=PARTUUID=1234 a=1234 b=$uuid ${open")
        );
        let quoted = expand("a='${uuid} x' b=\\${uuid} c=\\\\ d=\\'${uuid}\\'", &env);
        assert_eq!(quoted, "a=${uuid} x b=${uuid} c=\\ d='1234'");
        assert_eq!(expand("ä\\ü $ä 'open", &env), "äü $ä open");
        assert_eq!(expand("end\\", &env), "end");
    }
}
