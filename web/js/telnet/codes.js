/*
 * The numbers of the telnet protocol. Commands: RFC 854, and RFC 1184 for the three that stand for
 * a terminal's control characters. Options: the number is followed by where it is described.
 */

export const IAC = 255;
export const DONT = 254;
export const DO = 253;
export const WONT = 252;
export const WILL = 251;
export const SB = 250;
export const SE = 240;

export const COMMANDS = {
	eof: 236 /* RFC 1184 */,
	suspend: 237 /* RFC 1184 */,
	abort: 238 /* RFC 1184 */,
	break: 243,
	interrupt: 244,
	there: 246 /* "are you there" */,
};

export const OPTION = {
	BINARY: 0 /* RFC 856 */,
	ECHO: 1 /* RFC 857 */,
	SGA: 3 /* RFC 858, suppress go ahead */,
	TTYPE: 24 /* RFC 1091, terminal type */,
	NAWS: 31 /* RFC 1073, window size */,
};
