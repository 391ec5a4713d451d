#!/bin/sh
# run.sh [LIBRARY]: every lint of this folder over the whole tree, and the proof that each can
# fail. Without LIBRARY the look at its data sections is left out. Prints what is wrong; the last
# line says how many checks passed and failed.

set -u
cd "$(dirname "$0")/../.." || exit 2
passed=0
failed=0

lint() {
	name=$1
	shift
	if out=$("$@" 2>&1); then
		passed=$((passed + 1))
		[ -z "$out" ] || echo "$out"
	else
		failed=$((failed + 1))
		echo "lint: $name failed"
		echo "$out"
	fi
}

lint layers tests/lint/layers.sh
lint banned tests/lint/banned.sh
lint sizes tests/lint/sizes.sh
lint words tests/lint/words.sh
lint blanks tests/lint/blanks.sh
lint format tests/lint/format.sh
lint scripts tests/lint/scripts.sh
lint cppcheck tests/lint/cppcheck.sh
[ $# -eq 0 ] || lint globals tests/lint/globals.sh "$1"
lint selftest tests/lint/selftest.sh

echo "lint: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
