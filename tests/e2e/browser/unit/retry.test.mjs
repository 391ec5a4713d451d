/* Trying again: the waits, the countdown, and the numbers people read. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { bytes, duration } from "../../../../web/js/facts.js";
import { Countdown, MOST_TRIES, retryDelay } from "../../../../web/js/retry.js";

const never = () => 0;
const always = () => 0.999;

describe("the wait before a try", () => {
	it("doubles up to half a minute", () => {
		assert.deepEqual(
			[0, 1, 2, 3, 4, 5, 19].map((attempt) => retryDelay(attempt, 2000, never)),
			[2000, 4000, 8000, 16000, 30000, 30000, 30000],
		);
	});

	it("is never shorter than four fifths, nor longer than the full wait", () => {
		for (let attempt = 0; attempt < 40; attempt++) {
			const full = retryDelay(attempt, 1000, never);
			const least = retryDelay(attempt, 1000, always);
			assert.ok(least >= full * 0.8 - 1 && least < full, `${attempt}: ${least} of ${full}`);
		}
	});

	it("is the longest one when there were many tries, whatever the first was", () => {
		assert.equal(retryDelay(MOST_TRIES - 1, 0, never), 0);
		assert.equal(retryDelay(MOST_TRIES, 0, never), 30_000);
		assert.equal(retryDelay(1e6, 0, never), 30_000);
		assert.equal(retryDelay(1e6, 60_000, never), 60_000);
	});

	it("keeps a longer first wait", () => {
		assert.equal(retryDelay(0, 60_000, never), 60_000);
		assert.equal(retryDelay(9, 60_000, never), 60_000);
		assert.equal(retryDelay(3, 0, never), 0);
	});
});

/* Time that stands still until it is told to go on; one timer is all a countdown needs. */
function handClock() {
	let time = 0;
	let timer = null;
	return {
		now: () => time,
		later: (act, ms) => (timer = { act, at: time + ms }),
		never: () => {
			timer = null;
		},
		turn(ms) {
			for (const end = time + ms; time < end; time++) {
				if (timer && timer.at <= time) {
					const { act } = timer;
					timer = null;
					act();
				}
			}
		},
	};
}

describe("the countdown", () => {
	it("tells the seconds, then is done once", () => {
		const clock = handClock();
		const seen = [];
		const countdown = new Countdown(clock);
		countdown.start(
			2500,
			(left) => seen.push(left),
			() => seen.push("done"),
		);
		clock.turn(2400);
		assert.deepEqual(seen, [3, 2, 1]);
		assert.equal(countdown.running, true);
		clock.turn(5000);
		assert.deepEqual(seen, [3, 2, 1, "done"]);
		assert.equal(countdown.running, false);
	});

	it("stays stopped", () => {
		const clock = handClock();
		const seen = [];
		const countdown = new Countdown(clock);
		countdown.start(
			1000,
			() => {},
			() => seen.push("done"),
		);
		countdown.stop();
		clock.turn(5000);
		assert.deepEqual(seen, []);
	});

	it("started anew forgets the run before", () => {
		const clock = handClock();
		const seen = [];
		const countdown = new Countdown(clock);
		countdown.start(
			1000,
			() => {},
			() => seen.push("first"),
		);
		countdown.start(
			2000,
			() => {},
			() => seen.push("second"),
		);
		clock.turn(5000);
		assert.deepEqual(seen, ["second"]);
	});

	it("is done at once if there is nothing to wait for", () => {
		const seen = [];
		new Countdown(handClock()).start(
			0,
			() => {},
			() => seen.push("done"),
		);
		assert.deepEqual(seen, ["done"]);
	});
});

describe("numbers for people", () => {
	it("durations", () => {
		assert.equal(duration(0), "0:00");
		assert.equal(duration(65_999), "1:05");
		assert.equal(duration(3_723_000), "1:02:03");
	});

	it("bytes", () => {
		assert.equal(bytes(0), "0 bytes");
		assert.equal(bytes(999), "999 bytes");
		assert.equal(bytes(1_536_000), "1.5 MB");
		assert.equal(bytes(250_000_000), "250 MB");
	});
});
