#!/bin/sh
# cppcheck.sh [ROOT]: cppcheck finds nothing in src/. Leaks are AddressSanitizer's to find: cppcheck
# takes a pointer that went into a compound literal for lost.

set -u
cd "${1:-.}" || exit 2
cppcheck --quiet --std=c11 --language=c --enable=warning,performance,portability \
	--inline-suppr --suppress=memleak --suppress=missingIncludeSystem --suppress=normalCheckLevelMaxBranches \
	--error-exitcode=1 -j 2 \
	-D_GNU_SOURCE -D__linux__ -Iinclude src
