// SPDX-License-Identifier: GPL-2.0-or-later
//! The rules that can be broken once connected. What is wrong in the keys and
//! the states has words of its own.

use crate::options::number;
use crate::protocol::Response;

/// A rule that is broken, from some request on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fault {
    /// `index=N`: the ring claims N more responses than there are.
    Index(i64),
    /// `id=N`: responses to a request of that number.
    Id(u64),
    /// `duplicate`: each response twice.
    Duplicate,
    /// `late`: the number of a request that was answered long ago.
    Late,
    /// `operation=N`: responses to this operation.
    Operation(u8),
    /// `status=N`: this status.
    Status(i16),
    /// `unsupported=N`: it does not know this operation.
    Unsupported(u8),
    /// `flicker`: a response changes many times while it is read.
    Flicker,
    /// `scribble`: requests are overwritten in the ring once they are taken; that breaks no rule.
    Scribble,
    /// `changing`: data is changed after it was said to be there.
    Changing,
    /// `keep`: the ring and all pages of the first connection stay mapped, also when the
    /// front-end closes; then the pages are written to all the time.
    Keep,
    /// `steal`: writes to pages of which the data was to be written to the disk, if that is possible.
    Steal,
    /// `silent`: requests are taken, and never answered.
    Silent,
    /// `storm`: and events are sent as fast as possible.
    Storm,
    /// `trickle=N`: one answer in N seconds.
    Trickle(u64),
    /// `noisy`: answers as it should, and sends many events with each.
    Noisy,
    /// `restless`: the state changes all the time.
    Restless,
    /// `die`: the back-end ends, and leaves its directory as it was.
    Die,
    /// `vanish`: it ends, and its directory with it.
    Vanish,
}

impl Fault {
    /// `NAME` or `NAME=NUMBER`.
    ///
    /// # Errors
    /// If there is no such fault, or the number does not fit.
    pub fn parse(text: &str) -> Result<Fault, String> {
        let (name, value) = text.split_once('=').unwrap_or((text, ""));
        Ok(match name {
            "index" => Fault::Index(number(value)?),
            "id" => Fault::Id(number(value)?),
            "duplicate" => Fault::Duplicate,
            "late" => Fault::Late,
            "operation" => Fault::Operation(number(value)?),
            "status" => Fault::Status(number(value)?),
            "unsupported" => Fault::Unsupported(number(value)?),
            "flicker" => Fault::Flicker,
            "scribble" => Fault::Scribble,
            "changing" => Fault::Changing,
            "keep" => Fault::Keep,
            "steal" => Fault::Steal,
            "silent" => Fault::Silent,
            "trickle" => Fault::Trickle(number(value)?),
            "storm" => Fault::Storm,
            "noisy" => Fault::Noisy,
            "restless" => Fault::Restless,
            "die" => Fault::Die,
            "vanish" => Fault::Vanish,
            _ => return Err("no such fault".to_string()),
        })
    }

    /// The responses that are sent instead of a right one.
    pub fn responses(self, right: Response, slots: u32) -> Vec<Response> {
        let one = match self {
            Fault::Id(id) => Response { id, ..right },
            // Requests are numbered by their slots.
            Fault::Late => Response {
                id: (right.id + u64::from(slots) / 2) % u64::from(slots),
                ..right
            },
            Fault::Operation(operation) => Response { operation, ..right },
            Fault::Status(status) => Response { status, ..right },
            Fault::Duplicate => return vec![right, right],
            _ => right,
        };
        vec![one]
    }
}
