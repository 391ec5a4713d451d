#!/bin/sh
# blanks.sh [ROOT]: what .editorconfig asks of every text file of ours: no blank at the end of a
# line, lines end in LF, and so does the file.

set -u
cd "${1:-.}" || exit 2
ours() {
	find . \( -name node_modules -o -name build -o -name .deps -o -name .git -o -name corpus \) -prune -o \
		-type f \( -name '*.[ch]' -o -name '*.js' -o -name '*.mjs' -o -name '*.html' -o -name '*.css' \
		-o -name '*.sh' -o -name '*.md' -o -name '*.[1-9]' -o -name Makefile -o -path ./.ci/run \) -print |
		LC_ALL=C sort
}
bad=$(
	ours | xargs grep -nE "[ 	$(printf '\r')]\$"
	ours | while read -r file; do
		[ -z "$(tail -c 1 "$file")" ] || echo "$file: no LF at the end"
	done
)
[ -z "$bad" ] || {
	echo "$bad" | sed 's|^\./||'
	exit 1
}
