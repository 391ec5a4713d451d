/*
 * Trying again: how long to wait, and a countdown one can watch and stop.
 */

/* Unless the link insists: it may be a screen on a wall, with nobody there to press a button. */
export const MOST_TRIES = 20;
const LONGEST_WAIT = 30_000;

/*
 * Milliseconds before try number `attempt` (0 is the first). Doubles from `first`, up to half a
 * minute or `first` itself if that is longer; up to a fifth is taken off at random, so that many
 * viewers of one server do not come back in step. Beyond MOST_TRIES it is the longest wait whatever
 * `first` is.
 */
export function retryDelay(attempt, first, random = Math.random) {
	const most = Math.max(first, LONGEST_WAIT);
	const full = attempt < MOST_TRIES ? Math.min(first * 2 ** attempt, most) : most;
	return Math.round(full * (1 - random() / 5));
}

/* The browser's own time; tests turn theirs by hand. */
const CLOCK = {
	now: () => performance.now(),
	later: (act, ms) => setTimeout(act, ms),
	never: (timer) => clearTimeout(timer),
};

/* Calls onTick(seconds left) once a second and onDone() at the end; at most one run at a time. */
export class Countdown {
	#timer = null;
	#clock;

	constructor(clock = CLOCK) {
		this.#clock = clock;
	}

	start(ms, onTick, onDone) {
		this.stop();
		const end = this.#clock.now() + ms;
		const step = () => {
			const left = end - this.#clock.now();
			if (left <= 0) {
				this.#timer = null;
				onDone();
				return;
			}
			onTick(Math.ceil(left / 1000));
			this.#timer = this.#clock.later(step, left % 1000 || 1000);
		};
		step();
	}

	stop() {
		if (this.#timer !== null) {
			this.#clock.never(this.#timer);
			this.#timer = null;
		}
	}

	get running() {
		return this.#timer !== null;
	}
}
