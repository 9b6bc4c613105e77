// SPDX-License-Identifier: GPL-2.0-or-later
//! What distributions expect to find in the environment: names of files, and
//! commands in variables that look for something to boot, for scripts that run
//! or change them.
//!
//! `distro_bootcmd` goes through all disks, on each through the partitions that
//! are marked bootable, and there through `boot_prefixes`, for an extlinux
//! configuration and then for scripts. As `boot_targets` also tells standard
//! boot where to look, it is only set by the user.
//!
//! Behaviour: U-Boot, `doc/develop/distro.rst`.
#![cfg(CONFIG_DISTRO_DEFAULTS)]

/// Variables that do not depend on the kind of disks.
const SHARED: &[(&str, &str)] = &[
    ("boot_prefixes", "/ /boot/"),
    ("boot_scripts", "boot.scr.uimg boot.scr"),
    ("boot_syslinux_conf", "extlinux/extlinux.conf"),
    ("bootenv", "uEnv.txt"),
    (
        "boot_a_script",
        "load ${devtype} ${devnum}:${distro_bootpart} ${scriptaddr} ${prefix}${script} && \
         source ${scriptaddr}",
    ),
    (
        "boot_extlinux",
        "sysboot ${devtype} ${devnum}:${distro_bootpart} any ${pxefile_addr_r} \
         ${prefix}${boot_syslinux_conf}",
    ),
    (
        "envboot",
        "run loadbootenv importbootenv && if test -n \"${uenvcmd}\"; then run uenvcmd; fi",
    ),
    (
        "importbootenv",
        "echo Importing environment from ${devtype} ...; \
         env import -t ${scriptaddr} ${filesize}",
    ),
    (
        "loadbootenv",
        "load ${devtype} ${devnum}:${distro_bootpart} ${scriptaddr} ${prefix}${bootenv}",
    ),
    (
        "scan_dev_for_boot",
        "echo Scanning ${devtype} ${devnum}:${distro_bootpart}...; \
         for prefix in ${boot_prefixes}; do run scan_dev_for_extlinux; run scan_dev_for_scripts; done",
    ),
    (
        "scan_dev_for_boot_part",
        // The loop's own variable is not in the environment, so only the user's counts.
        "if env exists distro_bootpart; then setenv devplist ${distro_bootpart}; else \
         part list ${devtype} ${devnum} -bootable devplist; \
         env exists devplist || setenv devplist 1; fi; \
         for distro_bootpart in ${devplist}; do \
         if fstype ${devtype} ${devnum}:${distro_bootpart} bootfstype; then \
         part uuid ${devtype} ${devnum}:${distro_bootpart} distro_bootpart_uuid; \
         run scan_dev_for_boot; fi; done; setenv devplist",
    ),
    (
        "scan_dev_for_extlinux",
        "if test -e ${devtype} ${devnum}:${distro_bootpart} ${prefix}${boot_syslinux_conf}; then \
         echo Found ${prefix}${boot_syslinux_conf}; run boot_extlinux; \
         echo EXTLINUX FAILED: continuing...; fi",
    ),
    (
        "scan_dev_for_scripts",
        "for script in ${boot_scripts}; do \
         if test -e ${devtype} ${devnum}:${distro_bootpart} ${prefix}${script}; then \
         echo Found U-Boot script ${prefix}${script}; run boot_a_script; \
         echo SCRIPT FAILED: continuing...; fi; done",
    ),
];

/// Variables for the disks of one interface.
macro_rules! disks {
    ($interface:literal) => {
        &[
            (
                "distro_bootcmd",
                concat!(
                    "for target in ${boot_targets:-",
                    $interface,
                    "0 ",
                    $interface,
                    "1 ",
                    $interface,
                    "2 ",
                    $interface,
                    "3",
                    "}; do run bootcmd_${target}; done"
                ),
            ),
            (
                concat!($interface, "_boot"),
                concat!(
                    $interface,
                    " dev ${devnum} && devtype=",
                    $interface,
                    " && run scan_dev_for_boot_part"
                ),
            ),
            (
                concat!("bootcmd_", $interface, "0"),
                concat!("devnum=0; run ", $interface, "_boot"),
            ),
            (
                concat!("bootcmd_", $interface, "1"),
                concat!("devnum=1; run ", $interface, "_boot"),
            ),
            (
                concat!("bootcmd_", $interface, "2"),
                concat!("devnum=2; run ", $interface, "_boot"),
            ),
            (
                concat!("bootcmd_", $interface, "3"),
                concat!("devnum=3; run ", $interface, "_boot"),
            ),
        ]
    };
}

#[cfg(CONFIG_SANDBOX)]
const DISKS: &[(&str, &str)] = disks!("host");
#[cfg(not(CONFIG_SANDBOX))]
const DISKS: &[(&str, &str)] = disks!("pvblock");

/// All of them.
pub fn variables() -> impl Iterator<Item = (&'static str, &'static str)> {
    SHARED.iter().chain(DISKS).copied()
}
