/* ws_priv: what the three files of ws_link share.
 *
 *   ws_link.c  input, events, ends      ws_out.c  frames out      ws_beat.c  the one timer
 */
#ifndef LINK_WS_PRIV_H
#define LINK_WS_PRIV_H

#include "base/b64.h"
#include "link/ws_link.h"
#include "wire/ws_dec.h"

/* What the timer is for. One is enough: heartbeats end when the closing begins. */
enum beat { BEAT_OFF, BEAT_PING, BEAT_PONG, BEAT_CLOSE };

struct ws_link {
	struct link link;
	struct env *env;
	struct timer timer;
	struct ws_dec dec;
	struct b64_dec b64;
	bool base64, client;
	bool sent_close;
	bool deaf;    /* input is over: eof or lost was told, or close called */
	bool closing; /* the owner called close */
	bool reading;
	bool heard;   /* bytes came since the last ping */
	uint8_t beat; /* enum beat: what the timer is for */
	bool pong_due;
	uint8_t pong_len;
	uint8_t pong[125];
};

static inline struct ws_link *ws_of(struct link *l)
{
	return LIST_OF(l, struct ws_link, link);
}

/* The peer is told (code 0: it has been) and the owner is told; the input is over. */
void ws_fail(struct ws_link *w, unsigned code, int err, const char *text);

int ws_out_send(struct ws_link *w, struct span s, unsigned flags);
int ws_out_ctl(struct ws_link *w, uint8_t opcode, struct span payload);
/* Our Close frame, once. True if the end of our direction below it is due, at once. */
bool ws_out_close_frame(struct ws_link *w, unsigned code, struct span reason);
/* Both. */
void ws_out_close(struct ws_link *w, unsigned code, struct span reason);

void ws_beat_init(struct ws_link *w);
void ws_beat_arm(struct ws_link *w, enum beat beat);

#endif
