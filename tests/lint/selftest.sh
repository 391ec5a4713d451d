#!/bin/sh
# selftest.sh: proves that every lint can fail. In a small tree of its own each lint passes; then
# one violation at a time is planted and the lint must fail and name the file.

set -u
here=$(cd "$(dirname "$0")" && pwd)
tree=$(mktemp -d) || exit 2
trap 'rm -rf "$tree"' EXIT
trap 'exit 1' HUP INT TERM
status=0

# A tree that every lint accepts.
fresh() {
	rm -rf "${tree:?}"/*
	mkdir -p "$tree/src/base" "$tree/src/wire" "$tree/src/io" "$tree/include/base" \
		"$tree/include/wire" "$tree/include/io" "$tree/scripts" "$tree/tests" "$tree/web"
	cp "$here/../../.clang-format" "$tree/"
	printf 'int num_add(int a, int b);\n' >"$tree/include/base/num.h"
	printf 'int io_one(void);\n' >"$tree/include/io/one.h"
	printf '#include "base/num.h"\n\n' >"$tree/src/base/num.c"
	printf '/* strcpy(a, b) in a comment is fine. */\nint num_add(int a, int b)\n{\n\treturn a + b;\n}\n' \
		>>"$tree/src/base/num.c"
	printf '#include "base/num.h"\n#include <llhttp.h>\n' >"$tree/src/wire/head.c"
	printf '#include <uv.h>\n#include "base/num.h"\n' >"$tree/src/io/loop.c"
	printf '#!/bin/sh\necho "fine"\n' >"$tree/scripts/fine.sh"
	printf 'export const one = 1;\n' >"$tree/web/one.mjs"
}

# accepts LINT
accepts() {
	fresh
	out=$("$here/$1.sh" "$tree" 2>&1) && return
	echo "selftest: $1 refuses a tree that is fine: $out"
	status=1
}

# refuses LINT FILE TEXT: with TEXT at the end of FILE the lint fails and names FILE.
refuses() {
	fresh
	printf "$3\n" >>"$tree/$2"
	if out=$("$here/$1.sh" "$tree" 2>&1); then
		echo "selftest: $1 accepts in $2: $(printf "%.70s" "$3" | tr "\n" " ")"
		status=1
	elif ! printf '%s\n' "$out" | grep -qF "$2"; then
		echo "selftest: $1 does not name $2: $out"
		status=1
	fi
}

lines() {
	i=0
	while [ $i -lt "$1" ]; do
		printf '%s' "$2"
		i=$((i + 1))
	done
}

accepts layers
refuses layers src/base/num.c '#include "io/one.h"'
refuses layers src/wire/head.c '#include "io/one.h"'
refuses layers src/wire/head.c '#include <uv.h>'
refuses layers src/io/loop.c '#include <llhttp.h>'
refuses layers src/io/loop.c '#include <mbedtls/sha1.h>'
refuses layers src/base/num.c '#include <openssl/ssl.h>'
refuses layers src/base/num.c '#include "../io/one.h"'
refuses layers src/base/num.c '#include "nowhere.h"'
refuses layers src/base/num.c '#  include "io/one.h"'
refuses layers include/base/num.h '#include "wire/head.h"'
refuses layers src/extra.c 'int extra;'

accepts banned
for call in 'strcpy(a, b)' 'strcat(a, b)' 'sprintf(a, b)' 'vsprintf(a, b, c)' 'strtok(a, b)' \
	'strncpy(a, b, 1)' 'gets(a)' 'sscanf(a, b)' 'fscanf(a, b)' 'atoi(a)' 'alloca(9)' 'rand()' \
	'uv_now(a)' 'socket(1, 2, 3)' 'time(0)' 'assert(a)' 'strcpy (a, b)'; do
	refuses banned src/base/num.c "int f(void)\n{\n\treturn !!$call;\n}"
done
refuses banned src/base/num.c '// a comment of the other kind'
refuses banned include/base/num.h 'static inline int f(char *a) { return atoi(a); }'

accepts sizes
refuses sizes src/base/num.c "void f(void)\n{\n$(lines 81 '\tnum_add(1, 2);\n')}"
refuses sizes src/base/num.c "$(lines 400 '\n')"
fresh
printf 'void f(void)\n{\n%b}\n' "$(lines 20 '\tnum_add(1, 2);\n')" >"$tree/src/base/num.c"
if "$here/sizes.sh" "$tree" >/dev/null 2>&1; then
	echo "selftest: sizes accepts a median of 20 lines"
	status=1
fi

accepts words
refuses words src/base/num.c '/* TO''DO: later */'
refuses words web/one.mjs '// FIX''ME'

accepts blanks
refuses blanks src/base/num.c "int trailing; "
refuses blanks web/one.mjs "const two = 2;\r"
refuses blanks scripts/fine.sh "\t"
accepts format
refuses format src/base/num.c 'int   badly( int a );'

accepts scripts
refuses scripts scripts/fine.sh 'if then'
refuses scripts scripts/fine.sh 'echo $unquoted*'
refuses scripts web/one.mjs 'const = 1;'

accepts cppcheck
refuses cppcheck src/base/num.c 'int g(void)\n{\n\tint a[2];\n\treturn a[3];\n}'

# globals looks at objects.
printf 'int (*const table[])(void) = {0};\nconst int fixed = 3;\n' >"$tree/fine.c"
printf 'static int counter = 1;\nint next(void)\n{\n\treturn counter++;\n}\n' >"$tree/bad.c"
for kind in fine bad; do
	${CC:-gcc} -fPIE -c "$tree/$kind.c" -o "$tree/$kind.o" && ar rcs "$tree/$kind.a" "$tree/$kind.o"
done
if ! "$here/globals.sh" "$tree/fine.a" >/dev/null; then
	echo "selftest: globals refuses constants"
	status=1
fi
if "$here/globals.sh" "$tree/bad.a" >/dev/null; then
	echo "selftest: globals accepts a writable global"
	status=1
fi

exit $status
