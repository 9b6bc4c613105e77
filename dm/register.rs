// SPDX-License-Identifier: GPL-2.0-or-later
//! The one way to register a driver or a uclass: the last item of its file.

/// Registers a driver; takes the fields of a [`Driver`](crate::Driver) that differ from the default.
///
/// ```ignore
/// dm::driver! { name: "pvblock", id: UclassId::PvBlock, probe: Some(probe) }
/// ```
#[macro_export]
macro_rules! driver {
    ($($field:ident: $value:expr),+ $(,)?) => {
        const _: () = {
            #[allow(unsafe_code)]
            #[$crate::linkme::distributed_slice($crate::DRIVERS)]
            #[linkme(crate = $crate::linkme)]
            static ENTRY: $crate::Driver = $crate::Driver { $($field: $value,)+ ..$crate::Driver::new() };
        };
    };
}

/// Registers a uclass; takes its identifier, its name and the fields that differ from the default.
#[macro_export]
macro_rules! uclass {
    ($id:expr, $name:expr $(, $field:ident: $value:expr)* $(,)?) => {
        const _: () = {
            #[allow(unsafe_code, clippy::needless_update)]
            #[$crate::linkme::distributed_slice($crate::UCLASSES)]
            #[linkme(crate = $crate::linkme)]
            static ENTRY: $crate::UclassDriver =
                $crate::UclassDriver { $($field: $value,)* ..$crate::UclassDriver::new($id, $name) };
        };
    };
}
