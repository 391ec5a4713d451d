/*
 * Scrolling with a finger, which xterm.js leaves to others. A drag scrolls back; while a program has
 * the whole screen or follows the mouse it becomes turns of a wheel, for the terminal to make of it
 * what it makes of a wheel's.
 */

const DRAG_FROM = 8; /* pixels: less is a tap */

/* Calls move(pixels, touch) as a finger moves up (positive) or down on `place`. */
function followFinger(place, move) {
	let last = null;
	let dragging = false;
	place.addEventListener("touchstart", ({ touches }) => {
		last = touches.length === 1 ? touches[0].clientY : null;
		dragging = false;
	});
	place.addEventListener(
		"touchmove",
		(event) => {
			const [touch, ...others] = event.touches;
			if (last === null || others.length > 0) {
				return;
			}
			const moved = last - touch.clientY;
			dragging ||= Math.abs(moved) >= DRAG_FROM;
			if (dragging) {
				event.preventDefault();
				last = touch.clientY;
				move(moved, touch);
			}
		},
		{ passive: false },
	);
}

export function followTouch(place, xterm) {
	let rest = 0;
	followFinger(place, (moved, { clientX, clientY }) => {
		const screen = place.querySelector(".xterm-screen");
		if (xterm.buffer.active.type !== "normal" || xterm.modes.mouseTrackingMode !== "none") {
			const turn = { deltaY: moved, clientX, clientY, bubbles: true, cancelable: true };
			screen.dispatchEvent(new WheelEvent("wheel", turn));
			return;
		}
		rest += (moved * xterm.rows) / screen.clientHeight;
		const lines = Math.trunc(rest);
		rest -= lines;
		xterm.scrollLines(lines);
	});
}
