#!/bin/sh
# Prints the version: the nearest tag v* when this is a git checkout that has one, else what
# the file VERSION says.

here=$(cd "$(dirname "$0")/.." && pwd) || exit 1
described=
if [ -e "$here/.git" ]; then
	described=$(git -C "$here" describe --tags --match 'v[0-9]*' 2>/dev/null)
fi
if [ -n "$described" ]; then
	echo "${described#v}"
else
	cat "$here/VERSION"
fi
