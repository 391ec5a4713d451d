#!/bin/sh
# layers.sh [ROOT]: every #include stays within layers.txt, and layers.txt has no cycle.
# Prints FILE:LINE: what is wrong; exit 1 if anything is.

set -u
rules=$(cd "$(dirname "$0")" && pwd)/layers.txt
cd "${1:-.}" || exit 2

status=0
if ! awk -F: '!/^#/ && NF > 1 && $1 != "libc" {
	n = split($2, to, " ")
	for (i = 1; i <= n; i++)
		if (to[i] !~ /^</)
			print $1, to[i]
}' "$rules" | tsort >/dev/null; then
	echo "tests/lint/layers.txt: the layers form a cycle"
	status=1
fi

find src include -name '*.[ch]' | LC_ALL=C sort | xargs awk -v rules="$rules" '
function allowed(name, list, i, n, at) {
	n = split(list, at, " ")
	for (i = 1; i <= n; i++) {
		if (name == at[i])
			return 1
		if (at[i] ~ /\/$/ && index(name, at[i]) == 1)
			return 1
	}
	return 0
}
function bad(text) {
	print FILENAME ":" FNR ": " text
	failed = 1
}
BEGIN {
	while ((getline line < rules) > 0) {
		if (line ~ /^#/ || line !~ /:/)
			continue
		key = line
		sub(/:.*/, "", key)
		sub(/^[^:]*:/, "", line)
		gsub(/[<>]/, "", line)
		may[key] = may[key] " " line
	}
}
FNR == 1 {
	split(FILENAME, part, "/")
	folder = part[2]
	if (!(folder in may))
		bad("folder " folder " is not in layers.txt")
}
/^[ \t]*#[ \t]*include/ {
	name = $0
	if (match(name, /"[^"]*"/)) {
		name = substr(name, RSTART + 1, RLENGTH - 2)
		n = split(name, to, "/")
		if (name ~ /\.\./ || n > 2)
			bad("include \"" name "\": write folder/noun.h")
		else if (n == 1) {
			beside = FILENAME
			sub(/[^\/]*$/, name, beside)
			if (FILENAME ~ /^include\// || (getline probe < beside) < 0)
				bad("include \"" name "\": not a private header beside this file")
			close(beside)
		} else if (to[1] != folder && !allowed(to[1], may[folder]))
			bad(folder " may not include " to[1] " (\"" name "\")")
		next
	}
	if (match(name, /<[^>]*>/)) {
		name = substr(name, RSTART + 1, RLENGTH - 2)
		if (!allowed(name, may["libc"]) && !allowed(name, may[folder]))
			bad(folder " may not include <" name ">")
		next
	}
	bad("include of something that is neither <x> nor \"x\"")
}
END { exit failed }
' || status=1
exit $status
