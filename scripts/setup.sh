#!/bin/sh
# Installs what websplice needs and what is missing, nothing else, on Debian 12 and 13.
#
#   scripts/setup.sh build   what compiling needs: gcc, make, libuv, llhttp, Mbed TLS
#   scripts/setup.sh run     that, and what running needs: Node's npm and the viewer's
#                            JavaScript packages (the default)
#   scripts/setup.sh test    that, and what `make check` needs
#   scripts/setup.sh bench   what compiling needs, and what `make bench` does: the proxies to
#                            compare with, and OpenSSL for the load generator
#
# Says what it is about to install before it does. When nothing is missing it prints nothing,
# asks nobody and is done at once. It needs root, or sudo, for Debian packages only.
#
# Mbed TLS is built from Debian 13's source package with a configuration of ours, by
# scripts/mbedtls.sh. With MBEDTLS=system in the environment (make MBEDTLS=system sets it) the
# distribution's library is used instead.
#
# Debian 12 has no llhttp and an old Mbed TLS. There the two come from Debian 13's packages,
# unpacked into .deps/ and linked statically.
#
# What is fetched from Debian 13 comes through apt with a sources list and a state of their own:
# the system's apt is not touched, its mirrors are used, and signatures are checked against the
# system's Debian keyring.
#
# Servers that only tests talk to are unpacked below .deps/ and not installed: an installed telnetd
# would be offered to the network by the machine's inetd.
#
# Exit codes: 0 all there, 1 something could not be had (named), 2 usage.

set -u
cd "$(dirname "$0")/.." || exit 1

die() {
	echo "setup: $*" >&2
	exit 1
}

# One need a line: LEVEL  PROBE  DEBIAN-PACKAGES. A probe is cmd:NAME (a command), file:PATTERN
# (a file, shell pattern allowed). Levels include the ones before them: build, run, test; bench
# includes build.
needs() {
	cat <<'END'
build cmd:gcc                                   gcc
build file:/usr/include/stdio.h                 libc6-dev
build cmd:make                                  make
build cmd:pkg-config                            pkg-config
build file:/usr/include/uv.h                    libuv1-dev
run   file:/etc/ssl/certs/ca-certificates.crt   ca-certificates
run   cmd:node                                  nodejs
run   cmd:npm                                   npm
test  file:/usr/include/cmocka.h                libcmocka-dev
test  cmd:clang                                 clang
test  file:/usr/lib/llvm-*/lib/clang/*/lib/linux/libclang_rt.fuzzer-*.a libclang-rt-dev
test  cmd:clang-format                          clang-format
test  cmd:cppcheck                              cppcheck
test  cmd:shellcheck                            shellcheck
test  cmd:git                                   git
test  file:/usr/include/openssl/ssl.h           libssl-dev
test  cmd:openssl                               openssl
test  cmd:gnutls-cli                            gnutls-bin
test  cmd:testssl                               testssl.sh
test  cmd:chromium                              chromium
test  cmd:Xtigervnc                             tigervnc-standalone-server
test  cmd:x11vnc                                x11vnc
test  cmd:Xvfb                                  xvfb
test  cmd:xterm                                 xterm
test  cmd:xdotool                               xdotool
test  cmd:xdpyinfo                              x11-utils
test  cmd:xsetroot                              x11-xserver-utils
test  cmd:xclip                                 xclip
test  file:/usr/share/novnc/vnc.html            novnc
test  cmd:ip                                    iproute2
test  file:/usr/sbin/setcap                     libcap2-bin
test  cmd:socat                                 socat
test  cmd:nc.openbsd                            netcat-openbsd
test  cmd:vi                                    vim-tiny
test  file:/usr/lib/*/libkrb5.so.3              libkrb5-3
bench file:/usr/include/openssl/ssl.h           libssl-dev
bench cmd:openssl                               openssl
bench cmd:node                                  nodejs
bench cmd:ip                                    iproute2
bench file:/usr/sbin/haproxy                    haproxy
bench cmd:websockify                            websockify
END
	if [ "$debian" -ge 13 ]; then
		echo "build file:/usr/include/llhttp.h             libllhttp-dev"
		echo "$(own_mbedtls && echo test || echo build) file:/usr/include/mbedtls/ssl.h libmbedtls-dev"
	fi
	if ! mbedtls_there; then
		cat <<'END'
build cmd:bzip2                                 bzip2
build cmd:xz                                    xz-utils
build cmd:patch                                 patch
END
	fi
	! own_mbedtls || [ ! -e /lib64/ld-linux-x86-64.so.2 ] ||
		echo "build file:/usr/lib/*/libIPSec_MB.a         libipsec-mb-dev"
}

# Ours, or the distribution's?
own_mbedtls() {
	[ "${MBEDTLS:-own}" != system ]
}

mbedtls_there() {
	! own_mbedtls || scripts/mbedtls.sh --fresh
}

level=${1:-run}
case $level in
build) levels=' build ' ;;
run) levels=' build run ' ;;
test) levels=' build run test ' ;;
bench) levels=' build bench ' ;;
-h | --help)
	sed -n '2,/^$/s/^# \{0,1\}//p' scripts/setup.sh
	exit 0
	;;
*)
	echo "usage: scripts/setup.sh [build|run|test|bench]" >&2
	exit 2
	;;
esac

debian=$(. /etc/os-release 2>/dev/null && echo "${VERSION_ID:-0}")
debian=${debian%%.*}
case $debian in
'' | *[!0-9]*) debian=0 ;;
esac

# is_there PROBE
is_there() {
	case $1 in
	cmd:*) command -v "${1#cmd:}" >/dev/null 2>&1 ;;
	file:*)
		for found in ${1#file:}; do
			[ -e "$found" ] && return 0
		done
		return 1
		;;
	esac
}

missing_packages() {
	needs | while read -r at probe packages; do
		case $levels in
		*" $at "*) is_there "$probe" || echo "$packages" ;;
		esac
	done | tr '\n' ' '
}

as_root() {
	if [ "$(id -u)" -eq 0 ]; then
		"$@"
	elif command -v sudo >/dev/null 2>&1; then
		sudo "$@"
	else
		die "not root and no sudo here; as root, run: $*"
	fi
}

apt_install() {
	as_root env DEBIAN_FRONTEND=noninteractive \
		apt-get -qq -y --no-install-recommends -o Dpkg::Use-Pty=0 install "$@" >&2
}

install_packages() {
	[ $# -gt 0 ] || return 0
	command -v apt-get >/dev/null 2>&1 ||
		die "these are missing and there is no apt-get to install them: $*"
	echo "setup: installing Debian packages: $*" >&2
	as_root apt-get -qq update >&2 || echo "setup: apt-get update failed, going on" >&2
	apt_install "$@" && return 0
	for package in "$@"; do
		apt_install "$package" || die "could not install the Debian package $package"
	done
}

# What comes from Debian 13 past the system's apt: on Debian 12 two packages, unpacked into
# .deps/usr/, and the source of Mbed TLS for .deps/source/.
PRIVATE_PACKAGES='libllhttp-dev libmbedtls-dev'

deps_there() {
	[ "$debian" -ge 13 ] || { is_there 'file:.deps/usr/include/llhttp.h' &&
		is_there 'file:.deps/usr/lib/*/libmbedtls.a'; }
}

source_there() {
	mbedtls_there || { is_there 'file:.deps/source/mbedtls_*.orig.tar.*' &&
		is_there 'file:.deps/source/mbedtls_*.debian.tar.*'; }
}

# private_sources TYPE...: lines for apt, deb or deb-src.
private_sources() {
	keyring=/usr/share/keyrings/debian-archive-keyring.gpg
	[ -r "$keyring" ] || die "no $keyring (Debian package debian-archive-keyring)"
	# shellcheck disable=SC2016 # the dollars are apt's
	apt-get indextargets --format '$(CODENAME) $(RELEASE) $(REPO_URI)' 'Created-By: Packages' |
		while read -r codename release uri; do
			case $codename in
			bookworm* | trixie*) ;;
			*) codename=$release ;;
			esac
			case $codename in
			bookworm | bookworm-updates | bookworm-security | trixie | trixie-updates | trixie-security)
				part=${codename#bookworm} part=${part#trixie}
				for type; do
					echo "$type [signed-by=$keyring] $uri trixie$part main"
				done
				;;
			esac
		done | sort -u
}

# private_begin TYPE...: $own, a folder with a list and a state for apt.
private_begin() {
	own=$(mktemp -d) || die "no temporary folder"
	trap 'rm -rf "$own"' EXIT
	trap 'exit 1' HUP INT TERM
	chmod 755 "$own"
	mkdir -p "$own/etc/parts" "$own/state/lists/partial" "$own/cache/archives/partial" "$own/get"
	: >"$own/status"
	private_sources "$@" >"$own/etc/sources.list"
	# Never updated, apt knows no mirrors yet.
	[ -s "$own/etc/sources.list" ] || {
		as_root apt-get -qq update >&2
		private_sources "$@" >"$own/etc/sources.list"
	}
	[ -s "$own/etc/sources.list" ] ||
		die "apt here has no Debian mirror to fetch from ($wanted)"
	[ "$(id -u)" -ne 0 ] || chown _apt "$own/get" 2>/dev/null
	private_apt -qq update >&2 || die "apt could not read Debian 13's package lists"
}

# Packages that are unpacked into .deps/PACKAGE/ and nothing more.
unpacked_packages() {
	case $levels in
	*' test '*) echo inetutils-telnetd telnetd-ssl ;;
	esac
}

missing_unpacked() {
	for package in $(unpacked_packages); do
		[ -d ".deps/$package" ] || echo "$package"
	done
}

fetch_unpacked() {
	[ $# -gt 0 ] || return 0
	command -v apt-get >/dev/null 2>&1 ||
		die "these are missing and there is no apt-get to fetch them: $*"
	echo "setup: unpacking Debian packages into .deps/: $*" >&2
	for package in "$@"; do
		fetch_one "$package" && continue
		as_root apt-get -qq update >&2
		fetch_one "$package" || die "could not fetch the Debian package $package"
	done
}

# fetch_one PACKAGE: the folder appears last and whole.
fetch_one() {
	get=$(mktemp -d) || die "no temporary folder"
	[ "$(id -u)" -ne 0 ] || chown _apt "$get" 2>/dev/null
	chmod 755 "$get"
	(cd "$get" && apt-get -qq download "$1" >&2 && dpkg-deb -x "$1"_*.deb root) &&
		mkdir -p .deps && rm -rf ".deps/$1.new" && cp -R "$get/root" ".deps/$1.new" &&
		mv ".deps/$1.new" ".deps/$1"
	fetched=$?
	rm -rf "$get"
	return $fetched
}

private_apt() {
	apt-get -o Dir::Etc::sourcelist="$own/etc/sources.list" \
		-o Dir::Etc::sourceparts="$own/etc/parts" \
		-o Dir::Etc::preferences=/dev/null -o Dir::Etc::preferencesparts="$own/etc/parts" \
		-o Dir::State="$own/state" -o Dir::State::status="$own/status" \
		-o Dir::Cache="$own/cache" -o Acquire::Languages=none "$@"
}

fetch_packages() {
	for package in $PRIVATE_PACKAGES; do
		(cd "$own/get" && private_apt -qq download "$package" >&2) ||
			die "could not fetch the Debian 13 package $package"
	done
	for file in "$own"/get/*.deb; do
		dpkg-deb -x "$file" "$own/root" || die "could not unpack ${file##*/}"
	done
	rm -rf .deps/usr
	mkdir -p .deps && cp -R "$own/root/usr" .deps/usr || die "could not write .deps/"
}

fetch_source() {
	(cd "$own/get" && private_apt -qq source --download-only mbedtls >&2) ||
		die "could not fetch the source of the Debian 13 package mbedtls (make MBEDTLS=system does without)"
	rm -rf .deps/source
	mkdir -p .deps/source && cp "$own"/get/mbedtls_* .deps/source/ || die "could not write .deps/"
}

fetch_private() {
	wanted="" types=""
	deps_there || wanted="$PRIVATE_PACKAGES" types=deb
	source_there || wanted="${wanted:+$wanted, }the source of mbedtls" types="$types deb-src"
	[ -n "$wanted" ] || return 0
	echo "setup: fetching $wanted of Debian 13 into .deps/" >&2
	# shellcheck disable=SC2086 # a list of words
	private_begin $types
	deps_there || fetch_packages
	source_there || fetch_source
}

build_mbedtls() {
	mbedtls_there && return 0
	fetch_private
	echo "setup: building Mbed TLS in .deps/mbedtls/" >&2
	scripts/mbedtls.sh || exit 1
}

# JavaScript packages, exactly as the lock file says; again only when the lock file changed.
# npm_folder FOLDER NPM-OPTION
# The copy of it in node_modules/ is written last, so a broken install is repeated.
npm_folder() {
	[ -f "$1/package-lock.json" ] || return 0
	cmp -s "$1/package-lock.json" "$1/node_modules/.installed-lock" && return 0
	echo "setup: installing the npm packages of $1/" >&2
	(cd "$1" && npm ci "$2" --ignore-scripts --no-audit --no-fund --loglevel=error >&2) ||
		die "npm could not install the packages of $1/package-lock.json"
	mkdir -p "$1/node_modules"
	cp "$1/package-lock.json" "$1/node_modules/.installed-lock"
}

# Two at once (make, and a launcher beside it) wait for each other.
if [ -w . ] && [ -z "${SETUP_LOCKED-}" ] && command -v flock >/dev/null 2>&1; then
	mkdir -p build
	SETUP_LOCKED=1 flock build/.setup-lock scripts/setup.sh "$level"
	exit $?
fi

missing=$(missing_packages)
# shellcheck disable=SC2086 # a list of words
[ -z "$missing" ] || install_packages $missing
still=$(missing_packages)
[ -z "$still" ] || die "still missing after installing: $still"

deps_there || fetch_private
deps_there || die "still missing after installing: $PRIVATE_PACKAGES"
build_mbedtls

# shellcheck disable=SC2046 # a list of words
fetch_unpacked $(missing_unpacked)

case $levels in
*' run '*) npm_folder web --omit=dev ;;
esac
case $levels in
*' test '*) npm_folder tests/e2e --include=dev ;;
esac
