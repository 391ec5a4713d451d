/* flow: how one direction of a session ends. Pure: a table of state × event.
 *
 *   source ──► sink          up: client → backend      down: backend → client
 *
 *              source ended          sink empty   sink lost        give up
 *   OPEN       DRAIN, finish sink    –            DONE, discard    DONE, discard
 *   DRAIN      –                     DONE         DONE, discard    DONE, discard
 *   DONE       –                     –            –                –
 *
 * DISCARD: what the source still says is read and dropped; reading must go on, else its own end
 * would never be seen. After FINISH the caller looks at the sink's `queued` itself: when it is 0
 * already, no drained will come.
 */
#ifndef RELAY_FLOW_H
#define RELAY_FLOW_H

enum flow_state { FLOW_OPEN, FLOW_DRAIN, FLOW_DONE, FLOW_STATES };
enum flow_event { FE_SOURCE_ENDED, FE_SINK_EMPTY, FE_SINK_LOST, FE_GIVE_UP, FLOW_EVENTS };
enum flow_acts { ACT_FINISH = 1, ACT_DISCARD = 2 };

struct flow_step {
	enum flow_state next;
	unsigned acts;
};

struct flow_step flow_next(enum flow_state now, enum flow_event e);

#endif
