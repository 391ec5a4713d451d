/*
 * Questions. Each is a <dialog> in the page with a form in it; asking is a promise.
 */

import { all, byId } from "./dom.js";

/*
 * Shows a dialog until it is answered. Resolves to the form's data if it was accepted; to null if
 * it was cancelled (Cancel, Esc) or if `signal` fired because the question has become pointless.
 */
export function ask(dialog, signal) {
	const form = dialog.querySelector("form");
	dialog.returnValue = "";
	dialog.showModal();
	return new Promise((resolve) => {
		const submit = (event) => {
			event.preventDefault();
			dialog.close("ok");
		};
		const cancel = () => dialog.close("");
		const buttons = all("[data-cancel]", dialog);
		const done = () => {
			form.removeEventListener("submit", submit);
			buttons.forEach((button) => button.removeEventListener("click", cancel));
			signal?.removeEventListener("abort", cancel);
			const answer = dialog.returnValue === "ok" ? new FormData(form) : null;
			form.reset();
			resolve(answer);
		};
		form.addEventListener("submit", submit);
		buttons.forEach((button) => button.addEventListener("click", cancel));
		signal?.addEventListener("abort", cancel);
		dialog.addEventListener("close", done, { once: true });
		if (signal?.aborted) {
			cancel();
		}
	});
}

const CREDENTIALS = ["username", "password", "target"];

/*
 * Asks for what the VNC server wants: some of username, password, target. `refused` says that the
 * last ones were wrong. Resolves to an object with just these, or null.
 */
export async function askCredentials(types, { place, refused, exposed }, signal) {
	const dialog = byId("ask-credentials");
	for (const name of CREDENTIALS) {
		const input = dialog.querySelector(`[name=${name}]`);
		input.disabled = !types.includes(name);
		input.closest(".field").hidden = !types.includes(name);
	}
	dialog.querySelector("[data-place]").textContent = place;
	dialog.querySelector("[data-refused]").hidden = !refused;
	dialog.querySelector("[data-exposed]").hidden = !exposed;
	const answer = ask(dialog, signal);
	dialog.querySelector("input:not(:disabled)")?.focus();
	const data = await answer;
	return data && Object.fromEntries(types.map((name) => [name, String(data.get(name) ?? "")]));
}

/* Asks whether the VNC server's key is the right one. Resolves to a boolean. */
export async function askIdentity({ place, print, changed }, signal) {
	const dialog = byId("ask-identity");
	dialog.dataset.tone = changed ? "danger" : "info";
	dialog.querySelector("[data-place]").textContent = place;
	dialog.querySelector("[data-short]").textContent = print.short;
	dialog.querySelector("[data-long]").textContent = print.long.match(/.{1,4}/g).join(" ");
	dialog.querySelector("[data-new]").hidden = changed;
	dialog.querySelector("[data-changed]").hidden = !changed;
	return (await ask(dialog, signal)) !== null;
}

/*
 * Asks before a link connects to another server than the page's own. Resolves to null for no,
 * else to {remember}.
 */
export async function askForeign({ place, page, password, exposed }) {
	const dialog = byId("ask-foreign");
	all("[data-place]", dialog).forEach((element) => {
		element.textContent = place;
	});
	dialog.querySelector("[data-page]").textContent = page;
	dialog.querySelector("[data-password]").hidden = !password;
	dialog.querySelector("[data-exposed]").hidden = !exposed;
	const data = await ask(dialog);
	return data && { remember: data.has("remember") };
}

/* A plain yes or no. */
export async function askPlainly(title, text, yes) {
	const dialog = byId("ask-plainly");
	dialog.querySelector("h2").textContent = title;
	dialog.querySelector("[data-text]").textContent = text;
	dialog.querySelector("[type=submit]").textContent = yes;
	return (await ask(dialog)) !== null;
}
