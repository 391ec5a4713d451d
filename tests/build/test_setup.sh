#!/bin/sh
# test_setup.sh: what scripts/setup.sh promises. Prints TAP. Nothing is installed: apt-get, sudo,
# id and npm are stand-ins in a folder that is first (or alone) in PATH; the stand-ins write down
# what they were asked for. A need is "missing" because its command is not in that PATH.

set -u
# shellcheck source=tests/build/tap.sh
. "$(dirname "$0")/tap.sh"

# A PATH in which all that setup.sh and its needs use exists, but the commands named.
without() {
	rm -rf "${work:?}/bin" "$work/asked"
	mkdir -p "$work/bin"
	: >"$work/asked"
	for command in sh dirname id sed cat tr cp cmp mkdir mktemp chmod rm sort env flock uname \
		gcc make pkg-config bzip2 xz patch node npm dpkg-deb ls; do
		case " $* " in
		*" $command "*) continue ;;
		esac
		ln -s "$(command -v "$command")" "$work/bin/$command"
	done
	echo 'echo "apt-get $*" >>"$ASKED"; case " $* " in *" install "*) exit "${APT_FAILS:-0}" ;; esac' |
		stand_in apt-get
	echo 'echo 0' | stand_in id
}

# setup LEVEL: in a copy of the tree, with that PATH.
setup() {
	out=$(ASKED="${asked_at-$work/asked}" PATH="$work/bin" "$tree/scripts/setup.sh" "$@" 2>&1)
	status=$?
	echo "exit $status: $out"
	return $status
}
asked() {
	cat "$work/asked"
	grep -q "$1" "$work/asked"
}

tree=$work/tree
mkdir -p "$tree/src"
cp -R scripts "$tree/"
cp -R src/crypt "$tree/src/"
[ ! -d .deps ] || cp -R .deps "$tree/"

nothing_missing() {
	without
	setup build && [ -z "$out" ] && [ ! -s "$work/asked" ]
}
check 'silent, offline and content when nothing is missing' nothing_missing

only_the_missing() {
	without gcc
	setup build
	[ $status -eq 1 ] && asked 'install gcc$' && echo "$out" | grep -q 'installing Debian packages: gcc$'
}
check 'says what it is about to install, and installs only that' only_the_missing

# The stand-ins speak where setup.sh does, so that what was said first is seen.
says_it_first() {
	without gcc
	asked_at=/dev/stderr
	setup build
	unset asked_at
	[ "$(echo "$out" | head -n 1)" = 'setup: installing Debian packages: gcc' ] &&
		echo "$out" | grep -q '^apt-get .*install gcc$'
}
check 'says it before apt-get is asked for anything' says_it_first

names_what_failed() {
	without gcc
	setup build
	[ $status -eq 1 ] && echo "$out" | grep -q 'could not install the Debian package gcc'
}
export APT_FAILS=100
check 'names the package that could not be had' names_what_failed
APT_FAILS=0

names_what_is_still_missing() {
	without pkg-config
	setup build
	[ $status -eq 1 ] && echo "$out" | grep -q 'still missing after installing: pkg-config'
}
check 'does not believe an installer that did nothing' names_what_is_still_missing

through_sudo() {
	without gcc
	echo 'echo 1000' | stand_in id
	echo 'echo "sudo $*" >>"$ASKED"; "$@"' | stand_in sudo
	setup build
	asked 'sudo env .*apt-get .*install gcc$'
}
check 'a user asks through sudo' through_sudo

neither_root_nor_sudo() {
	without gcc
	echo 'echo 1000' | stand_in id
	setup build
	[ $status -eq 1 ] && echo "$out" | grep -q 'not root and no sudo' && [ ! -s "$work/asked" ]
}
check 'a user without sudo is told what to do' neither_root_nor_sudo

levels_include() {
	without npm
	setup build || return 1
	setup run
	asked 'install npm$'
}
check 'building needs no npm, running does' levels_include

peers_for_bench() {
	without websockify
	setup run || return 1
	[ ! -s "$work/asked" ] || return 1
	setup bench
	asked 'install .*websockify'
}
check 'other proxies only for the benchmark' peers_for_bench

npm_by_lock() {
	without
	echo 'echo "npm $*" >>"$ASKED"' | stand_in npm
	mkdir -p "$tree/web"
	echo '{ "lockfileVersion": 3 }' >"$tree/web/package-lock.json"
	setup run && asked '^npm ci ' || return 1
	: >"$work/asked"
	setup run && [ ! -s "$work/asked" ] || return 1
	echo '{ "lockfileVersion": 3, "packages": {} }' >"$tree/web/package-lock.json"
	setup run && asked '^npm ci '
}
check 'npm packages once for each lock file' npm_by_lock

npm_says_it_first() {
	without
	echo 'echo "npm $*" >>"$ASKED"' | stand_in npm
	echo '{ "lockfileVersion": 1 }' >"$tree/web/package-lock.json"
	asked_at=/dev/stderr
	setup run
	unset asked_at
	[ "$(echo "$out" | head -n 1)" = 'setup: installing the npm packages of web/' ] &&
		echo "$out" | grep -q '^npm ci '
}
check 'npm packages: says so before npm is asked' npm_says_it_first

npm_failed() {
	without
	echo 'exit 1' | stand_in npm
	echo '{ "lockfileVersion": 2 }' >"$tree/web/package-lock.json"
	setup run && return 1
	echo "$out" | grep -q 'web/package-lock.json' || return 1
	echo 'exit 0' | stand_in npm
	setup run
}
check 'npm that failed is named, and tried again' npm_failed

usage() {
	without
	setup nonsense
	[ $status -eq 2 ]
}
check 'usage' usage

plan
