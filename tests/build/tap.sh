# tap.sh: what the tests of this folder begin with; sourced by them:
#
#   . "$(dirname "$0")/tap.sh"
#   check 'the sky is blue' is_blue sky
#   …
#   plan
#
# They run in the root of the tree, with a folder of their own, $work, that is gone when they end.
# shellcheck shell=sh

cd "$(dirname "$0")/../.." || exit 2
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
n=0

# check NAME COMMAND...: one line of TAP; what a command that failed said follows.
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

plan() {
	echo "1..$n"
}

# stand_in NAME: a program in $work/bin that reads its body from stdin.
stand_in() {
	rm -f "$work/bin/$1"
	{
		echo '#!/bin/sh'
		cat
	} >"$work/bin/$1"
	chmod +x "$work/bin/$1"
}
