#!/bin/sh
# scripts.sh [ROOT]: every shell script parses and shellcheck has nothing to say; every JavaScript
# file parses, as a module when its folder says so.

set -u
cd "${1:-.}" || exit 2
status=0
ours() {
	find scripts certs tests web .ci \( -name node_modules -o -name corpus \) -prune -o -type f "$@" -print \
		2>/dev/null | LC_ALL=C sort
}

for file in $(ours \( -name '*.sh' -o -path '.ci/run' -o -path 'scripts/rebind' \)); do
	shell="sh"
	head -n 1 "$file" | grep -q bash && shell="bash"
	"$shell" -n "$file" || status=1
	shellcheck -x -e SC1091,SC2015,SC2016,SC2059 -s "$shell" "$file" || status=1
done
for file in $(ours \( -name '*.js' -o -name '*.mjs' \)); do
	node --check "$file" || status=1
done
exit $status
