/*
 * Why a session ended, in words.
 *
 * An ending is plain data, gathered by session.js where the facts are seen:
 *   phase     how far it got: "opening" (no WebSocket yet), "greeting" (WebSocket open, no
 *             desktop yet) or "running"
 *   asked     the user ended it
 *   code      the WebSocket's close code, undefined if the socket did not end first
 *   reason    the close reason as the server sent it
 *   security  {status, reason} if the VNC server refused the login
 *   failure   what the RFB library objected to, in its words
 *   refused   the user did not trust the server's key, or did not give credentials
 *   timeout   the wait for the phase ran out
 *   thrown    name of the exception the browser threw instead of opening the socket
 *   library   the viewer's library could not be loaded
 *   page      "up" or "down": whether the web server answered when asked afterwards
 *   url       the WebSocket address
 *
 * explain() turns it into
 *   title, text   what happened; `text` may be empty
 *   hints         what one can do about it
 *   detail        the raw facts, for a report
 *   calm          true for an end that is no failure
 *   retry         whether trying again by itself makes sense
 *   forget        whether the password that was used should be asked for again
 */

const NOTHING_TO_RETRY = [1002, 1003, 1007, 1008, 1009, 1010];

export function explain(ending) {
	const found = RULES.find((rule) => rule.when(ending));
	const said = found.say(ending);
	return {
		title: said.title,
		text: said.text ?? "",
		hints: said.hints ?? [],
		detail: describe(ending),
		calm: said.calm ?? false,
		retry: said.retry ?? false,
		forget: said.forget ?? false,
	};
}

/* First match wins: the more is known, the earlier it stands. */
const RULES = [
	{
		when: (e) => e.asked,
		say: () => ({ title: "Disconnected", text: "You ended the connection.", calm: true }),
	},
	{
		when: (e) => e.library && e.page !== "down",
		say: () => ({
			title: "The viewer is not complete",
			text: "Its VNC library could not be loaded from this server.",
			hints: ["Run “npm ci” in the web folder of the server, then reload this page."],
		}),
	},
	{
		when: (e) => e.thrown === "SecurityError",
		say: () => ({
			title: "The browser does not allow this connection",
			text: "A page that came over an encrypted connection may not open an unencrypted one.",
			hints: ["Turn on “Encrypted”, or open this page with http:// instead."],
		}),
	},
	{
		when: (e) => e.thrown,
		say: (e) => ({ title: "This address cannot be used", text: e.failure ?? "" }),
	},
	{
		when: (e) => e.refused === "key",
		say: () => ({
			title: "Not connected",
			text: "You did not accept the identity of the VNC server. Nothing was sent to it.",
			calm: true,
		}),
	},
	{
		when: (e) => e.refused === "credentials",
		say: () => ({ title: "Not connected", text: "The login was cancelled.", calm: true }),
	},
	{ when: (e) => e.security, say: explainSecurity },
	{ when: (e) => e.timeout, say: explainTimeout },
	{ when: (e) => e.code === undefined && e.failure, say: explainFailure },
	{ when: (e) => e.code === 1011, say: explainBackend },
	{ when: (e) => e.phase === "opening", say: explainUnreachable },
	{ when: (e) => e.code in CODES, say: (e) => withReason(CODES[e.code](e), e) },
	{ when: () => true, say: (e) => withReason(explainUnknown(e), e) },
];

function explainSecurity({ security }) {
	const reason = security.reason ? quote(security.reason) : "";
	if (/too many/i.test(security.reason ?? "")) {
		return {
			title: "The VNC server has locked logins",
			text: `It says: ${reason}`,
			hints: ["Too many wrong passwords were tried. Wait a while before the next try."],
			forget: true,
		};
	}
	return {
		title: "The login was refused",
		text: reason
			? `The VNC server says: ${reason}`
			: "The VNC server did not accept the password.",
		hints: ["Check the user name and the password, and mind Caps Lock."],
		forget: true,
	};
}

function explainTimeout({ timeout }) {
	if (timeout === "opening") {
		return {
			title: "The server does not answer",
			text: "It did not accept the connection in time.",
			hints: ["Check the address, and whether a firewall is in between."],
			retry: true,
		};
	}
	return {
		title: "The desktop does not answer",
		text: "The server accepted the connection, but no VNC server spoke behind it.",
		hints: [
			"Check that the server's target is the port of a VNC server, and that it is not stuck.",
		],
		retry: true,
	};
}

function explainFailure({ failure }) {
	const security = /^Unsupported security types/i.test(failure);
	const version = /^Invalid server version/i.test(failure);
	if (security) {
		return {
			title: "No way to log in that both sides know",
			text: "The VNC server offers only security types that a browser cannot do.",
			hints: [
				"Allow one of None, VncAuth, RA2ne, Plain or TightVNC on the VNC server, and let " +
					"the connection to this page be encrypted instead.",
			],
		};
	}
	if (version) {
		return {
			title: "That is not a VNC server",
			text: "What answered behind the server does not speak VNC.",
			hints: ["Check the server's target: another service may be listening on that port."],
		};
	}
	return {
		title: "The desktop sent something that was not understood",
		text: "The connection was ended to be safe.",
		hints: ["Connecting again often helps. If not, the details below help to find out why."],
	};
}

function explainBackend(ending) {
	const running = ending.phase === "running";
	return {
		title: running ? "The connection to the desktop broke" : "The desktop cannot be reached",
		text: ending.reason
			? `The server says: ${quote(ending.reason)}`
			: "The server could not connect to the VNC server, and did not say why.",
		hints: running
			? []
			: ["Check that the VNC server is running, and that its address is right."],
		retry: true,
	};
}

function explainUnreachable(ending) {
	const where = placeOf(ending.url);
	if (ending.page === "up") {
		return {
			title: "No WebSocket at this address",
			text: `The web server answers, but ${where} did not become a WebSocket connection.`,
			hints: [
				"Check the path, and that a reverse proxy in between lets WebSockets through.",
				"The server may also not allow this page to connect; its log says so.",
			],
			retry: true,
		};
	}
	return {
		title: "The server cannot be reached",
		text:
			ending.page === "down"
				? "The web server that this page came from does not answer any more."
				: `Nothing at ${where} accepted the connection.`,
		hints: [
			"Check the network, and that the server is running." +
				(ending.url?.startsWith("wss:")
					? " With encryption, its certificate must also be trusted."
					: ""),
		],
		retry: true,
	};
}

const CODES = {
	1000: (e) =>
		e.phase === "running"
			? { title: "The desktop ended the connection", calm: true, retry: true }
			: {
					title: "The desktop hung up",
					text: "The VNC server closed the connection before it showed a picture.",
					hints: ["It may be full, or may allow only one viewer at a time."],
					retry: true,
				},
	1001: () => ({
		title: "The server is shutting down",
		text: "It said goodbye to all connections.",
		calm: true,
		retry: true,
	}),
	1005: (e) => CODES[1000](e),
	1006: () => ({
		title: "The connection was lost",
		text: "It ended without a goodbye: the network went away, or the server was stopped.",
		retry: true,
	}),
	1008: () => ({
		title: "The server does not allow this connection",
		hints: ["Ask whoever runs the server; its log has the reason."],
	}),
	1012: () => ({ title: "The server is restarting", calm: true, retry: true }),
	1013: () => ({ title: "The server is busy", text: "It asks to come back later.", retry: true }),
};

function explainUnknown({ code }) {
	return {
		title: "The connection was closed",
		text: code === undefined ? "" : `The server gave the code ${code}.`,
		retry: !NOTHING_TO_RETRY.includes(code),
	};
}

function withReason(said, { reason }) {
	if (!reason) {
		return said;
	}
	return {
		...said,
		text: [said.text, `The server says: ${quote(reason)}`].filter(Boolean).join(" "),
	};
}

/* One line of facts, in a fixed order. */
function describe(ending) {
	const parts = [
		ending.code !== undefined && `close code ${ending.code}`,
		ending.reason && `reason ${quote(ending.reason)}`,
		ending.security && `security status ${ending.security.status}`,
		ending.timeout && `no answer while ${ending.timeout}`,
		ending.thrown && ending.thrown,
		ending.failure && ending.failure,
		ending.url && withoutSecrets(ending.url),
	];
	return parts
		.filter(Boolean)
		.map((part) => tidy(part))
		.join(" · ");
}

const placeOf = (url) => (url ? new URL(url).host + new URL(url).pathname : "that address");

/* A query may hold a token. */
const withoutSecrets = (url) => url.replace(/\?.*$/s, "?…");

const quote = (words) => `“${tidy(words)}”`;

/* Text from the other side: no control or direction-changing characters, and not without end. */
export function tidy(words, longest = 300) {
	const clean = String(words)
		.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, " ")
		.trim();
	return clean.length > longest ? `${clean.slice(0, longest)}…` : clean;
}
