/*
 * The start page: the colours' button, and links made to order.
 */

import { byId, toast } from "./dom.js";
import { writeParams } from "./params.js";
import { Settings } from "./settings.js";
import { followTheme } from "./theme.js";

const USUAL_QUALITY = "6";

/* Only what differs from what the viewer would do anyway, so that links stay short. */
function choices(form) {
	const data = new FormData(form);
	return {
		autoconnect: data.has("autoconnect") || undefined,
		resize: data.get("resize"),
		view_only: data.has("view_only") || undefined,
		reconnect: data.has("reconnect") || undefined,
		shared: data.has("exclusive") ? false : undefined,
		quality: data.get("quality") === USUAL_QUALITY ? undefined : data.get("quality"),
	};
}

function showLink(form) {
	const link = new URL("vnc.html", location.href);
	link.hash = writeParams(choices(form));
	byId("maker-link").value = link.href;
	byId("maker-open").href = link.href;
	byId("maker-quality").previousElementSibling.value = byId("maker-quality").value;
}

async function copyLink() {
	const field = byId("maker-link");
	try {
		await navigator.clipboard.writeText(field.value);
		toast("Copied.");
	} catch {
		field.select();
		toast("Press Ctrl+C to copy the link.");
	}
}

const form = byId("maker");
form.addEventListener("input", () => showLink(form));
form.addEventListener("submit", (event) => event.preventDefault());
byId("maker-copy").addEventListener("click", copyLink);
byId("insecure").hidden = window.isSecureContext;
document
	.querySelectorAll("[data-theme-button]")
	.forEach((button) => followTheme(new Settings(), button));
showLink(form);
