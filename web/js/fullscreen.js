/*
 * Full screen. Where the browser can (Chromium), keys that it would keep for itself go to the
 * desktop meanwhile: Esc, Alt+Tab, Ctrl+W. Holding Esc leaves full screen then.
 */

export const canFullscreen = () =>
	Boolean(document.fullscreenEnabled ?? document.webkitFullscreenEnabled);

export const isFullscreen = () =>
	Boolean(document.fullscreenElement ?? document.webkitFullscreenElement);

export async function toggleFullscreen() {
	const root = document.documentElement;
	if (isFullscreen()) {
		await (document.exitFullscreen ?? document.webkitExitFullscreen).call(document);
		return;
	}
	await (root.requestFullscreen ?? root.webkitRequestFullscreen).call(root, {
		navigationUI: "hide",
	});
	await navigator.keyboard?.lock?.();
}

/* Calls show(on) now and at every change. */
export function followFullscreen(show) {
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
