/*
 * What may be pasted: text, without the characters that are commands to a terminal or to the
 * program in it. A text that was copied from a web page may hold some that are not to be seen.
 */

/* More at once would only wait in the browser. */
export const MOST_PASTED = 256 * 1024;

/* Keeps tabs and line ends, which come out as one kind. */
export const cleanPaste = (text) =>
	text.replace(/\r\n?/g, "\n").replace(/[\x00-\x08\x0b-\x1f\x7f-\x9f]/g, "");

/* How many lines a shell would take for commands. */
export const linesOf = (text) => text.split("\n").filter((line) => line.trim() !== "").length;
