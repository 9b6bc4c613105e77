// SPDX-License-Identifier: GPL-2.0-or-later
//! U-Boot's image formats: the legacy header, and the numbers and names of
//! what an image is, which FIT images share.
//!
//! Source: U-Boot, `include/image.h` and `doc/usage/fit/source_file_format.rst`.
//! All fields of the header are big-endian.

/// Length of the legacy header in bytes.
pub const HEADER_LEN: usize = 64;
/// The magic number, at the start.
pub const MAGIC: u32 = 0x2705_1956;
/// Offset of the checksum of the header, which counts as 0 in it.
pub const HEADER_CRC: usize = 4;
/// Offset of the time of creation, in seconds since 1970.
pub const TIME: usize = 8;
/// Offset of the length of what follows the header.
pub const SIZE: usize = 12;
/// Offset of the load address.
pub const LOAD: usize = 16;
/// Offset of the entry point.
pub const ENTRY: usize = 20;
/// Offset of the checksum of what follows the header.
pub const DATA_CRC: usize = 24;
/// Offset of the byte that says which operating system.
pub const OS: usize = 28;
/// Offset of the byte that says which processor.
pub const ARCH: usize = 29;
/// Offset of the byte that says what kind of image.
pub const TYPE: usize = 30;
/// Offset of the byte that says how it is compressed.
pub const COMPRESSION: usize = 31;
/// Offset of the name, which zeros fill up.
pub const NAME: usize = 32;

/// A number in a header, its name in a FIT image, and in words.
pub type Name = (u8, &'static str, &'static str);

/// `os`: Linux.
pub const OS_LINUX: u8 = 5;
/// `os`: VxWorks.
pub const OS_VXWORKS: u8 = 14;
/// `os`: none, a program for the loader.
pub const OS_U_BOOT: u8 = 17;
/// `os`: OpenRTOS.
pub const OS_OPENRTOS: u8 = 24;
/// `os`: a trusted execution environment.
pub const OS_TEE: u8 = 26;
/// `os`: an EFI program.
pub const OS_EFI: u8 = 28;
/// `os`: an ELF file.
pub const OS_ELF: u8 = 29;
/// One more than the largest `os`.
pub const OS_COUNT: u8 = 30;

/// Operating systems.
pub const OS_NAMES: &[Name] = &[
    (0, "invalid", "Invalid OS"),
    (2, "netbsd", "NetBSD"),
    (OS_LINUX, "linux", "Linux"),
    (OS_VXWORKS, "vxworks", "VxWorks"),
    (OS_U_BOOT, "u-boot", "U-Boot"),
    (18, "rtems", "RTEMS"),
    (22, "ose", "Enea OSE"),
    (23, "plan9", "Plan 9"),
    (25, "arm-trusted-firmware", "ARM Trusted Firmware"),
    (OS_TEE, "tee", "Trusted Execution Environment"),
    (27, "opensbi", "RISC-V OpenSBI"),
    (OS_EFI, "efi", "EFI Firmware"),
];

/// `arch`: arm64.
pub const ARCH_ARM64: u8 = 22;

/// Processors.
pub const ARCH_NAMES: &[Name] = &[
    (0, "invalid", "Invalid ARCH"),
    (1, "alpha", "Alpha"),
    (2, "arm", "ARM"),
    (3, "x86", "Intel x86"),
    (4, "ia64", "IA64"),
    (5, "mips", "MIPS"),
    (6, "mips64", "MIPS 64 Bit"),
    (7, "powerpc", "PowerPC"),
    (7, "ppc", "PowerPC"),
    (8, "s390", "IBM S390"),
    (9, "sh", "SuperH"),
    (10, "sparc", "SPARC"),
    (11, "sparc64", "SPARC 64 Bit"),
    (12, "m68k", "M68K"),
    (14, "microblaze", "MicroBlaze"),
    (15, "nios2", "NIOS II"),
    (16, "blackfin", "Blackfin"),
    (17, "avr32", "AVR32"),
    (19, "sandbox", "Sandbox"),
    (20, "nds32", "NDS32"),
    (21, "or1k", "OpenRISC 1000"),
    (ARCH_ARM64, "arm64", "AArch64"),
    (23, "arc", "ARC"),
    (24, "x86_64", "AMD x86_64"),
    (25, "xtensa", "Xtensa"),
    (26, "riscv", "RISC-V"),
];

/// `type`: a program for the loader.
pub const TYPE_STANDALONE: u8 = 1;
/// `type`: a kernel.
pub const TYPE_KERNEL: u8 = 2;
/// `type`: an initramfs.
pub const TYPE_RAMDISK: u8 = 3;
/// `type`: several images behind one header.
pub const TYPE_MULTI: u8 = 4;
/// `type`: firmware.
pub const TYPE_FIRMWARE: u8 = 5;
/// `type`: a script.
pub const TYPE_SCRIPT: u8 = 6;
/// `type`: a device tree.
pub const TYPE_FLATDT: u8 = 8;
/// `type`: a kernel that runs where it is.
pub const TYPE_KERNEL_NOLOAD: u8 = 14;
/// `type`: anything that a configuration wants to have in memory.
pub const TYPE_LOADABLE: u8 = 22;
/// `type`: the bit stream of an FPGA.
pub const TYPE_FPGA: u8 = 29;
/// `type`: a trusted execution environment.
pub const TYPE_TEE: u8 = 31;
/// `type`: firmware of the highest exception level.
pub const TYPE_TFA_BL31: u8 = 45;

/// Kinds of images.
pub const TYPE_NAMES: &[Name] = &[
    (0, "invalid", "Invalid Image"),
    (TYPE_STANDALONE, "standalone", "Standalone Program"),
    (TYPE_KERNEL, "kernel", "Kernel Image"),
    (TYPE_RAMDISK, "ramdisk", "RAMDisk Image"),
    (TYPE_MULTI, "multi", "Multi-File Image"),
    (TYPE_FIRMWARE, "firmware", "Firmware"),
    (TYPE_SCRIPT, "script", "Script"),
    (7, "filesystem", "Filesystem Image"),
    (TYPE_FLATDT, "flat_dt", "Flat Device Tree"),
    (9, "kwbimage", "Kirkwood Boot Image"),
    (10, "imximage", "Freescale i.MX Boot Image"),
    (11, "ublimage", "Davinci UBL image"),
    (12, "omapimage", "TI OMAP SPL With GP CH"),
    (13, "aisimage", "Davinci AIS image"),
    (
        TYPE_KERNEL_NOLOAD,
        "kernel_noload",
        "Kernel Image (no loading done)",
    ),
    (15, "pblimage", "Freescale PBL Boot Image"),
    (16, "mxsimage", "Freescale MXS Boot Image"),
    (17, "gpimage", "TI Keystone SPL Image"),
    (18, "atmelimage", "ATMEL ROM-Boot Image"),
    (19, "socfpgaimage", "Altera SoCFPGA CV/AV preloader"),
    (20, "x86_setup", "x86 setup.bin"),
    (21, "lpc32xximage", "LPC32XX Boot Image"),
    (23, "rkimage", "Rockchip Boot Image"),
    (24, "rksd", "Rockchip SD Boot Image"),
    (25, "rkspi", "Rockchip SPI Boot Image"),
    (26, "zynqimage", "Xilinx Zynq Boot Image"),
    (27, "zynqmpimage", "Xilinx ZynqMP Boot Image"),
    (28, "zynqmpbif", "Xilinx ZynqMP Boot Image (bif)"),
    (TYPE_FPGA, "fpga", "FPGA Image"),
    (30, "vybridimage", "Vybrid Boot Image"),
    (TYPE_TEE, "tee", "Trusted Execution Environment Image"),
    (32, "firmware_ivt", "Firmware with HABv4 IVT"),
    (33, "pmmc", "TI Power Management Micro-Controller Firmware"),
    (34, "stm32image", "STMicroelectronics STM32 Image"),
    (35, "socfpgaimage_v1", "Altera SoCFPGA A10 preloader"),
    (36, "mtk_image", "MediaTek BootROM loadable Image"),
    (37, "imx8mimage", "NXP i.MX8M Boot Image"),
    (38, "imx8image", "NXP i.MX8 Boot Image"),
    (39, "copro", "Coprocessor Image"),
    (40, "sunxi_egon", "Allwinner eGON Boot Image"),
    (41, "sunxi_toc0", "Allwinner TOC0 Boot Image"),
    (42, "fdt_legacy", "legacy Image with Flat Device Tree "),
    (43, "spkgimage", "Renesas SPKG Image"),
    (44, "sfspl", "StarFive SPL Image"),
    (TYPE_TFA_BL31, "tfa-bl31", "TFA BL31 Image"),
    (46, "stm32imagev2", "STMicroelectronics STM32 Image V2.0"),
    (47, "amlimage", "Amlogic Boot Image"),
];

/// `compression`: none.
pub const COMP_NONE: u8 = 0;
/// `compression`: gzip.
pub const COMP_GZIP: u8 = 1;
/// `compression`: bzip2.
pub const COMP_BZIP2: u8 = 2;
/// `compression`: LZMA.
pub const COMP_LZMA: u8 = 3;
/// `compression`: LZO.
pub const COMP_LZO: u8 = 4;
/// `compression`: LZ4.
pub const COMP_LZ4: u8 = 5;
/// `compression`: Zstandard.
pub const COMP_ZSTD: u8 = 6;

/// Compressions.
pub const COMP_NAMES: &[Name] = &[
    (COMP_NONE, "none", "uncompressed"),
    (COMP_BZIP2, "bzip2", "bzip2 compressed"),
    (COMP_GZIP, "gzip", "gzip compressed"),
    (COMP_LZMA, "lzma", "lzma compressed"),
    (COMP_LZO, "lzo", "lzo compressed"),
    (COMP_LZ4, "lz4", "lz4 compressed"),
    (COMP_ZSTD, "zstd", "zstd compressed"),
];
