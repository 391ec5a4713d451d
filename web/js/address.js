/*
 * Where a session connects to: from parameters or the form to a WebSocket address.
 *
 *   page  https://example.org/console/1/vnc.html
 *   path  websockify                                 → wss://example.org/console/1/websockify
 *   host  other.example.org, path websockify         → wss://other.example.org/websockify
 *
 * With neither host nor port the address stays beside the page, so the viewer works under any
 * prefix of a reverse proxy. A path is only ever a path: it cannot name another host.
 */

export const DEFAULT_PATH = "websockify";

const LOOPBACK = /^(localhost|.*\.localhost|127\.[\d.]+|\[::1\])$/;

/* Carries a sentence for the user; `field` names the input that is wrong. */
export class AddressError extends Error {
	constructor(field, message) {
		super(message);
		this.field = field;
	}
}

/*
 * Returns
 *   url      the WebSocket address
 *   place    "host:port", for people; the port left out where it is the scheme's own
 *   secure   whether it is wss
 *   exposed  whether others on the network could read along: not wss, and not this machine
 *   foreign  whether it is another server than the one the page came from
 * Throws AddressError.
 */
export function resolveAddress(where, pageHref) {
	const page = new URL(pageHref);
	const base = chooseBase(where, page);
	const url = joinPath(where.path ?? DEFAULT_PATH, base);
	const secure = where.encrypt ?? page.protocol === "https:";
	addToken(url, where.token);
	url.hash = "";
	const address = url.href.replace(/^https?:/, secure ? "wss:" : "ws:");
	const place = new URL(address);
	return {
		url: place.href,
		place: place.host,
		secure,
		exposed: !secure && !LOOPBACK.test(place.hostname),
		foreign: place.hostname !== page.hostname || portOf(place) !== portOf(page),
	};
}

function chooseBase({ host, port, encrypt }, page) {
	const protocol = (encrypt ?? page.protocol === "https:") ? "https:" : "http:";
	if (host) {
		return readHost(host, port, protocol);
	}
	if (page.protocol !== "http:" && page.protocol !== "https:") {
		throw new AddressError("host", "This page was opened from a file: name the server's host.");
	}
	if (port) {
		return readHost(page.hostname, port, protocol);
	}
	return new URL(page.href);
}

function readHost(host, port, protocol) {
	const bare = host.trim();
	const bracketed = /^[0-9a-f:.]*:[0-9a-f:.]*:[0-9a-f:.]*$/i.test(bare) ? `[${bare}]` : bare;
	const url = parse(`${protocol}//${bracketed}/`);
	if (
		!url ||
		url.pathname !== "/" ||
		url.username ||
		url.password ||
		url.search ||
		url.hash ||
		/[/\\?#@\s]/.test(bare)
	) {
		throw new AddressError("host", `“${host}” is not the name or address of a host.`);
	}
	if (port) {
		url.port = readPort(port);
	}
	return url;
}

/* A URL leaves out a port that it does not understand, and reads "80x" as 80. */
function readPort(port) {
	const digits = String(port).trim();
	if (!/^\d{1,5}$/.test(digits) || digits < 1 || digits > 65535) {
		throw new AddressError("port", `“${port}” is not a port: it should be a number from 1 to 65535.`);
	}
	return digits;
}

/*
 * URL.parse would let "//other/x", "\\other\x" and "https://other/x" choose a host; so the
 * result must still be at the host it started from.
 */
function joinPath(path, base) {
	const url = parse(path, base.href);
	if (!url || url.origin !== base.origin || url.username !== base.username) {
		throw new AddressError("path", `“${path}” is not a path on that server.`);
	}
	return url;
}

function addToken(url, token) {
	if (!token || url.searchParams.has("token")) {
		return;
	}
	url.search += `${url.search ? "&" : "?"}token=${encodeURIComponent(token)}`;
}

function parse(text, base) {
	try {
		return new URL(text, base);
	} catch {
		return undefined;
	}
}

const portOf = (url) => url.port || (["https:", "wss:"].includes(url.protocol) ? "443" : "80");
