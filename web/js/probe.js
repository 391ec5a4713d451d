/*
 * A browser does not tell a page why a WebSocket was not opened, not even whether anybody was
 * there. Asking for the page itself once more at least tells these two apart.
 */

const PATIENCE = 3000;

/* "up" if the web server answers anything at all, else "down". */
export async function askPage() {
	const giveUp = new AbortController();
	const timer = setTimeout(() => giveUp.abort(), PATIENCE);
	try {
		/* Not relative: the page's address may hold a user and a password, which fetch refuses. */
		await fetch(location.origin + location.pathname, {
			method: "HEAD",
			cache: "no-store",
			signal: giveUp.signal,
		});
		return "up";
	} catch {
		return "down";
	} finally {
		clearTimeout(timer);
	}
}
