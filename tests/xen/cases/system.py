# SPDX-License-Identifier: GPL-2.0-or-later
"""The machine, the loader and Xen."""

from cases.case import no, usage, yes

SYSTEM = {
    "bdinfo": [
        yes(
            "bdinfo",
            "boot_params .*-> start    = 0x0000000040000000\n-> size     = 0x0000000020000000\n.*relocaddr .*",
        )
    ],
    "bind": [
        yes("bind blk 1 simple_bus; dm tree", ".*simple_bus +1 +\\[   \\] +simple_bus .*"),
        no("bind blk 1 none", ".+"),
        no("bind blk 7 simple_bus", ".+"),
        yes("unbind blk 1 simple_bus"),
        usage("bind"),
    ],
    "unbind": [
        yes("bind blk 1 simple_bus; unbind simple_bus 1; dm tree", "((?!simple_bus +1 ).)*"),
        no("unbind blk 7", ".+"),
        usage("unbind"),
    ],
    "cls": [yes("cls; echo", "\x1b\\[2J\x1b\\[1;1H")],
    "config": [yes("config", "(.*\n)?CONFIG_CMD_CONFIG=y\n.*")],
    "coninfo": [yes("coninfo", "List of available devices\n\\|-- serial_xen \\(IO\\)\n.*stdout.*")],
    "conitrace": [
        yes(
            "conitrace",
            "Waiting for your input\nTo terminate type 'x'\n61 ",
            ("type 'x'\r*\n", "a"),
            ("61 \r*\n", "x"),
        )
    ],
    "cpu": [
        yes("cpu list", "  0: cpu@0 +CPU MIDR 0d07"),
        yes("cpu detail", ".*ID = 0, freq = .*"),
        usage("cpu none"),
    ],
    "dm": [
        yes("dm tree", ".*pvblock_blk +\\|   *[`|]-- .*|.*pvblock_blk .*xvdb.*"),
        yes("dm uclass", "uclass 0: root\n.*uclass 8: pvblock\n.*"),
        yes("dm drivers", "Driver +uid +uclass +Devices\n-+\n.*"),
        yes("dm compat", "Driver +Compatible\n-+\n.*xen,xen.*"),
        yes("dm devres", "- root\n.*"),
        yes("dm static", "Driver +Address\n-+"),
        usage("dm none"),
    ],
    "event": [yes("event list", "Seq +Type +Function +ID"), usage("event none")],
    "fdt": [
        yes("cp.b ${fdtcontroladdr} 50000000 10000; fdt addr 50000000", "Working FDT set to 50000000"),
        yes(
            "fdt header get m totalsize; fdt resize 1000; fdt mknode / node; fdt set /node p <1 0x22> ; fdt print /node",
            ".*node \\{\n\tp = <0x0*1 0x0*22>;\n\\};",
        ),
        yes("fdt get value v /node p 1; echo $v; fdt list /node", "0x00000022\nnode \\{\n\tp = .*\\};"),
        yes("fdt rm /node p; fdt print /node", "node \\{\n\\};"),
        yes("fdt rm /node"),
        no("fdt print /node", ".+"),
        yes("fdt bootcpu 0; fdt rsvmem print", "(.*index.*)?"),
        yes("fdt chosen 51000000 51001000"),
        yes("fdt move 50000000 52000000 20000; fdt addr", "Working FDT set to 52000000\nWorking fdt: 52000000"),
        yes("fdt addr ${fdtcontroladdr}", "Working FDT set to .*"),
        no("fdt addr 53000000", ".+"),
        usage("fdt none"),
    ],
    "kaslrseed": [
        yes(
            "cp.b ${fdtcontroladdr} 50000000 10000; fdt addr 50000000; kaslrseed; fdt print /chosen kaslr-seed",
            "Working FDT set to 50000000\nkaslr-seed = <0x[0-9a-f]+ 0x[0-9a-f]+>",
        ),
        yes("fdt addr ${fdtcontroladdr}", ".+"),
    ],
    "lmb": [yes("lmb", "lmb_dump_all:\n memory\\.count = 0x1\n .*reserved\\.count = .*")],
    "log": [
        yes("log level 7; log level", "EMERG\n.*DEBUG \\(default\\)"),
        yes("log level 6"),
        yes("log format all; log rec arch notice file.c 123 func msg", "NOTICE\\.arch,file\\.c:123- +func\\(\\) msg"),
        yes("log format m"),
        yes("log categories", "root\n.*"),
        yes("log drivers", "console"),
        no("log level none", ".+"),
    ],
    "meminfo": [yes("meminfo", "DRAM:  512 MiB\n.*free +40000000 .*")],
    "memsize": [yes("memsize", "512 MiB"), yes("memsize m; echo $m", "512")],
    "pause": [yes("pause go", "go", ("go", " "))],
    "version": [yes("version", "U-Boot 20.*xenguest\n.*")],
    "xen": [yes("xen info", "xen_major +: 4\n.*xen_caps .*domid +: \\d+"), usage("xen")],
    "xenstore": [
        yes("xenstore read domid", "\\d+"),
        yes("xenstore write data/a b; xenstore ls data", 'a = "b"'),
        yes("xenstore exists data/a"),
        yes("xenstore watch -n 1 data", "data"),
        yes("xenstore rm data/a"),
        no("xenstore read data/a", ".*ENOENT.*"),
        usage("xenstore"),
    ],
}
