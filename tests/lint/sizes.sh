#!/bin/sh
# sizes.sh [ROOT]: no file over 400 lines, no function over 80, half of all functions within 15.
# A function's size is the lines between its braces, which stand alone in the first column.

set -u
here=$(cd "$(dirname "$0")" && pwd)
cd "${1:-.}" || exit 2
FILE_MAX=400 FUNCTION_MAX=80 MEDIAN_MAX=15
status=0

sources=$(find src include tests/bench -name '*.[ch]' 2>/dev/null | LC_ALL=C sort)
# shellcheck disable=SC2086 # a list of names without blanks
for file in $sources; do
	lines=$(wc -l <"$file")
	if [ "$lines" -gt $FILE_MAX ]; then
		echo "$file:$lines: $lines lines; at most $FILE_MAX"
		status=1
	fi
done

# shellcheck disable=SC2086
awk -f "$here/code.awk" $sources /dev/null | awk '
{
	split($0, at, ":")
	text = substr($0, length(at[1] at[2]) + 3)
}
text ~ /^\{[ \t]*$/ { from = at[2] }
text ~ /^\}[ \t]*$/ && from { print at[2] - from - 1, at[1] ":" from; from = 0 }
' | sort -n | awk -v max=$FUNCTION_MAX -v median_max=$MEDIAN_MAX '
{
	size[NR] = $1
	if ($1 > max) {
		print $2 ": a function of " $1 " lines; at most " max
		failed = 1
	}
}
END {
	if (NR > 0) {
		median = size[int((NR + 1) / 2)]
		print "  " NR " functions, median " median " lines, longest " size[NR]
		if (median > median_max) {
			print "src: the median function has " median " lines; at most " median_max
			failed = 1
		}
	}
	exit failed
}' || status=1
exit $status
