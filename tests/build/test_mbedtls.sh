#!/bin/sh
# test_mbedtls.sh: what scripts/mbedtls.sh promises of the library it builds, and that
# make MBEDTLS=system does without it. Prints TAP. Fetches nothing.

set -u
# shellcheck source=tests/build/tap.sh
. "$(dirname "$0")/tap.sh"

# Run by itself after a change, it starts from what make would build.
scripts/setup.sh build || exit 2

# A second build of the same, in a tree of its own with a blank in its name: not one byte differs.
same_again() {
	again="$work/a blank"
	mkdir -p "$again/src" "$again/.deps" && cp -R scripts "$again/" && cp -R src/crypt "$again/src/" &&
		cp -R .deps/source "$again/.deps/" && "$again/scripts/mbedtls.sh" || return 1
	diff -r .deps/mbedtls "$again/.deps/mbedtls"
}
check 'the same source and configuration make the same bytes, wherever' same_again

# Each thing our configuration leaves out or brings in, by a name that only it has.
has() {
	nm "$1" 2>/dev/null | grep -qE " [TDRBb] $2\$" && return 0
	echo "no $2"
	return 1
}
configured() {
	lib=.deps/mbedtls/lib/libmbedtls.a
	for symbol in mbedtls_ssl_renegotiate mbedtls_ssl_conf_dtls_anti_replay mbedtls_ssl_cache_init \
		mbedtls_ssl_cookie_setup mbedtls_dhm_init mbedtls_ecjpake_init mbedtls_camellia_init \
		mbedtls_aria_init mbedtls_ccm_init mbedtls_ripemd160 mbedtls_sha3 mbedtls_lms_verify \
		mbedtls_net_connect psa_its_set mbedtls_debug_set_threshold mbedtls_x509write_csr_pem; do
		if has "$lib" $symbol; then
			echo "$symbol is there"
			return 1
		fi
	done
	for symbol in mbedtls_x25519_calc_secret mbedtls_mutex_init mbedtls_pem_write_buffer \
		mbedtls_x509write_crt_pem mbedtls_x509_crl_parse mbedtls_pkcs12_pbe_ext mbedtls_pkcs5_pbes2_ext \
		mbedtls_des3_set3key_dec mbedtls_md5 mbedtls_ssl_ticket_setup mbedtls_ssl_conf_alpn_protocols \
		mbedtls_ssl_set_hostname mbedtls_aesni_crypt_ecb mbedtls_gcm_self_test; do
		case $symbol in *aesni*) [ "$(uname -m)" = x86_64 ] || continue ;; esac
		has "$lib" $symbol || return 1
	done
}
check 'our configuration is what was built' configured

# The AES-GCM of the library is there under other names only; ours takes its place.
gives_way() {
	lib=.deps/mbedtls/lib/libmbedtls.a
	[ "$(uname -m)" = x86_64 ] || return 0
	has "$lib" gcm_portable_crypt_and_tag && ! has "$lib" mbedtls_gcm_crypt_and_tag
}
check 'its AES-GCM gives way to ours' gives_way

tree=$work/tree
mkdir -p "$tree/src"
cp -R scripts "$tree/" && cp -R src/crypt "$tree/src/"
mkdir "$tree/.deps" && cp -R .deps/mbedtls "$tree/.deps/"

stale_when_changed() {
	"$tree/scripts/mbedtls.sh" --fresh || return 1
	for file in scripts/mbedtls.sh src/crypt/mbedtls_user_config.h src/crypt/gcm_alt.h; do
		cp "$tree/$file" "$work/kept"
		echo >>"$tree/$file"
		"$tree/scripts/mbedtls.sh" --fresh && return 1
		cp "$work/kept" "$tree/$file"
		"$tree/scripts/mbedtls.sh" --fresh || return 1
	done
	mv "$tree/.deps/mbedtls/lib" "$work/lib"
	"$tree/scripts/mbedtls.sh" --fresh && return 1
	mv "$work/lib" "$tree/.deps/mbedtls/lib"
}
check 'it is stale when the configuration or the script changed, or it is gone' stale_when_changed

broken() {
	out=$("$tree/scripts/mbedtls.sh" 2>&1)
	status=$?
	echo "exit $status: $out"
	[ $status -eq 1 ] && [ "$(echo "$out" | tail -n 1)" = "setup: Mbed TLS: could not unpack .deps/source" ] &&
		[ "$(ls -A "$tree/.deps")" = "$1" ] && "$tree/scripts/mbedtls.sh" --fresh
}
broken_source() {
	broken mbedtls || return 1
	mkdir "$tree/.deps/source"
	head -c 10000 .deps/source/mbedtls_*.orig.tar.* >"$tree/.deps/source/mbedtls_3.orig.tar.bz2"
	cp .deps/source/mbedtls_*.debian.tar.* "$tree/.deps/source/"
	broken "mbedtls
source"
}
check 'no source, or half of it: says so, and what is there stays' broken_source

usage() {
	scripts/mbedtls.sh --nonsense
	[ $? -eq 2 ]
}
check 'usage' usage

the_systems() {
	MBEDTLS=system scripts/setup.sh build || return 1
	set -- test_ws_key test_gcm test_gcm_wiped test_chachapoly test_x25519 test_tls_records test_tls_wire \
		test_tls_link test_tls_asks test_tls_scarce
	targets=$work/build/debug/websplice
	for test; do
		targets="$targets $work/build/debug/unit/$test"
	done
	# shellcheck disable=SC2086 # a list of words
	make -s -j2 MBEDTLS=system variant=debug ERR=1 BUILD="$work/build" $targets || return 1
	"$work/build/debug/websplice" --version | grep -q 'Mbed TLS 3\.[0-9.]* of the system)$' || return 1
	for test; do
		"$work/build/debug/unit/$test" || return 1
	done
}
check 'make MBEDTLS=system: a proxy with the library of the distribution as it is' the_systems

# Other people's TLS on both sides of it: this library has all that ours leaves out, so what is not to be
# spoken is up to the proxy alone.
the_systems_speaks() {
	scripts/setup.sh test || return 1
	for test in tls tls_target; do
		WEBSPLICE=$work/build/debug/websplice WEBSPLICE_VARIANT=debug WEBSPLICE_TOOLS=$work/none \
			node --test-reporter=tap "tests/e2e/$test.test.mjs" || return 1
	done
}
check 'and it speaks TLS as the other one does' the_systems_speaks

# The makes that make check starts must link what make would: the choice goes down as it was made.
handed_down() {
	want=$1
	shift
	got=$(unset MAKEFLAGS MAKELEVEL MBEDTLS MBEDTLS_LIBS && make -s -f "$work/handed.mk" "$@" handed)
	echo "make $*: $got, not $want"
	[ "$got" = "$want" ]
}
the_choice() {
	# shellcheck disable=SC2016 # make's
	printf 'include Makefile\nhanded:\n\t@echo "$$MBEDTLS"\n' >"$work/handed.mk"
	handed_down own && handed_down system MBEDTLS=system && handed_down own MBEDTLS=own &&
		handed_down system MBEDTLS_LIBS=-lmbedtls
}
check 'own unless asked for the system'"'"'s or given libraries, and so handed down' the_choice

wrong_word() {
	out=$(make MBEDTLS=mine help 2>&1)
	status=$?
	echo "$out"
	[ $status -ne 0 ] && echo "$out" | grep -q 'MBEDTLS is own or system'
}
check 'another word is an error' wrong_word

plan
