/*
 * Full screen. Where the browser can (Chromium), keys that it would keep for itself go to the
 * desktop meanwhile: Esc, Alt+Tab, Ctrl+W. Holding Esc leaves full screen then.
 */

import { toast } from "./dom.js";

const canFullscreen = () =>
	Boolean(document.fullscreenEnabled ?? document.webkitFullscreenEnabled);

const isFullscreen = () =>
	Boolean(document.fullscreenElement ?? document.webkitFullscreenElement);

async function toggle() {
	const root = document.documentElement;
	if (isFullscreen()) {
		await (document.exitFullscreen ?? document.webkitExitFullscreen).call(document);
		return;
	}
	await (root.requestFullscreen ?? root.webkitRequestFullscreen).call(root, {
		navigationUI: "hide",
	});
	try {
		await navigator.keyboard?.lock?.();
	} catch {
		/* within a frame it is not allowed: full screen without those keys, then */
	}
}

/* Calls show(on) now and at every change. */
function follow(show) {
	const change = () => {
		if (!isFullscreen()) {
			navigator.keyboard?.unlock?.();
		}
		show(isFullscreen());
	};
	document.addEventListener("fullscreenchange", change);
	document.addEventListener("webkitfullscreenchange", change);
	change();
}

/* The button that goes there and back; refocus() gives the keys to what is shown. */
export function tieFullscreen(button, refocus) {
	button.hidden = !canFullscreen();
	button.addEventListener("click", async () => {
		const change = toggle();
		refocus();
		try {
			await change;
		} catch {
			toast("The browser did not allow full screen.", "warn");
		}
	});
	follow((on) => {
		button.setAttribute("aria-pressed", String(on));
		button
			.querySelector("use")
			.setAttribute("href", `icons/sprite.svg#${on ? "window" : "fullscreen"}`);
		button.title = on ? "Leave full screen" : "Full screen";
	});
}
