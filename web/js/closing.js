/*
 * Why a connection ended, in words: what holds for any service behind a WebSocket. What is special
 * to one comes from its own file (ending.js, telnet/ending.js).
 *
 * An ending is plain data, gathered by connection.js and who derives from it:
 *   phase     how far it got: "opening" (no WebSocket yet), "greeting" (WebSocket open, the service
 *             has not spoken yet) or "running"
 *   asked     the user ended it
 *   code      the WebSocket's close code, undefined if the socket did not end first
 *   reason    the close reason as the server sent it
 *   failure   what was objected to, in somebody's words
 *   timeout   the wait for the phase ran out
 *   thrown    name of the exception the browser threw instead of opening the socket
 *   library   the page's library could not be loaded
 *   page      "up" or "down": whether the web server answered when asked afterwards
 *   url       the WebSocket address
 *
 * It is turned into
 *   title, text   what happened; `text` may be empty
 *   hints         what one can do about it
 *   detail        the raw facts, for a report
 *   calm          true for an end that is no failure
 *   retry         whether trying again by itself makes sense
 *   again         whether it makes sense for who insists, though it was no failure
 *   forget        whether the password that was used should be asked for again
 */

import { quote, tidy } from "./words.js";

const NOTHING_TO_RETRY = [1002, 1003, 1007, 1008, 1009, 1010];

/*
 * Gives explain(ending) for one kind of service.
 *   names   {page, library, thing, server}: "viewer", "VNC", "desktop", "VNC server"
 *   rules   [{when(ending), say(ending)}] of its own: the more is known, the earlier
 *   codes   {code: say(ending)} of its own; 1000 must be among them
 */
export function explainer({ names, rules, codes }) {
	const all = [...firstRules(names), ...rules, ...lastRules(names, { ...CODES, ...codes })];
	return (ending) => {
		const said = all.find((rule) => rule.when(ending)).say(ending);
		return {
			title: said.title,
			text: said.text ?? "",
			hints: said.hints ?? [],
			detail: describe(ending),
			calm: said.calm ?? false,
			retry: said.retry ?? false,
			again: said.again ?? false,
			forget: said.forget ?? false,
		};
	};
}

const firstRules = (names) => [
	{
		when: (e) => e.asked,
		say: () => ({ title: "Disconnected", text: "You ended the connection.", calm: true }),
	},
	{
		when: (e) => e.library && e.page !== "down",
		say: () => ({
			title: `The ${names.page} is not complete`,
			text: `Its ${names.library} library could not be loaded from this server.`,
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
	{ when: (e) => e.timeout === "opening", say: explainSilence },
];

const lastRules = (names, codes) => [
	{ when: (e) => e.code === 1011, say: (e) => explainBackend(e, names) },
	{ when: (e) => e.phase === "opening", say: explainUnreachable },
	{ when: (e) => e.code in codes, say: (e) => withReason(codes[e.code](e), e) },
	{ when: () => true, say: (e) => withReason(explainUnknown(e), e) },
];

function explainSilence() {
	return {
		title: "The server does not answer",
		text: "It did not accept the connection in time.",
		hints: ["Check the address, and whether a firewall is in between."],
		retry: true,
	};
}

function explainBackend(ending, { thing, server }) {
	const running = ending.phase === "running";
	return {
		title: running ? `The connection to the ${thing} broke` : `The ${thing} cannot be reached`,
		text: ending.reason
			? `The server says: ${quote(ending.reason)}`
			: running
				? "The server did not say why."
				: `The server could not connect to the ${server}, and did not say why.`,
		hints: running
			? []
			: [`Check that the ${server} is running, and that its address is right.`],
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
	1001: () => ({
		title: "The server is shutting down",
		text: "It said goodbye to all connections.",
		calm: true,
		retry: true,
	}),
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

/* RFC 6455, 7.4.1, and 1014 of the registry that it set up. */
const MEANINGS = {
	1002: "something in between broke the rules of WebSockets",
	1003: "it was sent data of a kind that it does not take",
	1007: "it was sent data that makes no sense",
	1009: "it was sent more at once than it takes, perhaps a long text from the clipboard",
	1010: "it misses an extension of WebSockets that this browser does not have",
	1014: "the server behind it gave no answer that it understood",
};

function explainUnknown({ code }) {
	const meaning = code in MEANINGS ? `: ${MEANINGS[code]}` : "";
	return {
		title: "The connection was closed",
		text: code === undefined ? "" : `The server gave the code ${code}${meaning}.`,
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
