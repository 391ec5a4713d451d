/*
 * Trying again: how long to wait, and a countdown one can watch and stop.
 */

export const MOST_TRIES = 20;
const LONGEST_WAIT = 30_000;

/*
 * Milliseconds before try number `attempt` (0 is the first). Doubles from `first`, up to half a
 * minute or `first` itself if that is longer; up to a fifth is taken off at random, so that many
 * viewers of one server do not come back in step.
 */
export function retryDelay(attempt, first, random = Math.random) {
	const most = Math.max(first, LONGEST_WAIT);
	const full = Math.min(first * 2 ** Math.min(attempt, 30), most);
	return Math.round(full * (1 - random() / 5));
}

/* Calls onTick(seconds left) once a second and onDone() at the end; at most one run at a time. */
export class Countdown {
	#timer = null;
	#now;

	constructor(now = () => performance.now()) {
		this.#now = now;
	}

	start(ms, onTick, onDone) {
		this.stop();
		const end = this.#now() + ms;
		const step = () => {
			const left = end - this.#now();
			if (left <= 0) {
				this.#timer = null;
				onDone();
				return;
			}
			onTick(Math.ceil(left / 1000));
			this.#timer = setTimeout(step, left % 1000 || 1000);
		};
		step();
	}

	stop() {
		clearTimeout(this.#timer);
		this.#timer = null;
	}

	get running() {
		return this.#timer !== null;
	}
}
