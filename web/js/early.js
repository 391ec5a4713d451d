/*
 * Runs before the first paint (the one script that is not a module), so that a page never
 * flashes in the wrong colours. theme.js takes over from here.
 */
(() => {
	let chosen = null;
	try {
		chosen = JSON.parse(localStorage.getItem("websplice.settings") ?? "{}").theme;
	} catch {
		/* no storage, or not ours: the system's choice it is */
	}
	const dark = matchMedia("(prefers-color-scheme: dark)").matches;
	document.documentElement.dataset.theme =
		chosen === "dark" || chosen === "light" ? chosen : dark ? "dark" : "light";
})();
