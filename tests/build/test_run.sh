#!/bin/sh
# test_run.sh: what tests/run.sh promises: nothing that failed is counted as passed, nothing that
# did not run either, and the last line is the sum. Prints TAP. In a tree of its own whose make is a
# stand-in and whose test programs are small scripts.

set -u
# shellcheck source=tests/build/tap.sh
. "$(dirname "$0")/tap.sh"
unset BUILD FUZZ_SECONDS FUZZ_SEED JOBS MAKEFLAGS MAKELEVEL

tree=$work/tree
fresh() {
	rm -rf "$tree"
	mkdir -p "$tree/tests/unit" "$tree/tests/fuzz/corpus" "$tree/tests/e2e" "$tree/tests/build" "$tree/bin"
	cp tests/run.sh "$tree/tests/"
	printf '#!/bin/sh\necho "make $*" >>"%s"\nexit 0\n' "$work/made" >"$tree/bin/make"
	chmod +x "$tree/bin/make"
	: >"$work/made"
}

# unit NAME [VARIANT]: a unit test whose body comes from stdin.
unit() {
	: >"$tree/tests/unit/test_$1.c"
	program "$tree/build/${2:-release}/unit/test_$1"
}

run() {
	out=$(PATH="$tree/bin:$PATH" "$tree/tests/run.sh" "$@" 2>&1)
	status=$?
	printf 'exit %s:\n%s\n' "$status" "$out"
	last=$(printf '%s\n' "$out" | tail -n 1)
}
# ends LAST-LINE EXIT-CODE
ends() {
	[ "$last" = "$1" ] && [ "$status" -eq "$2" ]
}

all_pass() {
	fresh
	echo 'echo "ok 1 - a"; echo "ok 2 - b"' | unit a
	echo 'echo "ok 1 - c"' | unit b
	run unit
	ends '3 passed, 0 failed' 0
}
check 'passed tests are counted; the last line is "N passed, N failed"' all_pass

one_fails() {
	echo 'echo "ok 1 - a"; echo "not ok 2 - b"; echo "# because" ; exit 1' | unit a
	run unit
	ends '2 passed, 1 failed' 1 && echo "$out" | grep -q '^# because'
}
check 'a failed one is counted, shown, and exit 1' one_fails

crashes() {
	fresh
	# shellcheck disable=SC2016 # the dollars of the program
	echo 'echo "ok 1 - a"; kill -SEGV $$' | unit a
	run unit
	ends '1 passed, 1 failed' 1
}
check 'a crash after the last line is a failure' crashes

says_nothing() {
	fresh
	echo 'exit 0' | unit a
	run unit
	ends '0 passed, 1 failed' 1
}
check 'a program that names no test is a failure' says_nothing

is_not_there() {
	fresh
	: >"$tree/tests/unit/test_a.c"
	run unit
	ends '0 passed, 1 failed' 1
}
check 'a program that was not built is a failure' is_not_there

does_not_build() {
	fresh
	echo 'echo "ok 1 - a"' | unit a
	echo 'exit 2' | program "$tree/bin/make"
	run unit
	ends '0 passed, 1 failed' 1
}
check 'a build that fails is a failure' does_not_build

nothing_ran() {
	fresh
	run unit
	ends '0 passed, 0 failed' 1
}
check 'no test at all is a failure' nothing_ran

skipped() {
	fresh
	echo 'echo "ok 1 - a"; echo "ok 2 - b # SKIP no reason"' | unit a
	run unit
	ends '1 passed, 0 failed' 0
}
check 'a skipped test is not called passed' skipped

unknown_step() {
	fresh
	run nonsense
	[ "$status" -eq 2 ]
}
check 'a step nobody knows' unknown_step

# The sanitizers' builds are asked for, warnings are errors in all of them.
asks_for_variants() {
	fresh
	echo 'echo "ok 1 - a"' | unit a asan
	run asan
	cat "$work/made"
	ends '1 passed, 0 failed' 0 && grep -qE '^make .*ERR=1 .*variant=asan units$' "$work/made"
}
check 'step asan runs the programs of variant asan' asks_for_variants

with_threads() {
	fresh
	echo 'echo "ok 1 - a"' | unit a tsan
	echo 'echo "ok 1 - b"; exit 1' | unit b tsan
	echo '#include "io/loop.h"' >"$tree/tests/unit/test_a.c"
	run tsan
	ends '1 passed, 0 failed' 0
}
check 'step tsan runs the tests that have threads' with_threads

# Node's TAP, with the file and the binary it was given.
fake_node() {
	program "$tree/bin/node" <<'END'
while [ "${1#--}" != "$1" ]; do shift; done
echo "$WEBSPLICE_VARIANT $WEBSPLICE $*" >>"$TREE/node"
echo "ok 1 - e2e${NODE_SKIP-}"
echo "# pass ${NODE_PASS-1}"
echo "# fail ${NODE_FAIL-0}"
exit "${NODE_EXIT-0}"
END
	rm -f "$tree/node"
	export TREE="$tree"
}

marked_files() {
	fresh
	fake_node
	echo '/* no mark */' >"$tree/tests/e2e/plain.test.mjs"
	echo '/* variants: asan tsan */' >"$tree/tests/e2e/marked.test.mjs"
	mkdir -p "$tree/tests/e2e/node_modules/x"
	: >"$tree/tests/e2e/node_modules/x/foreign.test.mjs"
	run e2e
	ends '3 passed, 0 failed' 0 || return 1
	run tsan
	ends '1 passed, 0 failed' 0 || return 1
	sort "$tree/node" | tee "$work/got"
	cat >"$work/wanted" <<END
asan $tree/build/asan/websplice tests/e2e/marked.test.mjs
release $tree/build/release/websplice tests/e2e/marked.test.mjs
release $tree/build/release/websplice tests/e2e/plain.test.mjs
tsan $tree/build/tsan/websplice tests/e2e/marked.test.mjs
END
	cmp "$work/got" "$work/wanted"
}
check 'end to end: all files with release, the marked ones with asan and tsan' marked_files

node_fails() {
	fresh
	fake_node
	: >"$tree/tests/e2e/a.test.mjs"
	NODE_PASS=4 NODE_FAIL=2 NODE_EXIT=1
	export NODE_PASS NODE_FAIL NODE_EXIT
	run e2e
	ends '4 passed, 2 failed' 1 || return 1
	NODE_FAIL=0
	run e2e
	ends '4 passed, 1 failed' 1 || return 1
	NODE_PASS=0 NODE_EXIT=0
	run e2e
	ends '0 passed, 1 failed' 1
}
check 'end to end: failures are counted, a bad exit and no test at all are failures' node_fails
unset NODE_PASS NODE_FAIL NODE_EXIT

# Node leaves a suite that is skipped as a whole out of its sums.
suite_skipped() {
	fresh
	fake_node
	: >"$tree/tests/e2e/a.test.mjs"
	NODE_PASS=0 NODE_SKIP=' # SKIP not here'
	export NODE_PASS NODE_SKIP
	run e2e
	ends '0 passed, 0 failed' 1 || return 1 # nothing was tested at all
	echo "$out" | grep -q '^1 skipped$'
}
check 'end to end: a file whose suites are all skipped is no failure' suite_skipped
unset NODE_PASS NODE_SKIP

fuzz_each() {
	fresh
	for target in one two; do
		: >"$tree/tests/fuzz/fuzz_$target.c"
		mkdir -p "$tree/tests/fuzz/corpus/$target"
		# shellcheck disable=SC2016
		echo 'echo "$0 $*" >>"$TREE/fuzzed"' | program "$tree/build/fuzz/fuzz/fuzz_$target"
	done
	export TREE="$tree"
	run fuzz
	cat "$tree/fuzzed"
	ends '2 passed, 0 failed' 0 || return 1
	for target in one two; do
		grep -q "fuzz_$target .*-max_total_time=20 .*tests/fuzz/corpus/$target\$" "$tree/fuzzed" || return 1
	done
	echo 'exit 77' | program "$tree/build/fuzz/fuzz/fuzz_one"
	run fuzz
	ends '1 passed, 1 failed' 1
}
check 'every fuzz target is run for 20 s on its corpus; what it finds is a failure' fuzz_each

replay_each() {
	fresh
	: >"$tree/tests/fuzz/fuzz_one.c"
	for variant in release asan; do
		# shellcheck disable=SC2016
		echo '[ "$1" = tests/fuzz/corpus/one ]' | program "$tree/build/$variant/fuzz/fuzz_one"
	done
	run replay
	ends '2 passed, 0 failed' 0
}
check 'every corpus is replayed, release and asan' replay_each

# make check is all steps, and CI is make check; setup comes before either.
all_steps() {
	steps=$(sed -n 's/^\[ \$# -gt 0 \] || set -- //p' tests/run.sh)
	echo "steps: $steps"
	[ "$steps" = 'lint build unit asan replay fuzz tsan e2e' ] || return 1
	[ "$(make -n check | grep -vc '^make\[')" -eq 2 ] &&
		[ "$(make -n check | tail -n 2 | head -n 1)" = 'scripts/setup.sh test' ] &&
		make -n check | tail -n 1 | grep -q 'tests/run\.sh$'
}
check 'make check is setup.sh test and all steps' all_steps

# With stand-ins for both: what CI runs last is make check, and its exit code is CI's.
ci() {
	fresh
	mkdir -p "$tree/.ci"
	cp .ci/run "$tree/.ci/run"
	echo 'echo "setup $*"' | program "$tree/scripts/setup.sh"
	echo 'echo "make $*"; echo "1 passed, 2 failed"; exit 5' | program "$tree/bin/make"
	out=$(PATH="$tree/bin:$PATH" "$tree/.ci/run")
	status=$?
	echo "$status $out"
	[ "$status" -eq 5 ] && [ "$out" = "setup build
make check
1 passed, 2 failed" ]
}
check '.ci/run is make check, last line and exit code' ci

plan
