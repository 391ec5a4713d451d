/* Words from the other side, made fit to be shown. */

/* No control or direction-changing characters, and not without end. */
export function tidy(words, longest = 300) {
	const clean = String(words)
		.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, " ")
		.trim();
	return clean.length > longest ? `${clean.slice(0, longest)}…` : clean;
}

export const quote = (words) => `“${tidy(words)}”`;
