/* flow: the closing table. See the header for its picture and relay/splice for its use. */
#include "relay/flow.h"

#include "base/bug.h"

static const struct flow_step table[FLOW_STATES][FLOW_EVENTS] = {
	[FLOW_OPEN] =
		{
			[FE_SOURCE_ENDED] = {FLOW_DRAIN, ACT_FINISH},
			[FE_SINK_EMPTY] = {FLOW_OPEN, 0},
			[FE_SINK_LOST] = {FLOW_DONE, ACT_DISCARD},
			[FE_GIVE_UP] = {FLOW_DONE, ACT_DISCARD},
		},
	[FLOW_DRAIN] =
		{
			[FE_SOURCE_ENDED] = {FLOW_DRAIN, 0},
			[FE_SINK_EMPTY] = {FLOW_DONE, 0},
			[FE_SINK_LOST] = {FLOW_DONE, ACT_DISCARD},
			[FE_GIVE_UP] = {FLOW_DONE, ACT_DISCARD},
		},
	[FLOW_DONE] =
		{
			[FE_SOURCE_ENDED] = {FLOW_DONE, 0},
			[FE_SINK_EMPTY] = {FLOW_DONE, 0},
			[FE_SINK_LOST] = {FLOW_DONE, 0},
			[FE_GIVE_UP] = {FLOW_DONE, 0},
		},
};

struct flow_step flow_next(enum flow_state now, enum flow_event e)
{
	BUG_ON((unsigned)now >= FLOW_STATES || (unsigned)e >= FLOW_EVENTS);
	return table[now][e];
}
