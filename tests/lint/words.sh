#!/bin/sh
# words.sh [ROOT]: nothing is left as a to-do, and no merge marker.

set -u
cd "${1:-.}" || exit 2
found=$(find . \( -name node_modules -o -name build -o -name .deps -o -name .git -o -path ./tests/lint \) \
	-prune -o -type f \( -name '*.[ch]' -o -name '*.js' -o -name '*.mjs' -o -name '*.html' \
	-o -name '*.css' -o -name '*.sh' -o -name '*.md' -o -name Makefile \) \
	-exec grep -nEI '\b(TODO|FIXME|XXX|HACK)\b|^(<<<<<<<|>>>>>>>) ' {} + | sed 's|^\./||')
[ -z "$found" ] || {
	echo "$found"
	exit 1
}
