#!/bin/sh
# Builds Mbed TLS from the distribution's source package into .deps/mbedtls/: its headers and one
# static library, with the configuration of src/crypt/. scripts/setup.sh fetches the source
# into .deps/source/ and calls this; about ten seconds on two processors, and offline.
#
#   scripts/mbedtls.sh [DIR]      builds, into DIR instead of .deps/mbedtls if one is named
#   scripts/mbedtls.sh --fresh    exit code 0 when what is there was made from these very files
#
# The same source, configuration and compiler make the same bytes, wherever that happens.

set -u
cd "$(dirname "$0")/.." || exit 1
into=.deps/mbedtls
source=.deps/source

die() {
	echo "setup: Mbed TLS: $*" >&2
	exit 1
}

# What decides how the library comes out, beside its source. Copies are kept with it.
config='src/crypt/mbedtls_user_config.h src/crypt/gcm_alt.h src/crypt/chachapoly_alt.h'
inputs="scripts/mbedtls.sh $config"

fresh() {
	[ -f "$into/lib/libmbedtls.a" ] || return 1
	for file in $inputs; do
		cmp -s "$file" "$into/from/${file##*/}" || return 1
	done
}

unpack() {
	mkdir "$work/tree" || die "could not write $work"
	tar -xf "$source"/mbedtls_*.orig.tar.* -C "$work/tree" --strip-components=1 &&
		tar -xf "$source"/mbedtls_*.debian.tar.* -C "$work/tree" || die "could not unpack $source"
	grep -v '^ *\(#\|$\)' "$work/tree/debian/patches/series" >"$work/series"
	while read -r name _; do
		patch -s -p1 -d "$work/tree" <"$work/tree/debian/patches/$name" >&2 ||
			die "Debian's patch $name does not apply"
	done <"$work/series"
	grep -q '^#define MBEDTLS_VERSION_STRING  *"3\.6\.' "$work/tree/include/mbedtls/build_info.h" ||
		die "the source in $source is not Mbed TLS 3.6"
}

# gcc_takes OPTION...: those of them this compiler has for this machine.
gcc_takes() {
	for option; do
		gcc -Werror "$option" -x c -c /dev/null -o /dev/null 2>/dev/null && printf '%s ' "$option"
	done
}

# compile OPTION FILE...: into the current folder, several at once.
compile() {
	cpus=$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1) option=$1
	shift
	# shellcheck disable=SC2086 # lists of words
	printf '%s\n' "$@" | xargs -d '\n' -n 4 -P "$cpus" gcc -c -std=gnu11 -O2 "$option" -g -fPIE $hardening \
		-fno-omit-frame-pointer -ffile-prefix-map="$tree"=/mbedtls "-ffile-prefix-map=$work/obj=/mbedtls" \
		-D_GNU_SOURCE '-DMBEDTLS_USER_CONFIG_FILE="mbedtls_user_config.h"' \
		-I "$tree/include" -I "$tree/library" -I "$everest/include" -I "$everest/include/everest" \
		-I "$everest/include/everest/kremlib"
}

build() {
	tree=$work/tree everest=$work/tree/3rdparty/everest
	hardening="-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3 -fstack-protector-strong $(gcc_takes \
		-fstack-clash-protection -fcf-protection)"
	mkdir "$work/obj"
	# shellcheck disable=SC2086 # a list of words
	cp $config "$tree/include/" || exit 1
	(
		cd "$work/obj" || exit 1
		compile -DWEBSPLICE_PORTABLE "$tree"/library/gcm.c "$tree"/library/chachapoly.c || exit 1
		mv gcm.o gcm_portable.o && mv chachapoly.o chachapoly_portable.o
		compile -O2 "$tree"/library/*.c "$everest"/library/everest.c "$everest"/library/x25519.c || exit 1
		compile -O3 "$everest"/library/Hacl_Curve25519_joined.c || exit 1
		compile -Dmbedtls_ecp_mul=x25519_ecp_mul "$tree"/library/psa_crypto_ecp.c || exit 1
		rm -f libmbedtls.a && LC_ALL=C ar rcsD libmbedtls.a ./*.o
	) || die "the library does not compile"
}

# All or nothing: what is there is replaced when everything is.
install() {
	new=$work/new
	# shellcheck disable=SC2086 # lists of words
	mkdir -p "$new/lib" "$new/from" "$new/include/everest" &&
		cp -R "$tree/include/mbedtls" "$tree/include/psa" "$new/include/" &&
		cp -R "$everest/include/everest/." "$new/include/everest/" &&
		cp $config "$new/include/" && cp $inputs "$new/from/" &&
		cp "$work/obj/libmbedtls.a" "$new/lib/" || die "could not write $work"
	rm -rf "$into" && mkdir -p "$(dirname "$into")" && mv "$new" "$into" || die "could not write $into"
}

case ${1-} in
--fresh)
	fresh
	exit
	;;
-*)
	echo "usage: scripts/mbedtls.sh [--fresh|DIR]" >&2
	exit 2
	;;
esac
into=${1:-$into}
mkdir -p .deps && work=$(mktemp -d "$PWD/.deps/.build.XXXXXX") || die "no temporary folder"
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
unpack
build
install
