#!/bin/sh
# Makes a certificate authority of your own and certificates signed by it, for tests and for a
# first try. Real ones: see README.md beside this.

set -eu

usage() {
	cat <<'END'
Usage: make-certs.sh [options]                     all of the following, once
       make-certs.sh [options] server BASE NAME... a certificate for these names
       make-certs.sh [options] client BASE NAME    one for a user or a program
       make-certs.sh [options] revoke BASE...      takes certificates back

Without a command: the authority (ca.pem, ca-key.pem), a server certificate with
an ECDSA and one with an RSA key for this host (server.pem, server-key.pem,
server-rsa.pem, server-rsa-key.pem), a client certificate (client.pem,
client-key.pem) and the list of what was revoked (crl.pem).

A NAME is a host name (*.example is fine) or an address. BASE.pem and
BASE-key.pem are what is written. What is there and good for another day stays.

  --dir DIR     where to (default: the folder of this script)
  --name NAME   the server's name instead of this host's; may be given again
  --client NAME the client's name (default: client)
  --days N      how long they are good for (default 90; the authority 3650)
  --from TIME, --to TIME
                instead of --days: YYYYMMDDHHMMSSZ, to try what happens
  --rsa         server, client: an RSA key instead of an ECDSA one
  --force       make them anew
  -h, --help    this text

Trust ca.pem in the browser (or give it to websplice --cafile); keep ca-key.pem.
Exit status: 0 done, 1 openssl failed, 2 wrong usage.
END
}

wrong() {
	echo "make-certs.sh: $*; --help tells what there is" >&2
	exit 2
}
die() {
	echo "make-certs.sh: $*" >&2
	exit 1
}

dir=$(dirname "$0") names='' client=client days=90 from='' to='' kind=ec force=''
while [ $# -gt 0 ]; do
	case $1 in
	--dir | --name | --client | --days | --from | --to)
		[ $# -gt 1 ] || wrong "$1 needs a value"
		case $1 in
		--dir) dir=$2 ;;
		--name) names="$names $2" ;;
		--client) client=$2 ;;
		--days) days=$2 ;;
		--from) from=$2 ;;
		--to) to=$2 ;;
		esac
		shift 2
		;;
	--rsa) kind=rsa && shift ;;
	--force) force=yes && shift ;;
	-h | --help)
		usage
		exit 0
		;;
	-*) wrong "unknown option: $1" ;;
	*) break ;;
	esac
done
case $days in
'' | *[!0-9]*) wrong "--days wants a number, not \"$days\"" ;;
esac
[ -z "$from$to" ] || { [ -n "$from" ] && [ -n "$to" ]; } || wrong "--from and --to go together"

command -v openssl >/dev/null 2>&1 || die "openssl is missing (Debian package openssl)"
mkdir -p "$dir" && cd "$dir" || die "cannot use the folder $dir"
umask 077
work=$(mktemp -d) || die "no temporary folder"
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

# openssl's own words only when it fails.
ssl() {
	openssl "$@" >"$work/said" 2>&1 || {
		cat "$work/said" >&2
		die "openssl $1 failed"
	}
}

# The authority's book-keeping. EXTENSIONS is what a certificate gets.
config() {
	cat >"$work/conf" <<END
[ca]
default_ca = own
[own]
database = ca-index.txt
new_certs_dir = $work
rand_serial = yes
unique_subject = no
default_md = sha256
default_days = $days
default_crl_days = 3650
policy = any
[any]
commonName = supplied
[leaf]
$1
END
}

new_key() {
	case $1 in
	ec) ssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$2" ;;
	rsa) ssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out "$2" ;;
	esac
}

good() {
	[ -z "$force" ] && [ -s "$1.pem" ] && [ -s "$1-key.pem" ] &&
		openssl x509 -in "$1.pem" -noout -checkend 86400 >/dev/null 2>&1
}

make_crl() {
	config ''
	ssl ca -config "$work/conf" -keyfile ca-key.pem -cert ca.pem -gencrl -out "$work/crl"
	mv "$work/crl" crl.pem && chmod 644 crl.pem
}

make_ca() {
	if [ -s ca.pem ] && [ -s ca-key.pem ]; then
		return
	fi
	new_key ec ca-key.pem
	ssl req -x509 -new -key ca-key.pem -sha256 -days 3650 -out ca.pem \
		-subj "/CN=websplice test authority" \
		-addext 'basicConstraints=critical,CA:TRUE' \
		-addext 'keyUsage=critical,keyCertSign,cRLSign'
	chmod 644 ca.pem
	: >ca-index.txt
	make_crl
	force=yes # what another authority signed is of no use now
	echo "ca.pem"
}

# sign BASE CN KIND: the extensions are in $work/conf. The chain has the authority in it, so that
# it is complete whatever a client has.
sign() {
	new_key "$3" "$1-key.pem"
	ssl req -new -key "$1-key.pem" -subj "/CN=$2" -out "$work/request"
	if [ -n "$from" ]; then
		set -- "$1" -startdate "$from" -enddate "$to"
	else
		set -- "$1"
	fi
	base=$1
	shift
	ssl ca -config "$work/conf" -batch -notext -keyfile ca-key.pem -cert ca.pem \
		-extensions leaf -in "$work/request" -out "$work/cert" "$@"
	cat "$work/cert" ca.pem >"$base.pem" && chmod 644 "$base.pem"
	echo "$base.pem"
}

# A name that has other characters would be something else to openssl's configuration.
check_names() {
	for name in "$@"; do
		case $name in
		'' | *[!A-Za-z0-9.:*_-]* | *:*[!0-9A-Fa-f.:]* | *[!0-9A-Fa-f.:]*:*) wrong "\"$name\" is neither a host name nor an address" ;;
		esac
	done
}

# alternatives NAME...: as the extension wants them. An address is what has a colon, or is four
# decimal numbers: db01.dc1 is a host.
alternatives() {
	list=
	for name in "$@"; do
		case $name in
		*:*) list="$list,IP:$name" ;;
		*[!0-9.]* | .* | *. | *..* | *.*.*.*.*) list="$list,DNS:$name" ;;
		*.*.*.*) list="$list,IP:$name" ;;
		*) list="$list,DNS:$name" ;;
		esac
	done
	echo "${list#,}"
}

# server BASE KIND NAME...
server() {
	base=$1 type=$2
	shift 2
	check_names "$@"
	if good "$base"; then
		return
	fi
	config "basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = serverAuth
subjectAltName = $(alternatives "$@")"
	sign "$base" "$1" "$type"
}

# client BASE KIND NAME
client() {
	check_names "$3"
	if good "$1"; then
		return
	fi
	config "basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = clientAuth
subjectAltName = $(alternatives "$3")"
	sign "$1" "$3" "$2"
}

make_ca
case ${1-} in
'')
	[ -n "$names" ] || names="$(uname -n) localhost 127.0.0.1 ::1"
	set -f # a name may be *.example
	# shellcheck disable=SC2086 # a list of words
	server server ec $names
	# shellcheck disable=SC2086
	server server-rsa rsa $names
	set +f
	client client ec "$client"
	;;
server)
	[ $# -gt 2 ] || wrong "server wants BASE and at least one NAME"
	base=$2
	shift 2
	server "$base" "$kind" "$@"
	;;
client)
	[ $# -eq 3 ] || wrong "client wants BASE and NAME"
	client "$2" "$kind" "$3"
	;;
revoke)
	[ $# -gt 1 ] || wrong "revoke wants the BASE of a certificate"
	shift
	config ''
	for base in "$@"; do
		[ -s "$base.pem" ] || die "there is no $dir/$base.pem"
		ssl ca -config "$work/conf" -keyfile ca-key.pem -cert ca.pem -revoke "$base.pem"
	done
	make_crl
	echo "crl.pem"
	;;
*) wrong "unknown command: $1" ;;
esac
