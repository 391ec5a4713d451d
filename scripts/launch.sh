#!/bin/sh
# Starts websplice with its viewer, for a VNC server if there is one, else for the built-in test
# card, and says where to point the browser. Installs and builds first what is missing.

set -u

usage() {
	cat <<'END'
Usage: launch.sh [options]

  --listen [HOST:]PORT   where the viewer is served (6080)
  --vnc HOST:PORT        the VNC server; without it the first that is found on
                         localhost:5900 to 5909, else the built-in test card
  --testcard             the built-in test card
  --web DIR              other pages than the viewer's own; must hold vnc.html
  --heartbeat SECONDS    ping the browser that often
  --idle-timeout SECONDS exit after that long without a connection
  --timeout SECONDS      exit after that long
  --file-only            accepted, as listings are off anyway
  --self-signed          TLS with a certificate that is made for it; kept in
                         ~/.local/state/websplice for the next time
  --cert FILE, --key FILE
                         TLS with this certificate and its key
  --ssl-only             TLS only
  --record FILE, --syslog SERVER,
  --web-auth, --auth-plugin NAME, --auth-source ARG
                         handed to websplice as they are
  -h, --help             this text

Ends with Ctrl-C. Exit codes: 0 ended by itself, 1 could not start, 2 wrong usage.
END
}

wrong() {
	echo "launch.sh: $*" >&2
	usage >&2
	exit 2
}

die() {
	echo "launch.sh: $*" >&2
	exit 1
}

# The arguments for websplice are kept quoted in $pass, so that blanks in them survive.
pass=
quote() {
	printf " '%s'" "$(printf '%s' "$1" | sed "s/'/'\\\\''/g")"
}

listen=6080 vnc='' testcard='' web='' self_signed=''
while [ $# -gt 0 ]; do
	case $1 in
	--*=*)
		# --name=value is --name value
		option=$1
		shift
		set -- "${option%%=*}" "${option#*=}" "$@"
		case $1 in
		--testcard | --ssl-only | --self-signed | --file-only | --web-auth | --help) wrong "$1 takes no value" ;;
		esac
		;;
	esac
	case $1 in
	--listen | --vnc | --web | --cert | --key | --record | --syslog | --heartbeat | \
		--idle-timeout | --timeout | --auth-plugin | --auth-source)
		[ $# -gt 1 ] || wrong "$1 needs a value"
		case $1 in
		--listen) listen=$2 ;;
		--vnc) vnc=$2 ;;
		--web) web=$2 ;;
		*) pass="$pass$(quote "$1")$(quote "$2")" ;;
		esac
		shift 2
		;;
	--ssl-only | --file-only | --web-auth)
		pass="$pass $1"
		shift
		;;
	--self-signed)
		self_signed=yes
		pass="$pass $1"
		shift
		;;
	--testcard)
		testcard=yes
		shift
		;;
	-h | --help)
		usage
		exit 0
		;;
	*) wrong "unknown option: $1" ;;
	esac
done
[ -z "$vnc" ] || [ -z "$testcard" ] || wrong "--vnc and --testcard exclude each other"
case $vnc in
'' | *?:[0-9]*) ;;
*) wrong "--vnc wants HOST:PORT, not \"$vnc\"" ;;
esac
case $listen in
*[0-9]) ;;
*) wrong "--listen wants [HOST:]PORT, not \"$listen\"" ;;
esac

root=$(cd "$(dirname "$(readlink -f "$0")")/.." && pwd) || exit 1 # a link to it may stand in any folder
probe() {
	node "$root/scripts/probe.mjs" "$@"
}

[ -n "$web" ] || web=$root/web
[ -f "$web/vnc.html" ] || die "no vnc.html in $web"

"$root/scripts/setup.sh" run || exit 1

# Where the certificate of --self-signed is kept: it is the same one the next time.
if [ -n "$self_signed" ]; then
	state=${XDG_STATE_HOME:-${HOME:-/var/tmp}/.local/state}/websplice
	if mkdir -p "$state" 2>/dev/null && [ -w "$state" ]; then
		pass="$pass --state-dir$(quote "$state")"
	fi
fi

address=$(probe free "$listen")
case $? in
0) ;;
1) die "Port ${listen##*:} in use. Try --listen PORT" ;;
*) die "cannot listen on $listen" ;;
esac
refused=''
case $address in
*' refused') address=${address% refused} refused=yes ;;
esac

# $WEBSPLICE is a binary to use instead of the one built here.
if [ -z "${WEBSPLICE-}" ]; then
	make -s -C "$root" >&2 || die "the build failed"
	WEBSPLICE=$root/build/websplice
fi

if [ -z "$vnc$testcard" ]; then
	if vnc=$(probe rfb 5900 5909); then
		echo "Found a VNC server on $vnc."
	else
		testcard=yes
		echo "No VNC server on localhost:5900 to 5909: showing the test card" \
			"(--vnc HOST:PORT names a server)."
	fi
fi

# Ends the proxy and waits for it; a second signal to us is its second signal.
proxy='' waiting=''
end() {
	[ -z "$waiting" ] || kill "$waiting" 2>/dev/null
	trap 'kill "$proxy" 2>/dev/null' INT TERM HUP QUIT
	if [ -n "$proxy" ]; then
		kill "$proxy" 2>/dev/null
		while kill -0 "$proxy" 2>/dev/null; do
			wait "$proxy"
		done
	fi
	exit "$1"
}
trap 'end 129' HUP
trap 'end 130' INT
trap 'end 131' QUIT
trap 'end 143' TERM

# In a session of its own: the terminal's Ctrl-C comes to us, and the proxy hears of it once.
if [ -n "$vnc" ]; then
	eval "setsid \"\$WEBSPLICE\" --web \"\$web\"$pass \"\$address\" \"\$vnc\" &"
else
	eval "setsid \"\$WEBSPLICE\" --web \"\$web\"$pass --testcard \"\$address\" &"
fi
proxy=$!

# The address a browser here uses.
host=${address%:*} port=${address##*:}
case $host in
"$address" | '' | 0.0.0.0 | '[::]' | '::' | '*') host=localhost ;;
\[*) ;;
*:*) host="[$host]" ;;
esac
case "$pass " in
*" --ssl-only "* | *" '--cert' "* | *" --self-signed "*) scheme=https ;;
*) scheme=http ;;
esac
url=$scheme://$host:$port/vnc.html

# Not through probe(): kill is to reach Node itself, not a shell around it.
node "$root/scripts/probe.mjs" http "$scheme" "$host:$port" 10 &
waiting=$!
while kill -0 "$waiting" 2>/dev/null && kill -0 "$proxy" 2>/dev/null; do
	sleep 0.05
done
if ! kill -0 "$proxy" 2>/dev/null; then
	kill "$waiting" 2>/dev/null
	wait "$proxy"
	die "websplice ended with exit code $?"
fi
if ! wait "$waiting"; then
	echo "launch.sh: $url does not answer" >&2
	end 1
fi

cat <<END

The desktop is at

    $url?autoconnect=1&resize=scale

END
[ -z "$refused" ] || cat <<END
Browsers refuse port $port: try --listen PORT, unless they come by another one.

END
echo "Press Ctrl-C to end."

wait "$proxy"
status=$?
proxy=
exit $status
