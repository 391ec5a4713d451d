#!/bin/sh
# test_run.sh: the runner of the tests tells the truth. Prints TAP. In a tree of its own, with a
# make that does as it is told and test programs that are three lines of shell.

set -u
cd "$(dirname "$0")/../.." || exit 2
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
unset BUILD JOBS FUZZ_SECONDS
n=0

check() {
	n=$((n + 1))
	name=$1
	shift
	if "$@" >"$work/out" 2>&1; then
		echo "ok $n - $name"
	else
		echo "not ok $n - $name"
		sed 's/^/# /' "$work/out"
	fi
}

# A tree with one unit test, one fuzz target and one end-to-end file, all in order.
fresh() {
	tree=$work/tree
	rm -rf "$tree"
	mkdir -p "$tree/tests/unit" "$tree/tests/fuzz/corpus/f" "$tree/tests/e2e" "$tree/bin"
	cp tests/run.sh "$tree/tests/"
	: >"$tree/tests/unit/test_a.c"
	: >"$tree/tests/fuzz/fuzz_f.c"
	printf '/* variants: asan tsan */\nimport test from "node:test";\ntest("fine", () => {});\n' \
		>"$tree/tests/e2e/a.test.mjs"
	for variant in release asan tsan fuzz; do
		mkdir -p "$tree/build/$variant/unit" "$tree/build/$variant/fuzz"
		program "build/$variant/unit/test_a" 'echo 1..2; echo "ok 1 - x"; echo "ok 2 - y"'
		program "build/$variant/fuzz/fuzz_f" 'exit 0'
	done
	program bin/make 'case " $* " in *" lint "*) echo "lint: 3 passed, 0 failed" ;; esac'
}

# program FILE BODY
program() {
	printf '#!/bin/sh\n%s\n' "$2" >"$tree/$1"
	chmod +x "$tree/$1"
}

# ends STATUS LINE STEP...: the run exits so and its last line is that.
ends() {
	status=$1 line=$2
	shift 2
	out=$(PATH="$tree/bin:$PATH" "$tree/tests/run.sh" "$@" 2>&1)
	got=$?
	echo "$out"
	echo "exit $got"
	[ $got -eq "$status" ] && [ "$(echo "$out" | tail -n 1)" = "$line" ]
}

fresh
check 'adds up what passed' ends 0 '3 passed, 0 failed' lint
check 'unit tests one by one' ends 0 '2 passed, 0 failed' unit
check 'everything at once' ends 0 '13 passed, 0 failed' lint unit asan replay fuzz tsan e2e

fresh
program build/release/unit/test_a 'echo "ok 1 - x"; echo "not ok 2 - y"; exit 1'
check 'a failed test' ends 1 '1 passed, 1 failed' unit

fresh
program build/release/unit/test_a 'echo "ok 1 - x"; kill -SEGV $$'
check 'a crash' ends 1 '1 passed, 1 failed' unit

fresh
program build/release/unit/test_a 'echo "ok 1 - x"; echo "ok 2 - y"; echo leak >&2; exit 23'
check 'a sanitizer that speaks at the end' ends 1 '2 passed, 1 failed' unit

fresh
program build/release/unit/test_a 'exit 0'
check 'a program without a test' ends 1 '0 passed, 1 failed' unit

fresh
rm "$tree/build/release/unit/test_a"
check 'a program that is not there' ends 1 '0 passed, 1 failed' unit

fresh
program build/release/unit/test_a 'echo "ok 1 - x"; echo "ok 2 - y # SKIP"'
check 'what is skipped has not passed' ends 0 '1 passed, 0 failed, 1 skipped' unit

fresh
program bin/make 'echo "undefined reference"; exit 2'
check 'a build that fails' ends 1 '0 passed, 1 failed' unit
check 'a lint that does not come to its end' ends 1 '0 passed, 1 failed' lint

fresh
program bin/make 'echo "lint: 2 passed, 1 failed"; exit 2'
check 'a failed lint' ends 1 '2 passed, 1 failed' lint

fresh
program build/asan/fuzz/fuzz_f 'exit 1'
check 'a corpus file that fails under ASan' ends 1 '1 passed, 1 failed' replay

fresh
program build/fuzz/fuzz/fuzz_f 'exit 77'
check 'a crash the fuzzer finds' ends 1 '0 passed, 1 failed' fuzz

fresh
printf 'import test from "node:test";\ntest("bad", () => { throw Error(); });\ntest("fine", () => {});\n' \
	>"$tree/tests/e2e/b.test.mjs"
check 'a failed end-to-end test, with the binary of the variants that are named' \
	ends 1 '3 passed, 1 failed' e2e

fresh
printf 'syntax error' >"$tree/tests/e2e/b.test.mjs"
check 'an end-to-end file that does not load' ends 1 '2 passed, 1 failed' e2e

fresh
check 'a step that does not exist' ends 2 'run.sh: no step is called nonsense' nonsense

echo "1..$n"
