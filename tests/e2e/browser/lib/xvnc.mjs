/* TigerVNC's Xvnc: a real X desktop behind a real VNC server. */

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { once } from "node:events";
import { Program, freePort, run } from "./process.mjs";
import { until, within } from "./wait.mjs";
import { connect } from "node:net";
import { DESECBCipher } from "../../../../web/node_modules/@novnc/novnc/core/crypto/des.js";

/* The key every VNC password file is hidden with; it is no secret, and no protection. */
const FILE_KEY = Uint8Array.of(23, 82, 107, 6, 35, 78, 88, 7);

function passwordFile(password) {
	const plain = new Uint8Array(8);
	plain.set(new TextEncoder().encode(password).slice(0, 8));
	return DESECBCipher.importKey(FILE_KEY, {}, false, []).encrypt({}, plain);
}

/*
 * Starts an X server with VNC, painted in `colour`. Gives {port, target, folder, start(program,
 * ...args), run(program, ...args), stop()}; start() is for programs that stay, run() for those
 * that end. port: to come back where an earlier one was.
 */
export async function startXvnc({
	password,
	geometry = "800x600",
	colour = "#2a5d84",
	port,
	name = "Workbench",
} = {}) {
	const folder = await mkdtemp(join(tmpdir(), "xvnc-"));
	const at = port ?? (await freePort());
	const security = ["-SecurityTypes", "None"];
	if (password) {
		const file = join(folder, "passwd");
		await writeFile(file, passwordFile(password), { mode: 0o600 });
		security.splice(0, 2, "-SecurityTypes", "VncAuth", "-PasswordFile", file);
	}
	const server = new Program("Xvnc", [
		"-displayfd",
		"3",
		"-rfbport",
		String(at),
		"-localhost",
		...security,
		"-geometry",
		geometry,
		"-depth",
		"24",
		"-desktop",
		name,
		"-AlwaysShared",
		"-BlacklistThreshold",
		"1000",
	]);
	const programs = [];
	const stop = async () => {
		for (const program of programs.reverse()) {
			await program.stop();
		}
		await server.stop();
		await rm(folder, { recursive: true, force: true });
	};
	try {
		const [number] = await within("Xvnc's display", once(server.report, "data"));
		const env = { ...process.env, DISPLAY: `:${String(number).trim()}` };
		await until("Xvnc to listen", () => canConnect(at));
		await run("xsetroot", ["-solid", colour], { env });
		return {
			port: at,
			target: `127.0.0.1:${at}`,
			folder,
			stop,
			start(program, ...args) {
				const started = new Program(program, args, { env });
				programs.push(started);
				return started;
			},
			run: (program, ...args) => run(program, args, { env }),
		};
	} catch (error) {
		await stop();
		throw new Error(`Xvnc did not start:\n${server.output}`, { cause: error });
	}
}

function canConnect(port) {
	return new Promise((resolve) => {
		const socket = connect(port, "127.0.0.1");
		socket.on("connect", () => {
			socket.destroy();
			resolve(true);
		});
		socket.on("error", () => resolve(false));
	});
}
