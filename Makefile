# SPDX-License-Identifier: GPL-2.0-or-later
#
# U-Boot's make targets, for its users and for build systems that call make.
# The work is done by `cargo xtask`; see `cargo xtask help`.
#
# With O=DIR the configuration, u-boot.bin, u-boot, u-boot.map go to DIR, else
# to target/xenguest_arm64.

XTASK := cargo xtask
ifneq ($(O),)
XTASK += --output $(abspath $(O))
endif

.PHONY: all build run test menuconfig savedefconfig help clean

all: build

build run test menuconfig savedefconfig help:
	$(XTASK) $@

%_defconfig:
	$(XTASK) $@

clean:
	cargo clean
