#!/bin/sh
# coverage.sh: runs the unit tests of the cov variant and prints how much of each file and folder
# of src/ they run: lines, and branches taken. The figures alone, no verdict.

set -u
cd "$(dirname "$0")/.." || exit 2
BUILD=${BUILD:-build}
dir=$BUILD/cov

make -s BUILD="$BUILD" variant=cov units >/dev/null || exit 1
find "$dir" -name '*.gcda' -delete
for file in tests/unit/test_*.c; do
	name=${file##*/}
	name=${name%.c}
	timeout 300 "$dir/unit/$name" >/dev/null 2>&1 || echo "$name failed" >&2
done

find "$dir/obj/src" -name '*.gcno' | while read -r notes; do
	gcov -b -n "$notes" 2>/dev/null
done | awk '
/^File / { file = $0; gsub(/^File .|.$/, "", file); sub(/^\.\//, "", file); next }
function part(line, at) {
	split(line, at, /[:%]/)
	share = at[2]
	sub(/.* of /, "", line)
	return share * line / 100
}
file !~ /^src\// { next }
/^Lines executed/ { ran[file] = part($0); n = $0; sub(/.* of /, "", n); lines[file] = n }
/^Taken at least once/ { took[file] = part($0); n = $0; sub(/.* of /, "", n); ways[file] = n }
/^$/ { file = "" }
END {
	for (f in lines) {
		split(f, at, "/")
		d = "src/" at[2] "/"
		ran[d] += ran[f]; lines[d] += lines[f]; took[d] += took[f]; ways[d] += ways[f]
	}
	for (f in lines)
		printf "%-32s %5.1f %% of %4d lines  %5.1f %% of %4d branches\n", f,
			100 * ran[f] / lines[f], lines[f], ways[f] ? 100 * took[f] / ways[f] : 100, ways[f]
}' | LC_ALL=C sort
