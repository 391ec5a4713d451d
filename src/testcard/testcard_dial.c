/* testcard_dial: answers a dial with a new card, one turn later as the contract of dial asks. */
#include "testcard/testcard_dial.h"

#include "testcard/testcard.h"

#include <errno.h>
#include <stdlib.h>

struct card_dial {
	struct defer defer;
	struct dialed *dialed;
	struct link *card;
};

static void on_answer(void *owner)
{
	struct card_dial *cd = owner;
	struct dialed *d = cd->dialed;
	struct link *card = cd->card;

	free(cd);
	d->dial = NULL;
	d->fn(d->owner, card, NULL);
}

int testcard_dial(struct env *env, struct dialed *d)
{
	struct card_dial *cd = calloc(1, sizeof *cd);

	if (!cd)
		return -ENOMEM;
	int r = testcard_open(&cd->card, env);
	if (r < 0) {
		free(cd);
		return r;
	}
	cd->dialed = d;
	d->dial = cd;
	defer_init(&cd->defer, on_answer, cd);
	defer_post(env->defer, &cd->defer);
	return 0;
}

void testcard_undial(struct env *env, struct dialed *d)
{
	struct card_dial *cd = d->dial;

	(void)env;
	if (!cd)
		return;
	d->dial = NULL;
	defer_drop(&cd->defer);
	link_abandon(cd->card);
	free(cd);
}
