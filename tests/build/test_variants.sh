#!/bin/sh
# test_variants.sh: the variants stand side by side and are what they are called; a release is
# hardened in every file. Prints TAP. Works in a copy of the tree, with one folder of src/ and one
# unit test, so that all variants take seconds.

set -u
# shellcheck source=tests/build/tap.sh
. "$(dirname "$0")/tap.sh"
JOBS=${JOBS:-2}
unset BUILD MAKEFLAGS MAKELEVEL

tree=$work/tree
mkdir -p "$tree/tests/unit" "$tree/tests/fake" "$tree/tests/fuzz" "$tree/src"
cp -R Makefile VERSION scripts include "$tree/"
cp -R src/base "$tree/src/"
mkdir "$tree/src/crypt" && cp src/crypt/*.h "$tree/src/crypt/"
cp tests/unit/unit.[ch] tests/unit/test_str.c "$tree/tests/unit/"
cp tests/fuzz/replay_main.c tests/fuzz/fuzz_base64.c "$tree/tests/fuzz/"
[ ! -d .deps ] || cp -R .deps "$tree/"

# A tree without app/ has a library, a unit test and a fuzz target of each variant.
all_variants() {
	for variant in release debug asan tsan cov fuzz; do
		make -C "$tree" -j"$JOBS" variant=$variant "build/$variant/libwebsplice.a" \
			"build/$variant/unit/test_str" "build/$variant/fuzz/fuzz_base64" || return 1
	done
	for variant in release debug asan tsan cov fuzz; do
		[ -x "$tree/build/$variant/unit/test_str" ] || return 1
	done
}
check 'release, debug, asan, tsan, cov and fuzz side by side' all_variants

runs() {
	for variant in release debug asan cov; do
		"$tree/build/$variant/unit/test_str" || return 1
	done
}
check 'the unit test passes in them' runs

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

plan
