/*
 * The terminal's colours, for both themes. Programs combine them as they like, so xterm.js is told
 * to make text stand out from what it is on.
 */

/* As far as is enough for text of any size. Reversed text, which xterm.js 6 measures against
 * itself, gets just this and no more. */
const CONTRAST = 7;

const DARK = {
	background: "#10171d",
	foreground: "#e3e9ef",
	cursor: "#57d3c8",
	cursorAccent: "#10171d",
	selectionBackground: "#2f5f66",
	black: "#2b3640",
	red: "#f2777a",
	green: "#8fd06c",
	yellow: "#f0c25c",
	blue: "#6cb2f5",
	magenta: "#cf94ec",
	cyan: "#57d3c8",
	white: "#ced7df",
	brightBlack: "#768593",
	brightRed: "#ff9a92",
	brightGreen: "#b0e892",
	brightYellow: "#ffdb87",
	brightBlue: "#9bcdff",
	brightMagenta: "#e4b8fa",
	brightCyan: "#8ff0e6",
	brightWhite: "#ffffff",
};

const LIGHT = {
	background: "#ffffff",
	foreground: "#17212b",
	cursor: "#0b6b70",
	cursorAccent: "#ffffff",
	selectionBackground: "#b5dcda",
	black: "#17212b",
	red: "#b3261e",
	green: "#2f6b1f",
	yellow: "#7a5000",
	blue: "#0f52a8",
	magenta: "#86259b",
	cyan: "#0b6b70",
	white: "#c8d0d8",
	brightBlack: "#5b6875",
	brightRed: "#d0443b",
	brightGreen: "#3f8a2b",
	brightYellow: "#9a6700",
	brightBlue: "#2a70cf",
	brightMagenta: "#a544ba",
	brightCyan: "#0f8a8f",
	brightWhite: "#eef2f5",
};

/*
 * Options for the terminal; theme: "dark" or "light". The colours are a new object each time, so
 * that those a server has set are gone.
 */
export const coloursOf = (theme) => ({
	theme: { ...(theme === "dark" ? DARK : LIGHT) },
	minimumContrastRatio: CONTRAST,
});
