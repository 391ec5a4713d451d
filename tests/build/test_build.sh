#!/bin/sh
# test_build.sh: what the Makefile promises. Prints TAP. Works on copies of the tree below a
# folder of its own, with a blank in its name; builds twice.

set -u
# shellcheck source=tests/build/tap.sh
. "$(dirname "$0")/tap.sh"
BUILD=${BUILD:-build}
JOBS=${JOBS:-2}
unset MAKEFLAGS MAKELEVEL

copy() {
	mkdir -p "$1"
	cp -R Makefile VERSION scripts src include web "$1/"
	mkdir -p "$1/docs"
	[ ! -d docs ] || cp -R docs "$1/"
	[ ! -d .deps ] || cp -R .deps "$1/"
}

one="$work/one"
two="$work/two with a blank"
copy "$one"
copy "$two"
in_two() {
	make -C "$two" -j"$JOBS" "$@"
}

# Other flags make everything anew; in this one a single file is built.
spare="$work/spare"
copy "$spare"
in_spare() {
	make -C "$spare" -j"$JOBS" "$@"
}

check 'builds in a folder whose name has a blank' in_two
make -C "$one" -j"$JOBS" >"$work/one.log" 2>&1
check 'two folders, the same bytes' cmp "$one/build/release/websplice" "$two/build/release/websplice"
check 'build/websplice is the release binary' \
	cmp "$two/build/websplice" "$two/build/release/websplice"

second_is_silent() {
	out=$(in_two)
	echo "$out"
	case $out in
	*CC* | *LINK* | *AR*) return 1 ;;
	esac
}
check 'a second make has nothing to do' second_is_silent

# rebuilds PATTERN COMMAND...: the command compiles what matches.
rebuilds() {
	pattern=$1
	shift
	out=$("$@")
	echo "$out" | head -n 5
	echo "$out" | grep -q "CC *$pattern"
}
header_rebuilds_its_users() {
	touch "$two/include/base/why.h"
	in_two >"$work/touched"
	grep -q "CC *src/base/why.c" "$work/touched" && ! grep "CC *src/wire/ws_mask.c" "$work/touched"
}
check 'a header rebuilds its users and nobody else' header_rebuilds_its_users
in_spare build/release/obj/src/base/why.o >"$work/spare.log" 2>&1
check 'another flag rebuilds' rebuilds src/base/why.c in_spare CFLAGS=-DFLAG_CHANGED build/release/obj/src/base/why.o

quiet_and_loud() {
	rm -f "$two/build/release/obj/src/base/why.o"
	quiet=$(in_two build/release/obj/src/base/why.o)
	rm -f "$two/build/release/obj/src/base/why.o"
	loud=$(in_two V=1 build/release/obj/src/base/why.o)
	case $quiet in *fstack-protector*) return 1 ;; esac
	case $loud in *fstack-protector*) ;; *) return 1 ;; esac
}
check 'quiet, with V=1 the commands' quiet_and_loud

help_is_the_head() {
	make --no-print-directory -C "$two" help >"$work/help" && [ "$(sed -n 1p "$work/help")" = "$(sed -n "1s/^# //p" "$two/Makefile")" ] &&
		grep -q "make check" "$work/help"
}
check 'help prints the head of the Makefile' help_is_the_head
check 'wrong variant is refused' sh -c "! make -C '$two' variant=nonsense"

errors_only_on_demand() {
	printf 'int spare(int unused);\nint spare(int unused)\n{\n\treturn 0;\n}\n' >"$spare/src/base/spare.c"
	in_spare build/release/obj/src/base/spare.o && ! in_spare ERR=1 build/release/obj/src/base/spare.o
	result=$?
	rm -f "$spare/src/base/spare.c"
	return $result
}
check 'a warning is an error with ERR=1 only' errors_only_on_demand

conversion_in_base() {
	printf 'char spare(int wide);\nchar spare(int wide)\n{\n\treturn wide;\n}\n' >"$spare/src/$1/spare.c"
	in_spare ERR=1 "build/release/obj/src/$1/spare.o"
	result=$?
	rm -f "$spare/src/$1/spare.c"
	[ $result -ne 0 ]
}
check 'base/ converts explicitly' conversion_in_base base
check 'wire/ converts explicitly' conversion_in_base wire

# With the tests, as it is used: the commands are longer than an argument may be.
compile_commands() (
	tar -c --exclude=node_modules tests | tar -x -C "$spare" && cd "$spare" || exit 1
	make compile_commands.json && find src tests -name '*.c' | sort >expected && node -e '
		const all = JSON.parse(require("fs").readFileSync("compile_commands.json", "utf8"));
		for (const { file, command } of all)
			console.log(command.endsWith(` -c ${file}`) ? file : `${file}: ${command}`);
	' | sort | diff expected -
)
check 'compile_commands.json' compile_commands

# has WHAT COMMAND...: the command's output has it.
has() {
	what=$1
	shift
	"$@" | grep -qE "$what"
}
bin=$two/build/release/websplice
check 'position independent' has 'Type: *DYN' readelf -hW "$bin"
check 'relocations are read-only' has 'GNU_RELRO' readelf -lW "$bin"
check 'bound at the start' has 'NOW' readelf -dW "$bin"
check 'the stack is not executable' has 'GNU_STACK.* RW +0x' readelf -lW "$bin"
check 'stack protector' has '__stack_chk_fail' readelf --dyn-syms -W "$bin"
check 'fortified' has '__[a-z]+_chk' readelf --dyn-syms -W "$bin"
only_these_libraries() {
	[ -f "$bin" ] || return 1
	readelf -dW "$bin" | sed -n 's/.*NEEDED.*\[\(.*\)\]/\1/p' |
		grep -vE '^(libc|libuv|libllhttp|libmbedtls|libmbedx509|libmbedcrypto|ld-linux-.*)\.so' && return 1
	return 0
}
check 'links what it should and nothing else' only_these_libraries
no_folder_inside() {
	[ -f "$bin" ] && ! grep -qF "$work" "$bin"
}
check 'the build folder is not in the binary' no_folder_inside
check 'the version is in the binary' grep -qF "$(scripts/version.sh)" "$bin"

# A stand-in for setup.sh tells whether make called it.
asks_setup_when_something_is_missing() {
	cp "$two/scripts/setup.sh" "$work/setup.sh"
	printf "#!/bin/sh\necho \"\$*\" >>called\n" >"$two/scripts/setup.sh"
	in_two
	[ ! -e "$two/called" ] || return 1
	in_two CC=a-compiler-that-is-not-there variant=debug
	grep -qx build "$two/called"
	result=$?
	cp "$work/setup.sh" "$two/scripts/setup.sh"
	return $result
}
check 'setup.sh is called when something is missing, else not' asks_setup_when_something_is_missing

launch_builds() {
	rm "$two/build/release/websplice" "$two/build/websplice"
	unset WEBSPLICE
	"$two/scripts/launch.sh" --testcard --listen 127.0.0.1:0 --timeout 3 >"$work/launched" || return 1
	cat "$work/launched"
	[ -x "$two/build/websplice" ] && grep -q "http://127.0.0.1:[1-9][0-9]*/vnc.html" "$work/launched"
}
check 'launch.sh builds what is not built, in a folder whose name has a blank' launch_builds

install_and_uninstall() {
	mkdir -p "$work/root/usr/share/websplice/web"
	echo mine >"$work/root/usr/share/websplice/web/defaults.json"
	in_two install DESTDIR="$work/root" prefix=/usr || return 1
	for file in bin/websplice share/man/man1/websplice.1 lib/websplice/rebind.so bin/rebind \
		share/man/man1/rebind.1 share/websplice/web/vnc.html \
		share/websplice/web/node_modules/@novnc/novnc/core/rfb.js \
		share/websplice/web/telnet.html share/websplice/web/js/telnet/page.js \
		share/websplice/web/node_modules/@xterm/xterm/lib/xterm.mjs \
		share/websplice/web/node_modules/@xterm/xterm/css/xterm.css \
		share/websplice/web/node_modules/@xterm/xterm/LICENSE \
		share/websplice/web/node_modules/@xterm/addon-fit/lib/addon-fit.mjs; do
		[ -f "$work/root/usr/$file" ] || {
			echo "not installed: $file"
			return 1
		}
	done
	[ -x "$work/root/usr/bin/websplice" ] || return 1
	[ "$(find "$work/root/usr/share/websplice/web" -name '*.map' -o -name '*.ts' | wc -l)" -eq 0 ] || {
		echo "installed what no page asks for"
		return 1
	}
	in_two uninstall DESTDIR="$work/root" prefix=/usr || return 1
	left=$(cd "$work/root" && find . -type f)
	echo "left: $left"
	[ "$left" = ./usr/share/websplice/web/defaults.json ]
}
check 'uninstall removes what install wrote, and only that' install_and_uninstall

plan
