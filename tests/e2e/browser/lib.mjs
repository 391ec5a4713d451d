/* All that the browser tests share; see lib/ for the parts. */

export * from "./lib/browser.mjs";
export * from "./lib/fakevnc.mjs";
export * from "./lib/process.mjs";
export * from "./lib/server.mjs";
export * from "./lib/telnetd.mjs";
export * from "./lib/wait.mjs";
export * from "./lib/xvnc.mjs";
