/*
 * Why a session with a desktop ended, in words. To closing.js's facts session.js adds
 *   security  {status, reason} if the VNC server refused the login
 *   refused   the user did not trust the server's key, or did not give credentials
 *   failure   is what the RFB library objected to
 */

import { explainer } from "./closing.js";
import { quote } from "./words.js";

const RULES = [
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
	{ when: (e) => e.timeout, say: explainNoGreeting },
	{ when: (e) => e.code === undefined && e.failure, say: explainFailure },
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

function explainNoGreeting() {
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

function explainEnd({ phase }) {
	if (phase === "running") {
		return { title: "The desktop ended the connection", calm: true, retry: true };
	}
	return {
		title: "The desktop hung up",
		text: "The VNC server closed the connection before it showed a picture.",
		hints: ["It may be full, or may allow only one viewer at a time."],
		retry: true,
	};
}

export const explain = explainer({
	names: { page: "viewer", library: "VNC", thing: "desktop", server: "VNC server" },
	rules: RULES,
	codes: { 1000: explainEnd, 1005: explainEnd },
});
