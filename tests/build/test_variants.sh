#!/bin/sh
# test_variants.sh: the variants stand side by side and are what they are called, make asan, tsan and
# so on build all of one, make bench measures what it has built; a release is hardened in every file.
# Prints TAP. Works in a copy of the tree, with one folder of src/, one unit test, one fuzz target and
# a main that does nothing, so that all variants take seconds.

set -u
# shellcheck source=tests/build/tap.sh
. "$(dirname "$0")/tap.sh"
JOBS=${JOBS:-2}
unset BUILD MAKEFLAGS MAKELEVEL

tree=$work/tree
mkdir -p "$tree/tests/unit" "$tree/tests/fake" "$tree/tests/fuzz/corpus" "$tree/tests/tools" \
	"$tree/tests/bench" "$tree/src/app"
cp -R Makefile VERSION scripts include "$tree/"
cp -R src/base src/rebind "$tree/src/"
mkdir "$tree/src/crypt" && cp src/crypt/*.h "$tree/src/crypt/"
cp tests/unit/unit.[ch] tests/unit/test_str.c "$tree/tests/unit/"
cp tests/fuzz/replay_main.c tests/fuzz/fuzz_base64.c "$tree/tests/fuzz/"
cp -R tests/fuzz/corpus/base64 "$tree/tests/fuzz/corpus/"
cp tests/tools/knock.c "$tree/tests/tools/"
cp -R tests/bench/wsbackend tests/bench/pattern.h "$tree/tests/bench/"
echo 'int main(void) { return 0; }' >"$tree/src/app/main.c"
[ ! -d .deps ] || cp -R .deps "$tree/"

# whole VARIANT: its goal builds what a variant consists of.
whole() {
	make -C "$tree" -j"$JOBS" "$1" || return 1
	for file in websplice unit/test_str fuzz/fuzz_base64 tools/knock tools/wsbackend rebind.so; do
		[ -x "$tree/build/$1/$file" ] && continue
		echo "make $1: no $file"
		return 1
	done
}
for variant in debug asan tsan cov fuzz; do
	check "make $variant is all of that variant" whole $variant
done

release() {
	make -C "$tree" -j"$JOBS" && make -C "$tree" -j"$JOBS" units fuzzers || return 1
	for variant in release debug asan tsan cov fuzz; do
		[ -x "$tree/build/$variant/unit/test_str" ] && [ -x "$tree/build/$variant/websplice" ] || return 1
	done
}
check 'release, debug, asan, tsan, cov and fuzz side by side' release

# goal NAME VARIANT: what make says of it; fails as it does.
goal() {
	said=$(make -C "$tree" variant="$2" "$1" 2>&1)
	status=$?
	echo "$said"
	return $status
}
runs() {
	for variant in release debug asan cov; do
		goal unit $variant && echo "$said" | grep -q 'PASSED' || return 1
		goal replay $variant && echo "$said" | grep -qE '^[1-9][0-9]* inputs replayed' || return 1
	done
}
check 'make unit runs the unit test in them, make replay the corpus' runs

check 'make unit T=NAME is about that one' sh -c "! make -C '$tree' variant=debug unit T=test_none"

# fails GOAL PROGRAM: with a program that fails.
fails() {
	program=$tree/build/debug/$2
	mv "$program" "$work/kept"
	printf '#!/bin/sh\nexit 1\n' >"$program"
	chmod +x "$program"
	goal "$1" debug
	status=$?
	mv "$work/kept" "$program"
	[ $status -ne 0 ]
}
check 'make unit fails with a unit test' fails unit unit/test_str
check 'make replay fails with a target' fails replay fuzz/fuzz_base64

# has VARIANT SYMBOL-PATTERN
has() {
	nm "$tree/build/$1/fuzz/fuzz_base64" | grep -qE "$2"
}
check 'asan has AddressSanitizer' has asan __asan_init
check 'asan has UndefinedBehaviorSanitizer' has asan '__ubsan_handle'
check 'tsan has ThreadSanitizer' has tsan __tsan_init
check 'fuzz has the fuzzer' has fuzz LLVMFuzzerRunDriver
check 'fuzz has AddressSanitizer' has fuzz __asan_init
plain() {
	! has release '__asan|__tsan|__ubsan|gcov'
}
check 'release has none of them' plain
counts_lines() {
	[ -f "$tree/build/cov/obj/src/base/str.gcda" ]
}
check 'cov counts what runs' counts_lines

# The commands as they are: every file of src/ is compiled with all of it.
hardened() {
	make -s -C "$tree" compile_commands.json || return 1
	commands=$(grep '"file":"src/' "$tree/compile_commands.json")
	[ -n "$commands" ] || return 1
	for flag in -D_FORTIFY_SOURCE=3 -fstack-protector-strong '-fPI[EC]' -ftrivial-auto-var-init=zero \
		-std=gnu11 '-ffile-prefix-map='; do
		[ "$(echo "$commands" | grep -c -e "$flag")" -eq "$(echo "$commands" | grep -c .)" ] || {
			echo "not everywhere: $flag"
			return 1
		}
	done
	case $(uname -m) in
	x86_64) echo "$commands" | grep -q -e '-fstack-clash-protection .*-fcf-protection' ;;
	esac
}
check 'every file is compiled hardened' hardened

users_flags_win() {
	make -s -C "$tree" compile_commands.json CFLAGS=-O3 && grep -q '"file":"src/.* -O2 .* -O3 ' "$tree/compile_commands.json"
}
check "a user's flags come last" users_flags_win

# make bench as it is, but what it starts are stand-ins that say so. bench_says TEXT [VARIABLE=VALUE...]
bench_says() {
	text=$1
	shift
	said=$(env -u WEBSPLICE PATH="$work/standing:$PATH" make --no-print-directory -C "$tree" MAKE='echo make' "$@" bench)
	status=$?
	echo "$said"
	[ "$said" = "$text" ]
}
bench() {
	mkdir -p "$work/standing"
	cp "$tree/scripts/setup.sh" "$work/setup.sh"
	printf '#!/bin/sh\necho "setup $*"\nexit "${SETUP_FAILS:-0}"\n' >"$tree/scripts/setup.sh"
	printf '#!/bin/sh\necho "$WEBSPLICE: node $*"\nexit "${BENCH_FAILS:-0}"\n' >"$work/standing/node"
	chmod +x "$work/standing/node"
	built='make build/release/websplice build/release/tools/wsload build/release/tools/wsbackend'
	measured='build/release/websplice: node tests/bench/bench.mjs'
	bench_says "setup bench
$built
$measured --quick --rounds=2" BENCH_ARGS='--quick --rounds=2' && [ $status -eq 0 ] &&
		SETUP_FAILS=1 bench_says "setup bench
make bench: going on without
$built
$measured" && [ $status -eq 0 ] &&
		bench_says "setup bench
false" MAKE='echo false; false' && [ $status -ne 0 ] && ! BENCH_FAILS=1 bench_says '' && [ $status -ne 0 ]
	result=$?
	cp "$work/setup.sh" "$tree/scripts/setup.sh"
	return $result
}
check 'make bench builds the release and its tools, and measures them' bench

# With nothing missing no build asks for anything: a PATH whose downloaders only leave a trace.
offline() {
	mkdir -p "$work/bin"
	for command in apt-get apt curl wget npm git-remote-https sudo; do
		printf '#!/bin/sh\necho "%s $*" >>"%s"\nexit 1\n' "$command" "$work/asked" >"$work/bin/$command"
		chmod +x "$work/bin/$command"
	done
	PATH="$work/bin:$PATH" make -C "$tree" -B -j"$JOBS" && [ ! -e "$work/asked" ]
}
check 'make asks nobody when nothing is missing' offline

cleans() {
	mkdir -p "$tree/.deps" "$tree/web/node_modules" "$tree/tests/e2e/node_modules"
	make -C "$tree" clean && [ ! -e "$tree/build" ] && [ ! -e "$tree/compile_commands.json" ] && [ -e "$tree/.deps" ] &&
		[ -e "$tree/web/node_modules" ] && make -C "$tree" distclean && [ ! -e "$tree/.deps" ] &&
		[ ! -e "$tree/web/node_modules" ] && [ ! -e "$tree/tests/e2e/node_modules" ] && [ -e "$tree/src" ]
}
check 'make clean removes what was built, distclean what was set up' cleans

plan
