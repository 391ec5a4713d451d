/*
 * Why a connection to a telnet server ended, in words. To closing.js's facts session.js adds
 *   heard   whether the server has ever said anything
 *   stuck   the server takes nothing any more, and too much is waiting
 */

import { explainer } from "../closing.js";

const RULES = [
	{
		when: (e) => e.stuck,
		say: () => ({
			title: "The server has stopped listening",
			text: "What was typed or pasted has been waiting for it for too long.",
			hints: ["Connect again, and paste less at once."],
			retry: false,
		}),
	},
];

function explainEnd({ phase }) {
	if (phase === "running") {
		return { title: "The telnet server ended the connection", calm: true, again: true };
	}
	return {
		title: "The telnet server hung up",
		text: "It closed the connection without a word.",
		hints: ["It may be full, or may not let you in from here."],
		retry: true,
	};
}

const explainKnown = explainer({
	names: {
		page: "terminal",
		library: "terminal",
		thing: "telnet server",
		server: "telnet server",
	},
	rules: RULES,
	codes: { 1000: explainEnd, 1005: explainEnd },
});

/* A service may wait for us to speak first, so the page calls it running before it has spoken. */
export function explain(ending) {
	const mute = ending.phase === "running" && ending.heard === false;
	return explainKnown({ ...ending, phase: mute ? "greeting" : ending.phase });
}
