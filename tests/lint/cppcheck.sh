#!/bin/sh
# cppcheck.sh [ROOT]: cppcheck finds nothing in src/.

set -u
cd "${1:-.}" || exit 2
cppcheck --quiet --std=c11 --language=c --enable=warning,performance,portability \
	--inline-suppr --suppress=missingIncludeSystem --error-exitcode=1 -j 2 \
	-D_GNU_SOURCE -D__linux__ -Iinclude src
