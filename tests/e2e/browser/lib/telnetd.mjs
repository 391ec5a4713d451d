/*
 * GNU inetutils' telnetd, as inetd would start it, with a login of our own.
 *
 * It runs without the root's rights even for root, from its unpacked package (scripts/setup.sh),
 * and instead of /bin/login it starts a script of ours that knows one user: so there is no account
 * to be made, nobody gets into this machine who was not in it, and nothing is written to its logs.
 */

import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, chown, copyFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { once } from "node:events";
import { within } from "./wait.mjs";

const TELNETD = [
	fileURLToPath(new URL("../../../../.deps/inetutils-telnetd/usr/sbin/telnetd", import.meta.url)),
	"/usr/sbin/telnetd",
].find(existsSync);

/* telnetd needs a terminal to give away. A reason to skip, or false. */
export const NO_TERMINALS =
	!existsSync("/dev/pts/ptmx") && "no pseudo-terminals here: /dev/pts is not mounted";

export const USER = "tester";
export const PASSWORD = "pässword";

const LOGIN = (folder) => `#!/bin/sh
cd '${folder}' || exit 1
export HOME='${folder}' PATH=/usr/bin:/bin LC_ALL=C.UTF-8 PS1='ready> ' ENV= EXINIT=
printf 'login: '
read -r name
stty -echo
printf 'Password: '
read -r word
stty echo
echo
if [ "$name:$word" != '${USER}:${PASSWORD}' ]; then
	printf 'Login incorrect\nlogin: '
	read -r name # telnetd drops what a login says just before it exits
	exit 1
fi
echo "Welcome, $name, on $TERM"
exec /bin/sh -i
`;

const NOBODY = process.getuid() === 0 ? { uid: 65534, gid: 65534 } : {};

/* Gives {target, port, folder (the user's home), give(file, text), count (connections so far), hangUp(), stop()}. */
export async function startTelnetd() {
	if (!TELNETD) {
		throw new Error("telnetd is missing: scripts/setup.sh test");
	}
	const folder = await mkdtemp(join(tmpdir(), "telnetd-"));
	const program = join(folder, "telnetd");
	const login = join(folder, "login");
	await copyFile(TELNETD, program);
	await writeFile(login, LOGIN(folder));
	await Promise.all([chmod(program, 0o755), chmod(login, 0o755), chmod(folder, 0o755)]);
	if (NOBODY.uid) {
		await chown(folder, NOBODY.uid, NOBODY.gid);
	}
	/* A file of the user's. */
	const give = async (name, text) => {
		await writeFile(join(folder, name), text);
		if (NOBODY.uid) {
			await chown(join(folder, name), NOBODY.uid, NOBODY.gid);
		}
	};
	const children = new Set();
	const state = { count: 0 };
	/* Not a byte may be read here: they are telnetd's. */
	const server = createServer({ pauseOnConnect: true }, (socket) => {
		state.count++;
		const child = spawn(program, ["--no-hostinfo", "--exec-login", login], {
			stdio: [socket, socket, "ignore"],
			...NOBODY,
		});
		children.add(child);
		child.on("exit", () => children.delete(child));
		child.on("error", () => children.delete(child));
		child.on("spawn", () => socket.destroy());
		socket.on("error", () => {});
	});
	server.listen(0, "127.0.0.1");
	await once(server, "listening");
	const { port } = server.address();
	/* Its end takes the terminal with it, and so whatever runs there. */
	const hangUp = async () => {
		const all = [...children];
		all.forEach((child) => child.kill("SIGKILL"));
		await within("telnetd to end", Promise.all(all.map(ended)));
	};
	return Object.assign(state, {
		port,
		target: `127.0.0.1:${port}`,
		folder,
		give,
		hangUp,
		async stop() {
			server.close();
			await hangUp();
			await rm(folder, { recursive: true, force: true, maxRetries: 5 });
		},
	});
}

const ended = (child) =>
	child.exitCode !== null || child.signalCode !== null ? undefined : once(child, "exit");

/*
 * A service that speaks for itself: script(socket) is called for each connection. Gives {target,
 * sockets, heard() (all bytes of the newest connection, as latin1), stop()}.
 */
export async function startService(script) {
	const sockets = [];
	const server = createServer((socket) => {
		socket.heard = "";
		socket.on("data", (data) => {
			socket.heard += data.toString("latin1");
		});
		socket.on("error", () => {});
		sockets.push(socket);
		script(socket, sockets.length);
	});
	server.listen(0, "127.0.0.1");
	await once(server, "listening");
	return {
		target: `127.0.0.1:${server.address().port}`,
		sockets,
		heard: () => sockets.at(-1)?.heard ?? "",
		async stop() {
			sockets.forEach((socket) => socket.destroy());
			server.close();
			await once(server, "close");
		},
	};
}
