/* duo: a session between two memory links: the browser on one side, the VNC server on the other.
 *
 *   struct duo d;
 *   duo_init(&d);  duo_connect(&d);            // a client that has said nothing
 *   duo_upgrade(&d, NULL);                     // handshake, dial answered, 101 read
 *   duo_client_frame(&d, WS_OP_BINARY, span);  // masked, as a browser does
 *   duo_turn(&d);                              // until nothing moves any more
 *   duo_done(&d);                              // asserts that nothing is left
 */
#ifndef FAKE_DUO_H
#define FAKE_DUO_H

#include "mem_link.h"

#include "relay/session.h"
#include "wire/ws_dec.h"

struct duo {
	struct fake_env fake;
	struct site *site;
	struct session_host host;
	struct list sessions;
	const struct why *full; /* set before duo_connect: there is no room for the client */
	struct mem_end *client, *backend;
	unsigned opened, ended;
	bool ended_opened;
	size_t parsed; /* bytes of client->heard that were looked at as HTTP */
};

void duo_init(struct duo *d);
void duo_done(struct duo *d);
/* A new client; the session starts. */
void duo_connect(struct duo *d);
/* Turns everything until nothing moves: deferred calls, reads of both ends. The clock stands. */
void duo_turn(struct duo *d);
/* The standard handshake with more header lines ("Origin: …\r\n") or NULL; the dial is left open. */
void duo_handshake(struct duo *d, const char *more);
/* A backend for the waiting dial. */
void duo_backend(struct duo *d);
/* duo_handshake + duo_backend; asserts the 101 and drops it from what the client heard. */
void duo_upgrade(struct duo *d, const char *more);
/* Both far ends take what is theirs and end. */
void duo_leave(struct duo *d);
void duo_client_frame(struct duo *d, uint8_t opcode, struct span payload);
/* Reads the frames the client has heard since the 101: data payload concatenated into out (freed
 * by the caller), and the Close code and reason if one came. */
struct duo_heard {
	uint8_t *data;
	size_t data_len;
	unsigned frames, pings, pongs, closes;
	uint16_t code; /* of the Close; 0: empty or none */
	char reason[126];
	bool broken; /* the server broke the protocol */
};
struct duo_heard duo_heard(struct duo *d);
void duo_heard_free(struct duo_heard *h);

#endif
