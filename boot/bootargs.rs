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
pub fn expand(text: &str, env: &Env) -> String {
    let (mut out, mut rest) = (String::new(), text);
    while let Some((before, after)) = rest.split_once('$') {
        out.push_str(before);
        let name = match after.chars().next() {
            Some('{') => after.get(1..).and_then(|name| name.split_once('}')),
            Some('(') => after.get(1..).and_then(|name| name.split_once(')')),
            _ => None,
        };
        match name {
            Some((name, after)) => {
                out.push_str(env.get(name).unwrap_or(""));
                rest = after;
            }
            None => {
                out.push('$');
                rest = after;
            }
        }
    }
    out.push_str(rest);
    out
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
    }
}
