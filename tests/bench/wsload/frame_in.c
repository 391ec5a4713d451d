/* Frames of the server (RFC 6455, §5), held to the rules as they arrive, in pieces of any size. */
#include "load.h"

static bool small_control(const struct frame_in *f)
{
	return (f->head[0] & 0x80) && f->left <= sizeof f->control;
}

/* What is wrong with a complete header, or NULL. */
static const char *head_fault(const struct frame_in *f)
{
	unsigned form = f->head[1] & 127;
	if (f->head[1] & 0x80)
		return "a masked frame";
	if (f->head[0] & 0x70)
		return "a reserved bit";
	if ((form == 126 && f->left < 126) || (form == 127 && f->left < 65536))
		return "a length not in its shortest form";
	if (f->opcode >= OP_CLOSE)
		return f->opcode > OP_PONG ? "an unknown control opcode"
		       : small_control(f)  ? NULL
		                           : "a bad control frame";
	if (f->opcode > OP_BINARY)
		return "an unknown data opcode";
	if (f->opcode == OP_CONT && !f->in_message)
		return "a continuation of nothing";
	if (f->opcode != OP_CONT && f->in_message)
		return "a message inside a message";
	return NULL;
}

static void count_data(struct load *w, struct frame_in *f)
{
	bool last = f->head[0] & 0x80;
	f->in_message = !last;
	w->frames++;
	if (f->opcode == OP_TEXT)
		w->texts++;
	if (!last || f->opcode == OP_CONT)
		w->fragments++;
	if (f->left > w->max_frame)
		w->max_frame = f->left;
}

static void on_close(struct conn *c)
{
	const struct frame_in *f = &c->in;
	c->load->closes++;
	if (c->state != CONN_CLOSING && !c->done) {
		unsigned code =
			f->control_n >= 2 ? (unsigned)(f->control[0] << 8 | f->control[1]) : 0;
		fault_add(c->load, c, "Close %u before the end (rx %llu): %.*s", code,
		          (unsigned long long)c->rx_off,
		          f->control_n > 2 ? (int)f->control_n - 2 : 0, f->control + 2);
		conn_done(c);
		conn_free(c);
		return;
	}
	if (!c->bye_sent) {
		c->bye_sent = true;
		frame_put(c, OP_CLOSE, f->control, f->control_n >= 2 ? 2 : 0);
		conn_flush(c);
	}
}

static void on_control(struct conn *c)
{
	if (c->in.opcode == OP_CLOSE) {
		on_close(c);
	} else if (c->in.opcode == OP_PING) {
		c->load->pings++;
		frame_put(c, OP_PONG, c->in.control, c->in.control_n);
		conn_flush(c);
	}
}

/* Bytes of the header; returns how many there were. The header is complete when head_need is 0. */
static size_t take_head(struct frame_in *f, const uint8_t *at, size_t n)
{
	size_t used = 0;
	while (used < n && (f->head_n < 2 || f->head_n < f->head_need)) {
		f->head[f->head_n++] = at[used++];
		unsigned form = f->head[1] & 127;
		f->head_need = f->head_n < 2 ? 2 : form == 126 ? 4 : form == 127 ? 10 : 2;
	}
	if (f->head_n < f->head_need)
		return used;
	f->opcode = f->head[0] & 15;
	f->left = f->head_need == 2 ? f->head[1] & 127 : 0;
	for (unsigned i = 2; i < f->head_need; i++)
		f->left = f->left << 8 | f->head[i];
	f->head_need = f->control_n = 0;
	return used;
}

static void begin_payload(struct conn *c)
{
	const char *what = head_fault(&c->in);
	if (what)
		fault_end(c, what, c->in.head[0]);
	else if (c->in.opcode < OP_CLOSE)
		count_data(c->load, &c->in);
}

static void end_frame(struct conn *c)
{
	c->in.head_n = 0;
	if (c->in.opcode >= OP_CLOSE)
		on_control(c);
}

/* Bytes of the payload; the frame is put behind us first, as the last byte may end the session. */
static size_t take_payload(struct conn *c, const uint8_t *at, size_t n)
{
	struct frame_in *f = &c->in;
	size_t k = n < f->left ? n : (size_t)f->left;
	bool data = f->opcode < OP_CLOSE;
	if (!data) {
		memcpy(f->control + f->control_n, at, k);
		f->control_n += (unsigned)k;
	}
	f->left -= k;
	if (!f->left)
		end_frame(c);
	if (data)
		payload_take(c, at, k);
	return k;
}

void frame_take(struct conn *c, const uint8_t *at, size_t n)
{
	struct frame_in *f = &c->in;
	while (n > 0 && c->state != CONN_DEAD) {
		size_t k;
		if (f->head_n == 0 || f->head_need) {
			k = take_head(f, at, n);
			if (f->head_need)
				return;
			begin_payload(c);
			if (c->state != CONN_DEAD && !f->left)
				end_frame(c);
		} else {
			k = take_payload(c, at, n);
		}
		at += k;
		n -= k;
	}
}
