/* rebind.so, and the environment that loads it. */

import assert from "node:assert/strict";
import { copyFileSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { ROOT, TOOLS } from "./server.mjs";

export const REBIND = path.join(ROOT, "scripts/rebind");
export const SHIM = loadable(path.join(path.dirname(TOOLS), "rebind.so"));

/* LD_PRELOAD takes no path with a blank or a colon in it, but this tree may lie on one. */
function loadable(file) {
	assert.ok(existsSync(file), `${file} is missing: make tools`);
	if (!/[\s:]/.test(file))
		return file;
	const dir = mkdtempSync(path.join(os.tmpdir(), "websplice-shim-"));
	process.on("exit", () => rmSync(dir, { recursive: true, force: true }));
	copyFileSync(file, path.join(dir, "rebind.so"));
	return path.join(dir, "rebind.so");
}

/* A tool built with AddressSanitizer takes a preloaded library for a mistake. */
export const sanitizer = { ASAN_OPTIONS: [process.env.ASAN_OPTIONS, "verify_asan_link_order=0"].filter(Boolean).join(":") };

export const shim = (from, to, more = {}) =>
	({ ...sanitizer, LD_PRELOAD: SHIM, REBIND_OLD_PORT: String(from), REBIND_NEW_PORT: String(to), ...more });
