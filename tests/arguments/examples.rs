// SPDX-License-Identifier: GPL-2.0-or-later
//! Lines that work, to begin from. In quotes, `_` is a blank.

/// Lines of commands whose help does not tell enough to make one that works.
pub const EXAMPLES: &str = r#"
askenv n Value: 4
bind /net image_bus
bind root 0 image_bus
blkmap create map
blkmap map map 0 10 mem 40800000
blkmap map map 10 10 linear pvblock 0 0
blkmap get map dev n
bootdev list -p
bootdev hunt pvblock
bootdev select pvblock0
bootdev info
bootflow scan -lb
bootflow scan -aleH pvblock0:1
bootflow list -e
bootflow select 0
bootflow info -d
bootflow cmdline set a 'b_c'
bootflow cmdline get a
bootflow menu
bootmeth list -a
bootmeth order script
bootstd images
bootcount print
booti ${image}
bootmenu 0
bootmenu -1
setenv bootmenu_0 t=echo
bootm ${fit}
bootm start ${fit}
bootm loados
bootm ${legacy}
cat pvblock 0:1 hello.txt
cmp.b 40000000 40010000 10
config
conitrace
cp.b ${script} 40800000 20
cp.q 40000000 40000008 10000
crc32 ${script} 20 40800000
crc32 -v ${script} 4 0
editenv n
env set n 5
env export -t ${loadaddr} n
env export -c -s 1000 ${loadaddr}
env import -t ${script} 10 n
env flags
env info -p
env print -a
env ask n
env grep -e '^b.*'
env erase
exit 5
ext4load pvblock 0:2 ${loadaddr} hello.txt
ext2load pvblock 0:2 ${loadaddr} hello.txt
ext2ls pvblock 0:2 /
ext4size pvblock 0:2 hello.txt
fatload pvblock 0:1 ${loadaddr} hello.txt 4 1
fatmkdir pvblock 0:1 dir/new
fatrename pvblock 0:1 hello.txt renamed.txt
fatrm pvblock 0:1 hello.txt
fatwrite pvblock 0:1 ${script} written.txt 20 4
fdt addr ${fdtcontroladdr}
fdt print /
fdt set /chosen n '<1_2_3>'
fdt set /chosen n '[aa_bb]' text
fdt get value n /chosen bootargs
fdt get size n / #address-cells
fdt mknode / new
fdt rm /chosen bootargs
fdt resize 1000
fdt move ${fdtcontroladdr} 40800000 8000
fdt rsvmem add 0 1000
fdt chosen 40800000 40810000
fdt apply ${fdtcontroladdr}
gpt write pvblock 2 'name=a,start=64KiB,size=64KiB;name=b,size=-'
gpt setenv pvblock 0 root
gpt enumerate pvblock 0
gpt rename pvblock 0 2 new
gpt swap pvblock 0 system root
gpt guid pvblock 0 n
gzwrite pvblock 2 ${packed} ${packed_size}
hash sha256 ${script} 20
hash -v crc32 ${script} 20 *40800000
host bind 0 disk.img
host load hostfs - ${loadaddr} hello.txt
host save hostfs - ${script} new.txt 20
host ls hostfs - /dir
host size hostfs - hello.txt
iminfo ${fit} ${legacy}
imxtract ${fit} kernel 40800000
imxtract ${legacy} 0 40800000
itest.b *40000000 == 0
itest 5 -lt 6
itest.s a '<' b
ln pvblock 0:1 a b
load pvblock 0:2 ${loadaddr} hello.txt 4 2
load pvblock 0:1 ${loadaddr} hello.txt
load hostfs - ${loadaddr} hello.txt
log level 5
log filter-add -c dm -l info
log filter-list
loop.b 40000000 10
loopw.l 40000000 10 5
mbr write pvblock 2 'id=0x83,start=64K,size=64K'
mbr verify pvblock 1
md.b 40000000 40
mdc.w 40000000 4 500
mkdir pvblock 0:1 dir/new
mm.w 40000000
ms.s 40200000 40 setenv
ms 40200000 4 -l 2 'n'
mtest 40800000 40800100 5 2
mv pvblock 0:1 hello.txt dir
mw.q 40800000 0123456789abcdef 100
mwc.b 40800000 5 10
nm.b 40800000
part list pvblock 0 -bootable n
part set pvblock 1 dos
part type pvblock 0:1 n
random 40800000 1000 5
read pvblock 0:2 ${loadaddr} 0 4
rm pvblock 0:1 hello.txt
run run_me
save pvblock 0:1 ${script} new.txt 20
save hostfs - ${script} new.txt 20 4
setexpr n 5 + *40200000
setexpr.b n *40200000 '^' ff
setexpr n fmt %08x 5
setexpr n gsub '[a-c]+' x abcabc
setexpr.s n *40200000
source ${legacy}
source ${script}
sysboot -p pvblock 0:2 any ${loadaddr} /hello.txt
strings 40200000 40
test -e pvblock 0:2 hello.txt
test 5 -lt 6 -a a != b
time run run_me
time sleep 1
unbind /net
unbind root 2
unlz4 ${lz4} 40800000 1000
unxz ${xz} 40800000
unzstd ${zstd} 40800000
lzmadec ${lzma} 40800000
unzip ${packed} 40800000
write pvblock 2 ${script} 1 2
xenstore ls device
xenstore write key value
xenstore watch name
xxd pvblock 0:1 hello.txt
zip ${script} 20 40800000
"#;
