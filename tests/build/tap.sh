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

# program FILE: an executable file, its body from stdin, in place of what was there.
program() {
	mkdir -p "$(dirname "$1")"
	rm -f "$1"
	{
		echo '#!/bin/sh'
		cat
	} >"$1"
	chmod +x "$1"
}

# stand_in NAME: a program in $work/bin.
stand_in() {
	program "$work/bin/$1"
}
