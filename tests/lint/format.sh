#!/bin/sh
# format.sh [ROOT]: clang-format would change nothing.

set -u
cd "${1:-.}" || exit 2
find src include tests -name '*.[ch]' ! -path '*/node_modules/*' | LC_ALL=C sort |
	xargs clang-format --dry-run --Werror 2>&1 | grep -E '^[^ ].*: error:' && exit 1
exit 0
