/*
 * What is shown while there is no picture: one card per state.
 *
 *   form · connecting · waiting (to try again) · ended · running (no card)
 */

import { byId, make } from "./dom.js";

const CARDS = ["form", "connecting", "waiting", "ended"];
/* With a finger nobody needs a focus, and its ring would look like a mistake. */
const byTouch = matchMedia("(pointer: coarse)").matches;
const FOCUS = {
	form: "connect",
	connecting: "connecting-cancel",
	waiting: "waiting-now",
	ended: "ended-again",
};

/* Shows the card of a state, and moves the keyboard to what one most likely wants to press. */
export function showCard(state) {
	document.body.dataset.state = state;
	for (const name of CARDS) {
		byId(`card-${name}`).hidden = name !== state;
	}
	if (!byTouch) {
		byId(FOCUS[state] ?? "")?.focus({ preventScroll: true });
	}
}

export function showConnecting(text) {
	byId("connecting-text").textContent = text;
}

/* said: from explain(). again: the label of the main button. */
export function showEnded(said, again) {
	byId("card-ended").dataset.calm = String(said.calm);
	byId("ended-icon").setAttribute("href", `icons/sprite.svg#${said.calm ? "info" : "warning"}`);
	byId("ended-title").textContent = said.title;
	setText("ended-text", said.text);
	byId("ended-hints").replaceChildren(...said.hints.map((hint) => make("li", {}, hint)));
	byId("ended-again").textContent = again;
	byId("ended-more").hidden = said.calm;
	byId("ended-detail").textContent = said.detail;
	showCard("ended");
}

/*
 * said: from explain(); most: of how many attempts, Infinity for no end. The countdown itself comes
 * through showCountdown().
 */
export function showWaiting(said, attempt, most) {
	byId("waiting-title").textContent = said.title;
	setText("waiting-text", said.text);
	const of = most === Infinity ? "" : ` of ${most}`;
	byId("waiting-try").textContent = `Trying again by itself: ${attempt}${of}`;
	showCard("waiting");
}

export function showCountdown(seconds, of) {
	byId("waiting-seconds").textContent = String(seconds);
	byId("waiting-ring").style.strokeDashoffset = String(
		100 - Math.round((100 * seconds) / Math.max(of, 1)),
	);
}

function setText(id, text) {
	byId(id).textContent = text;
	byId(id).hidden = text === "";
}
