/*
 * Who the user has said to trust, remembered in this browser: other hosts that a link may connect
 * to, and the keys by which VNC servers are recognised. No secrets.
 */

const KEY = "websplice.trust";
const MOST = 50;

/*
 * Whether links may connect there without asking. It is the scheme and the host that were trusted:
 * who said yes to an encrypted connection did not say yes to another.
 */
export const isTrusted = (url) => recall().places.includes(new URL(url).origin);

export function trustPlace(url) {
	const known = recall();
	const place = new URL(url).origin;
	known.places = [place, ...known.places.filter((other) => other !== place)].slice(0, MOST);
	remember(known);
}

/* The fingerprint last accepted for the server behind a WebSocket address; undefined if none. */
export const knownKey = (url) => recall().keys.find((entry) => entry.url === keyUrl(url))?.print;

export function trustKey(url, print) {
	const known = recall();
	const others = known.keys.filter((entry) => entry.url !== keyUrl(url));
	known.keys = [{ url: keyUrl(url), print }, ...others].slice(0, MOST);
	remember(known);
}

/*
 * The two forms of a key's fingerprint: `long` is SHA-256 of the whole key; `short`, the first
 * eight bytes of SHA-1, is what VNC servers and native viewers show to compare by eye.
 */
export async function fingerprint(key) {
	const [short, long] = await Promise.all([
		crypto.subtle.digest("SHA-1", key),
		crypto.subtle.digest("SHA-256", key),
	]);
	return { short: hex(short.slice(0, 8), "-"), long: hex(long, "") };
}

const hex = (buffer, glue) =>
	[...new Uint8Array(buffer)].map((byte) => byte.toString(16).padStart(2, "0")).join(glue);

/*
 * Which desktop an address leads to may hang on a token in its query, so the query is part of
 * the name; it is kept as a number only, because a token is a secret.
 */
function keyUrl(url) {
	const [place, query = ""] = url.split("?");
	return query ? `${place}?${numberOf(query)}` : place;
}

/* FNV-1a, 32 bits: tells tokens apart, and gives none away. */
function numberOf(text) {
	let number = 0x811c9dc5;
	for (const character of text) {
		number = Math.imul(number ^ character.codePointAt(0), 0x01000193);
	}
	return (number >>> 0).toString(16);
}

function recall() {
	const known = { places: [], keys: [] };
	try {
		const stored = JSON.parse(localStorage.getItem(KEY) ?? "{}");
		known.places = [stored.places].flat().filter((place) => typeof place === "string");
		known.keys = [stored.keys]
			.flat()
			.filter((entry) => typeof entry?.url === "string" && typeof entry.print === "string");
	} catch {
		/* nothing remembered, or nothing of ours */
	}
	return known;
}

function remember(known) {
	try {
		localStorage.setItem(KEY, JSON.stringify(known));
	} catch {
		/* asked again next time */
	}
}
