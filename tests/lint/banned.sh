#!/bin/sh
# banned.sh [ROOT]: no call of a function in banned.txt, and no // comment.

set -u
here=$(cd "$(dirname "$0")" && pwd)
cd "${1:-.}" || exit 2

find src include -name '*.[ch]' | LC_ALL=C sort | xargs awk -f "$here/code.awk" |
	awk -v rules="$here/banned.txt" '
BEGIN {
	while ((getline line < rules) > 0) {
		if (line ~ /^#/ || split(line, word, " ") < 3)
			continue
		n++
		name[n] = "^(" word[1] ")$"
		where[n] = "," word[2] ","
		why[n] = line
		sub(/^[^ ]+ +[^ ]+ +/, "", why[n])
	}
}
{
	split($0, at, ":")
	text = substr($0, length(at[1] at[2]) + 3)
	split(at[1], part, "/")
	if (text ~ /\/\//) {
		print at[1] ":" at[2] ": // comment: write /* */"
		failed = 1
	}
	while (match(text, /[A-Za-z_][A-Za-z0-9_]*[ \t]*\(/)) {
		call = substr(text, RSTART, RLENGTH - 1)
		before = RSTART > 1 ? substr(text, RSTART - 1, 1) : ""
		text = substr(text, RSTART + RLENGTH)
		sub(/[ \t]+$/, "", call)
		if (before == "." || before == ">")
			continue
		for (i = 1; i <= n; i++)
			if (call ~ name[i] && !index(where[i], "," part[2] ",")) {
				print at[1] ":" at[2] ": " call "(): " why[i]
				failed = 1
			}
	}
}
END { exit failed }
'
