#!/bin/sh
# test_chosen.sh: what make check must not lose: every fuzz target by its name, the unit tests that run
# under sanitizers, and the end-to-end files that do. tests/run.sh takes what it finds and what is
# marked, so that a file or a mark that has gone is missed by nobody but this. A new fuzz target is
# added here; so is a file that is marked for more variants, or it may lose that mark again.
#
# Prints TAP. tests/run.sh works on a copy of tests/ with stand-ins for make, Node and every program,
# which only write down that they ran.

set -u
# shellcheck source=tests/build/tap.sh
. "$(dirname "$0")/tap.sh"
unset BUILD FUZZ_SECONDS FUZZ_SEED JOBS V variant MAKEFLAGS MAKELEVEL

FUZZ_TARGETS='base64 http_head session testcard tls_data tls_hello url ws_dec'

ASAN_FILES='bench cli closing deadlines echo gone http log_rotate protocol rebind shed static tls tls_reload
	tls_target wrap wrap_pid wrap_start xvnc'
TSAN_FILES='bench closing deadlines echo http log_rotate protocol static tls tls_reload wrap wrap_start'

# Those with threads, or a loop, which has a pool of them.
TSAN_UNITS='child clock cloexec dial jobs listen log_file loop mailbox metrics proc_stat rebind_any reload
	reserve sigs site_build tcp_bulk tcp_link tcp_pace tls_threads'

tree=$work/tree
mkdir -p "$tree/bin"
tar -c --exclude=node_modules tests | tar -x -C "$tree"

echo 'exit 0' | program "$tree/bin/make"
program "$tree/bin/node" <<'END_OF_NODE'
for file; do :; done
echo "e2e $WEBSPLICE_VARIANT $file" >>"$RAN"
printf 'ok 1 - e2e\n# pass 1\n# fail 0\n'
END_OF_NODE
program "$tree/bin/ran" <<'END_OF_RAN'
echo "${0#build/} $*" >>"$RAN"
echo 'ok 1 - ran'
END_OF_RAN
for variant in release asan tsan fuzz; do
	mkdir -p "$tree/build/$variant/fuzz" "$tree/build/$variant/unit"
	for target in $FUZZ_TARGETS; do
		ln -s ../../../bin/ran "$tree/build/$variant/fuzz/fuzz_$target"
	done
	for file in tests/unit/test_*.c; do
		ln -s ../../../bin/ran "$tree/build/$variant/unit/$(basename "$file" .c)"
	done
done

# step NAME: $work/ran is what ran in it, sorted.
step() {
	rm -f "$work/list"
	out=$(RAN="$work/list" PATH="$tree/bin:$PATH" "$tree/tests/run.sh" "$1" 2>&1)
	status=$?
	sort "$work/list" >"$work/ran"
	[ $status -eq 0 ] || echo "$out"
	return $status
}
# these WORD: the names on standard input, one a line, each a line of what is wanted. %: the name.
these() {
	tr -s ' \t' '\n' | sed "s|.*|$(echo "$1" | sed 's|%|\&|g')|" | sort
}
# all_of: every line of standard input ran.
all_of() {
	lost=$(comm -23 - "$work/ran")
	[ -z "$lost" ] || {
		echo "did not run:"
		echo "$lost"
		return 1
	}
}

targets_built() {
	make -n BUILD="$work/nothing" fuzzers | sed -n 's|.* LINK .*/release/fuzz/fuzz_||p' | sort >"$work/linked"
	echo "$FUZZ_TARGETS" | these % | diff - "$work/linked"
}
check 'make fuzzers builds the fuzz targets, and no other' targets_built

replayed() {
	step replay || return 1
	for variant in release asan; do
		echo "$FUZZ_TARGETS" | these "$variant/fuzz/fuzz_% tests/fuzz/corpus/%"
	done | sort | diff - "$work/ran"
}
check 'each is replayed, release and asan' replayed

fuzzed() {
	step fuzz || return 1
	sed 's/ .*//' "$work/ran" >"$work/names"
	echo "$FUZZ_TARGETS" | these fuzz/fuzz/fuzz_% | diff - "$work/names"
}
check 'each is fuzzed' fuzzed

units_asan() {
	step asan && for file in tests/unit/test_*.c; do
		echo "asan/unit/$(basename "$file" .c) "
	done | sort | diff - "$work/ran"
}
check 'every unit test runs under asan' units_asan

# That step has the end-to-end files of tsan, too.
step tsan >"$work/tsan.log"
tsan_status=$?
units_tsan() {
	cat "$work/tsan.log"
	[ $tsan_status -eq 0 ] && echo "$TSAN_UNITS" | these 'tsan/unit/test_% ' | all_of
}
check 'the unit tests with threads run under tsan' units_tsan
files_tsan() {
	[ $tsan_status -eq 0 ] && echo "$TSAN_FILES" | these 'e2e tsan tests/e2e/%.test.mjs' | all_of
}
check 'the end-to-end files that are to run under tsan do' files_tsan

step e2e >"$work/e2e.log"
e2e_status=$?
files_asan() {
	cat "$work/e2e.log"
	[ $e2e_status -eq 0 ] && echo "$ASAN_FILES" | these 'e2e asan tests/e2e/%.test.mjs' | all_of
}
check 'the end-to-end files that are to run under asan do' files_asan
files_release() {
	[ $e2e_status -eq 0 ] && for file in tests/e2e/*.test.mjs tests/e2e/browser/*.test.mjs tests/e2e/browser/*/*.test.mjs; do
		echo "e2e release $file"
	done | sort | all_of
}
check 'every end-to-end file runs with the release' files_release

plan
