#!/bin/sh
# test_setup_deps.sh: what scripts/setup.sh does about llhttp and Mbed TLS on Debian 12 and 13, and
# what a run costs that has nothing to do. Prints TAP. Nothing is installed, fetched or built: apt-get,
# dpkg-deb, npm, mbedtls.sh and the rest are stand-ins, and the copy of setup.sh reads which Debian it
# is on from a file of ours.

set -u
# shellcheck source=tests/build/tap.sh
. "$(dirname "$0")/tap.sh"

# A keyring is needed, though nothing is verified with it here: ours stands for the system's.
: >"$work/keyring.gpg"

# tree DEBIAN: a copy without .deps/ that believes to be on that Debian.
tree=$work/tree
on_debian() {
	rm -rf "$tree" "${work:?}/bin"
	mkdir -p "$tree/scripts" "$work/bin"
	echo "VERSION_ID=\"$1\"" >"$work/os-release"
	sed "s|/etc/os-release|$work/os-release|; s|^\(	keyring=\).*|\1$work/keyring.gpg|" scripts/setup.sh \
		>"$tree/scripts/setup.sh"
	chmod +x "$tree/scripts/setup.sh"
	for command in sh dirname id sed cat tr cp cmp mkdir mktemp chmod chown rm mv sort env flock ls grep; do
		ln -s "$(command -v "$command")" "$work/bin/$command"
	done
	# shellcheck disable=SC2016 # the stand-in's dollars
	for command in gcc make pkg-config bzip2 xz patch node npm; do
		echo 'echo "unasked: $0 $*" >>"$ASKED"; exit 1' | stand_in "$command"
	done
	apt_stand_in
	dpkg_stand_in
	mbedtls_stand_in
	: >"$work/asked"
}

# What is built is there, and fresh as long as what it was made from is.
mbedtls_stand_in() {
	cat >"$tree/scripts/mbedtls.sh" <<'END'
#!/bin/sh
cd "$(dirname "$0")/.." || exit 1
case ${1-} in
--fresh) [ -e .deps/mbedtls/lib.a ] && [ ! -e .deps/changed ] ;;
*)
	echo "mbedtls.sh $(ls .deps/source | tr '\n' ' ')" >>"$ASKED"
	rm -f .deps/changed
	mkdir -p .deps/mbedtls && : >.deps/mbedtls/lib.a
	;;
esac
END
	chmod +x "$tree/scripts/mbedtls.sh"
}

# The system's apt knows a mirror with three suites, and one that is not Debian's.
apt_stand_in() {
	stand_in apt-get <<'END'
echo "apt-get $*" >>"$ASKED"
list=
for word; do
	case $word in Dir::Etc::sourcelist=*) list=${word#*=} ;; esac
done
case " $* " in
*" indextargets "*)
	[ -z "${UNKNOWN-}" ] || [ -e "$UNKNOWN" ] || exit 0
	echo "$SUITE stable http://mirror.example/debian/"
	echo "$SUITE stable http://mirror.example/debian/"
	echo "$SUITE-updates oldstable-updates http://mirror.example/debian/"
	echo "$SUITE-security $SUITE-security http://security.example/debian-security/"
	echo 'jammy jammy http://other.example/ubuntu/'
	;;
*" update "*)
	[ -n "$list" ] || { : >"${UNKNOWN:-/dev/null}"; exit 0; }
	cat "$list" >"$SOURCES" || exit 100
	;;
*" download "*)
	for word; do name=$word; done
	[ "$name" != "${MISSING-}" ] || exit 100
	echo "$name" >"${name}_1_amd64.deb"
	;;
*" source --download-only mbedtls "*)
	[ "${MISSING-}" != mbedtls ] || exit 100
	: >mbedtls_3.dsc
	: >mbedtls_3.orig.tar.bz2
	: >mbedtls_3.debian.tar.xz
	;;
esac
END
}

# Unpacks what such a package would hold.
dpkg_stand_in() {
	stand_in dpkg-deb <<'END'
[ "$1" = -x ] || exit 2
mkdir -p "$3/usr/include/mbedtls" "$3/usr/lib/any"
case $2 in
*llhttp*) : >"$3/usr/include/llhttp.h" ;;
*mbedtls*) : >"$3/usr/include/mbedtls/ssl.h"; : >"$3/usr/lib/any/libmbedtls.a" ;;
*telnetd*) mkdir -p "$3/usr/sbin"; : >"$3/usr/sbin/telnetd" ;;
esac
END
}

setup() {
	out=$(ASKED="${asked_at-$work/asked}" SOURCES="$work/sources" MISSING="${missing-}" \
		UNKNOWN="${unknown-}" SUITE="${suite-bookworm}" MBEDTLS="${mbedtls-}" PATH="$work/bin" \
		"$tree/scripts/setup.sh" "$@" 2>&1)
	status=$?
	echo "exit $status: $out"
	cat "$work/asked"
	return $status
}

fetched() {
	on_debian 12
	setup build || return 1
	[ -f "$tree/.deps/usr/include/llhttp.h" ] && [ -f "$tree/.deps/usr/lib/any/libmbedtls.a" ] &&
		[ "$out" = 'setup: fetching libllhttp-dev libmbedtls-dev, the source of mbedtls of Debian 13 into .deps/
setup: building Mbed TLS in .deps/mbedtls/' ]
}
check 'Debian 12: two packages and a source of Debian 13 come into .deps/, and it says so' fetched

builds_from_it() {
	cat "$work/asked"
	grep -qx 'mbedtls.sh mbedtls_3.debian.tar.xz mbedtls_3.dsc mbedtls_3.orig.tar.bz2 ' "$work/asked"
}
check 'and Mbed TLS is built from it' builds_from_it

from_the_systems_mirror() {
	cat "$work/sources"
	cat >"$work/wanted" <<END
deb [signed-by=$work/keyring.gpg] http://mirror.example/debian/ trixie main
deb [signed-by=$work/keyring.gpg] http://mirror.example/debian/ trixie-updates main
deb [signed-by=$work/keyring.gpg] http://security.example/debian-security/ trixie-security main
deb-src [signed-by=$work/keyring.gpg] http://mirror.example/debian/ trixie main
deb-src [signed-by=$work/keyring.gpg] http://mirror.example/debian/ trixie-updates main
deb-src [signed-by=$work/keyring.gpg] http://security.example/debian-security/ trixie-security main
END
	cmp "$work/sources" "$work/wanted"
}
check 'from the mirrors the system has, Debian 13 of each, signed' from_the_systems_mirror

# Whatever changes a list or a state says where; only the question for the mirrors does not.
leaves_apt_alone() {
	cat "$work/asked"
	grep -v ' indextargets ' "$work/asked" >"$work/changing"
	sed -i '/^mbedtls.sh /d' "$work/changing"
	[ "$(grep -c . "$work/changing")" -eq 4 ] || return 1
	for where in Dir::Etc::sourcelist Dir::Etc::sourceparts Dir::State Dir::State::status Dir::Cache; do
		[ "$(grep -c " $where=[^ ]*/tmp\.[^ ]*" "$work/changing")" -eq 4 ] || return 1
	done
	! grep -E ' (install|upgrade|dist-upgrade) ' "$work/asked"
}
check 'through a list and a state of its own; nothing is installed' leaves_apt_alone

once_is_enough() {
	: >"$work/asked"
	setup build && [ -z "$out" ] && [ ! -s "$work/asked" ]
}
check 'a second run is silent and asks nobody' once_is_enough

builds_again_offline() {
	: >"$work/asked"
	: >"$tree/.deps/changed"
	setup build && [ "$out" = 'setup: building Mbed TLS in .deps/mbedtls/' ] && ! grep apt-get "$work/asked"
}
check 'built again from what was fetched when the configuration changed' builds_again_offline

names_the_source() {
	on_debian 12
	missing=mbedtls
	setup build
	missing=
	[ "$status" -eq 1 ] && [ ! -e "$tree/.deps/source" ] && [ ! -e "$tree/.deps/mbedtls" ] &&
		echo "$out" | grep -qx 'setup: could not fetch the source of .* mbedtls (make MBEDTLS=system .*)' ||
		return 1
	setup build && [ -e "$tree/.deps/mbedtls/lib.a" ]
}
check 'names the source that could not be fetched, and tries again' names_the_source

the_systems() {
	on_debian 12
	mbedtls=system
	setup build
	mbedtls=
	[ "$status" -eq 0 ] && [ ! -e "$tree/.deps/source" ] && [ ! -e "$tree/.deps/mbedtls" ] &&
		[ "$out" = 'setup: fetching libllhttp-dev libmbedtls-dev of Debian 13 into .deps/' ] &&
		! grep deb-src "$work/sources"
}
check 'MBEDTLS=system: no source, nothing built' the_systems

names_what_could_not_be_fetched() {
	on_debian 12
	missing=libmbedtls-dev
	setup build
	missing=
	[ "$status" -eq 1 ] && [ ! -e "$tree/.deps" ] &&
		echo "$out" | grep -qx 'setup: could not fetch the Debian 13 package libmbedtls-dev' || return 1
	setup build && [ -f "$tree/.deps/usr/include/mbedtls/ssl.h" ]
}
check 'names the package that could not be fetched, leaves nothing, and is tried again' \
	names_what_could_not_be_fetched

# A system whose package lists were deleted, as in many container images.
never_updated() {
	on_debian 12
	unknown=$work/updated
	setup build
	unknown=
	[ "$status" -eq 0 ] && [ -f "$tree/.deps/usr/include/llhttp.h" ] && cmp "$work/sources" "$work/wanted"
}
check 'mirrors that apt does not know yet it learns first' never_updated

# The stand-ins' dollars are theirs.
# shellcheck disable=SC2016
no_mirror() {
	on_debian 12
	echo 'echo "apt-get $*" >>"$ASKED"' | stand_in apt-get
	setup build
	[ "$status" -eq 1 ] && echo "$out" | grep -q 'no Debian mirror.*libllhttp-dev'
}
check 'without a mirror to ask it says so' no_mirror

# On Debian 13 they are packages as all others. (Both headers are looked for in /usr/include, which
# on Debian 13 has them: then nothing is asked for.)
# shellcheck disable=SC2016
on_thirteen() {
	on_debian 13
	echo 'echo "apt-get $*" >>"$ASKED"' | stand_in apt-get
	mbedtls=system
	setup build
	mbedtls=
	[ ! -e "$tree/.deps" ] || return 1
	for need in /usr/include/llhttp.h=libllhttp-dev /usr/include/mbedtls/ssl.h=libmbedtls-dev; do
		[ -e "${need%=*}" ] || grep -qE " install (.* )?${need#*=}( |\$)" "$work/asked" || return 1
	done
	! grep -q 'indextargets' "$work/asked"
}
check 'Debian 13, MBEDTLS=system: plain packages, nothing in .deps/' on_thirteen

# llhttp is a package there; where this runs on Debian 12 it is missing, so it is left out.
source_on_thirteen() {
	on_debian 13
	sed -i '/libllhttp-dev"$/d' "$tree/scripts/setup.sh"
	suite=trixie
	setup build
	suite=bookworm
	[ "$status" -eq 0 ] && [ ! -e "$tree/.deps/usr" ] && [ -e "$tree/.deps/mbedtls/lib.a" ] || return 1
	grep '^deb-src' "$work/wanted" | cmp - "$work/sources"
}
check 'Debian 13: the source alone, from the mirrors the system has' source_on_thirteen

# The stand-ins speak where setup.sh does, so that what was said first is seen.
# announced LINE PATTERN: something matches, and the line came before it.
announced() {
	echo "$out" | awk -v line="$1" -v pattern="$2" '$0 == line { said = 1 }
	$0 ~ pattern { met = 1; exit }
	END { exit !(said && met) }'
}
says_it_first() {
	on_debian 12
	asked_at=/dev/stderr
	setup build
	unset asked_at
	announced 'setup: fetching libllhttp-dev libmbedtls-dev, the source of mbedtls of Debian 13 into .deps/' '^apt-get ' &&
		announced 'setup: building Mbed TLS in .deps/mbedtls/' '^mbedtls.sh '
}
check 'what is fetched and built it says before it does' says_it_first

# Level test where all is there but the servers that are unpacked.
without_telnetd() {
	on_debian 12
	sed -i '/^\(run\|test\) /d' "$tree/scripts/setup.sh"
	setup run || return 1
	: >"$work/asked"
}
unpacked_for_tests() {
	without_telnetd || return 1
	[ ! -e "$tree/.deps/telnetd-ssl" ] && [ ! -e "$tree/.deps/inetutils-telnetd" ] || return 1
	asked_at=/dev/stderr
	setup test
	unset asked_at
	announced 'setup: unpacking Debian packages into .deps/: inetutils-telnetd telnetd-ssl' '^apt-get ' || return 1
	[ -f "$tree/.deps/telnetd-ssl/usr/sbin/telnetd" ] &&
		[ -f "$tree/.deps/inetutils-telnetd/usr/sbin/telnetd" ] || return 1
	setup test && [ -z "$out" ] && [ ! -s "$work/asked" ]
}
check 'level test: two servers are unpacked into .deps/, once, and it says so before' unpacked_for_tests

names_the_server() {
	for server in inetutils-telnetd telnetd-ssl; do
		without_telnetd || return 1
		missing=$server
		setup test
		missing=
		[ "$status" -eq 1 ] && [ ! -e "$tree/.deps/$server" ] && grep -qx 'apt-get -qq update' "$work/asked" &&
			[ "$(echo "$out" | tail -n 1)" = "setup: could not fetch the Debian package $server" ] || return 1
	done
	setup test && [ -d "$tree/.deps/inetutils-telnetd" ] && [ -d "$tree/.deps/telnetd-ssl" ]
}
check 'names the one that could not be fetched, and is tried again' names_the_server

broken_server() {
	without_telnetd || return 1
	echo 'exit 2' | stand_in dpkg-deb
	setup test
	[ "$status" -eq 1 ] && echo "$out" | grep -qx 'setup: could not fetch the Debian package inetutils-telnetd' &&
		[ ! -e "$tree/.deps/inetutils-telnetd" ]
}
check 'nor is one believed that does not unpack' broken_server

# The real one in the real tree: all three levels are there, as make check has just seen to it.
# A second is far from what it takes; the best of three, as the machine may be busy.
under_a_second() {
	for level in build run test; do
		best=1000000
		for try in 1 2 3; do
			begin=$(date +%s%N)
			out=$(scripts/setup.sh "$level" 2>&1) || return 1
			took=$((($(date +%s%N) - begin) / 1000))
			[ "$took" -ge "$best" ] || best=$took
			[ -z "$out" ] || return 1
		done
		echo "$level: $best us (of $try)"
		[ "$best" -lt 1000000 ] || return 1
	done
}
check 'with nothing missing it is silent and takes under a second' under_a_second

plan
