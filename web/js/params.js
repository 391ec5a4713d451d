/*
 * The page's parameters: what a link may say about a connection.
 *
 *   vnc.html?resize=remote&view_only=1#autoconnect=1&password=secret
 *            └── query: the web server sees it ──┘└── fragment: stays in the browser ──┘
 *
 * telnet.html takes those that make sense there, and no password.
 *
 * The names are those of noVNC's own page, so that old links go on working. The fragment
 * wins over the query. A password is taken from the fragment alone, because a query ends
 * up in the server's log; either way it is removed from the address.
 */

const LONGEST = 2048;

const text = () => ({
	read: (raw) => (raw.length <= LONGEST ? raw : undefined),
	wants: "a shorter text",
});

const flag = () => ({
	read: (raw) => !["0", "no", "false", "off"].includes(raw.toLowerCase()),
	wants: "true or false",
});

const number = (least, most) => ({
	read(raw) {
		const value = Number(raw);
		return /^\d{1,9}$/.test(raw) && value >= least && value <= most ? value : undefined;
	},
	wants: `a number from ${least} to ${most}`,
});

const choice = (...words) => ({
	read: (raw) => (words.includes(raw) ? raw : undefined),
	wants: `one of ${words.join(", ")}`,
});

export const PARAMS = {
	host: text(),
	port: number(1, 65535),
	path: text(),
	encrypt: flag(),
	token: text(),
	autoconnect: flag(),
	resize: choice("off", "scale", "remote"),
	view_clip: flag(),
	view_only: flag(),
	shared: flag(),
	show_dot: flag(),
	font_size: number(8, 32),
	quality: number(0, 9),
	compression: number(0, 9),
	reconnect: flag(),
	reconnect_delay: number(0, 3_600_000),
	password: text(),
};

/*
 * Reads an address. Returns
 *   values   the parameters that were given and understood; nothing else
 *   notices  a sentence for each one that was not taken, and why
 *   clean    the address without any password, null if there was none
 * takesPassword: whether the page has a use for one.
 */
export function readParams(href, takesPassword = true) {
	const url = new URL(href);
	const query = splitPairs(url.search.slice(1));
	const fragment = splitPairs(url.hash.slice(1));
	const notices = [];
	if (!takesPassword && [...query, ...fragment].some(isPassword)) {
		notices.push("The password in this link was ignored: this page has no use for one.");
	} else if (query.some(isPassword)) {
		notices.push(
			"The password in this link was ignored: before the “#” it reaches the " +
				"server and its log. Put it after the “#”: vnc.html#password=…",
		);
	}
	const values = {
		...readPairs(
			query.filter((pair) => !isPassword(pair)),
			notices,
		),
		...readPairs(
			fragment.filter((pair) => takesPassword || !isPassword(pair)),
			notices,
		),
	};
	return { values, notices, clean: withoutPassword(url, query, fragment) };
}

/* A link's fragment from values: "autoconnect=true&resize=remote". Leaves out undefined. */
export function writeParams(values) {
	return Object.entries(values)
		.filter(([name, value]) => name in PARAMS && value !== undefined && value !== "")
		.map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`)
		.join("&");
}

const isPassword = (pair) => pair.name === "password";

/* A plus sign is a plus sign here, not a blank: passwords have them. */
function splitPairs(joined) {
	return joined
		.split("&")
		.filter((part) => part !== "")
		.map((part) => {
			const [name, ...rest] = part.split("=");
			return { name: decode(name) ?? name, raw: rest.join("="), part };
		});
}

function readPairs(pairs, notices) {
	const values = {};
	for (const { name, raw } of pairs) {
		const kind = Object.hasOwn(PARAMS, name) ? PARAMS[name] : undefined;
		if (!kind || name in values) {
			continue;
		}
		const value = decode(raw);
		const read = value === undefined ? undefined : kind.read(value);
		if (read === undefined) {
			notices.push(`“${name}” in this link was ignored: it should be ${kind.wants}.`);
		} else {
			values[name] = read;
		}
	}
	return values;
}

function withoutPassword(url, query, fragment) {
	if (![...query, ...fragment].some(isPassword)) {
		return null;
	}
	const clean = new URL(url);
	clean.search = joinPairs(query);
	clean.hash = joinPairs(fragment);
	return clean.href;
}

const joinPairs = (pairs) =>
	pairs
		.filter((pair) => !isPassword(pair))
		.map((pair) => pair.part)
		.join("&");

function decode(raw) {
	try {
		return decodeURIComponent(raw);
	} catch {
		return undefined;
	}
}
