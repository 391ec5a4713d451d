/*
 * What both sides have agreed on, option by option: RFC 1143's "Q method", which cannot be drawn
 * into a loop, because it answers requests to change and never mere confirmations.
 *
 * There are two sides to each option, ours (they say DO and DONT, we WILL and WONT) and theirs
 * (they say WILL and WONT, we DO and DONT), and each side is in one of six states:
 *
 *   NO, YES             agreed
 *   WANT_NO, WANT_YES   we have asked, and wait
 *   WANT_NO_THEN_YES,   we have asked, and already want the opposite: it is asked for as soon as
 *   WANT_YES_THEN_NO    the answer has come
 */

import { DO, DONT, WILL, WONT } from "./codes.js";

const NO = "no";
const YES = "yes";
const WANT_NO = "want no";
const WANT_YES = "want yes";
const WANT_NO_THEN_YES = "want no, then yes";
const WANT_YES_THEN_NO = "want yes, then no";

/* state → [next state, what we say]; "on" and "off" stand for the verbs of that side. */
const THEY_SAY_ON = {
	[YES]: [YES],
	[WANT_NO]: [NO],
	[WANT_NO_THEN_YES]: [YES],
	[WANT_YES]: [YES],
	[WANT_YES_THEN_NO]: [WANT_NO, "off"],
};

const THEY_SAY_OFF = {
	[NO]: [NO],
	[YES]: [NO, "off"],
	[WANT_NO]: [NO],
	[WANT_NO_THEN_YES]: [WANT_YES, "on"],
	[WANT_YES]: [NO],
	[WANT_YES_THEN_NO]: [NO],
};

const WE_WANT_ON = {
	[NO]: [WANT_YES, "on"],
	[WANT_NO]: [WANT_NO_THEN_YES],
	[WANT_YES_THEN_NO]: [WANT_YES],
};

const WE_WANT_OFF = {
	[YES]: [WANT_NO, "off"],
	[WANT_NO_THEN_YES]: [WANT_NO],
	[WANT_YES]: [WANT_YES_THEN_NO],
};

/*
 * A peer that asks for the same again whenever it is refused would loop by itself. It is told this
 * often, then it talks to itself.
 */
export const MOST_REFUSALS = 16;

export class Agreement {
	#sides = { us: new Map(), them: new Map() };
	#refusals = new Map();
	#send;
	#accepts;
	#changed;

	/*
	 * send(verb, option)          says it to the peer
	 * accepts(side, option)       whether the peer may switch it on; side is "us" or "them"
	 * changed(side, option, on)   it has been switched on or off; called after send
	 */
	constructor({ send, accepts, changed }) {
		this.#send = send;
		this.#accepts = accepts;
		this.#changed = changed;
	}

	/* Whether an option is in force on one side. */
	on(side, option) {
		return this.#state(side, option) === YES;
	}

	/* The peer has said verb. */
	hear(verb, option) {
		const side = verb === DO || verb === DONT ? "us" : "them";
		const on = verb === DO || verb === WILL;
		if (on && this.#state(side, option) === NO) {
			this.#decide(side, option);
		} else {
			this.#go(side, option, on ? THEY_SAY_ON : THEY_SAY_OFF);
		}
	}

	/* We want an option on or off. */
	want(side, option, on) {
		this.#go(side, option, on ? WE_WANT_ON : WE_WANT_OFF);
	}

	#decide(side, option) {
		if (this.#accepts(side, option)) {
			this.#go(side, option, { [NO]: [YES, "on"] });
			return;
		}
		const name = `${side} ${option}`;
		const refused = this.#refusals.get(name) ?? 0;
		if (refused < MOST_REFUSALS) {
			this.#refusals.set(name, refused + 1);
			this.#say(side, option, "off");
		}
	}

	#go(side, option, table) {
		const was = this.#state(side, option);
		const [next, said] = table[was] ?? [was];
		this.#sides[side].set(option, next);
		if (said) {
			this.#say(side, option, said);
		}
		if ((was === YES) !== (next === YES)) {
			this.#changed(side, option, next === YES);
		}
	}

	#say(side, option, what) {
		const [on, off] = side === "us" ? [WILL, WONT] : [DO, DONT];
		this.#send(what === "on" ? on : off, option);
	}

	#state(side, option) {
		return this.#sides[side].get(option) ?? NO;
	}
}
