/* testcard_dial: env->dial for TARGET_TESTCARD. */
#ifndef TESTCARD_TESTCARD_DIAL_H
#define TESTCARD_TESTCARD_DIAL_H

#include "base/env.h"

int testcard_dial(struct env *env, struct dialed *d);
void testcard_undial(struct env *env, struct dialed *d);

#endif
