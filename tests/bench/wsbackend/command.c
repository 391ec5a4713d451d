/* The first line of a connection:
 *
 *   echo                                     everything comes back
 *   down N PHASE CLOSE CHUNK BURST US        N bytes are sent. CHUNK 0: as much a write as goes;
 *                                            otherwise CHUNK bytes a write. BURST > 0: BURST bytes
 *                                            every US microseconds, and at the end the line
 *                                            "T <ns of the first burst>"
 *   up N PHASE CLOSE                         N bytes are taken and checked; "OK N" or "BAD OFFSET"
 *   both N PHASE-DOWN PHASE-UP CLOSE         both at once; "OK N" when both are complete
 *
 * CLOSE 1: the backend closes first, as soon as its part is done.
 */
#include "backend.h"

#include <stdlib.h>

enum { NUMBERS = 6 };

/* The numbers behind `word`: how many there are, or -1 if the line is of another kind. */
static int numbers_of(const char *line, const char *word, uint64_t ret_n[NUMBERS])
{
	size_t len = strlen(word);
	int count = 0;
	if (strncmp(line, word, len) != 0)
		return -1;
	for (line += len; *line == ' '; count++) {
		char *end;
		if (count == NUMBERS || line[1] < '0' || line[1] > '9')
			return -1;
		ret_n[count] = strtoull(line + 1, &end, 10);
		line = end;
	}
	return *line ? -1 : count;
}

static void take_down(struct conn *c, const uint64_t n[NUMBERS])
{
	c->tx_total = n[0];
	c->tx_phase = (uint32_t)n[1];
	c->close_first = n[2];
	c->chunk = n[3];
	c->first_ns = c->due_ns = now_ns();
	if (!n[4] || !n[5])
		return;
	c->burst = n[4];
	c->every_ns = n[5] * 1000;
	c->next_paced = c->backend->paced;
	c->backend->paced = c;
}

bool command_take(struct conn *c)
{
	uint64_t n[NUMBERS];
	c->task = TASK_STREAM;
	if (strcmp(c->line, "echo") == 0) {
		c->task = TASK_ECHO;
	} else if (numbers_of(c->line, "down", n) == 6) {
		take_down(c, n);
	} else if (numbers_of(c->line, "up", n) == 3) {
		c->rx_total = n[0];
		c->rx_phase = (uint32_t)n[1];
		c->close_first = n[2];
		c->want_ack = true;
	} else if (numbers_of(c->line, "both", n) == 4) {
		c->tx_total = c->rx_total = n[0];
		c->tx_phase = (uint32_t)n[1];
		c->rx_phase = (uint32_t)n[2];
		c->close_first = n[3];
		c->want_ack = true;
	} else {
		c->task = TASK_LINE;
		return false;
	}
	return true;
}
