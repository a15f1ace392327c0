#ifndef OC_BOUNDED_CALL_H
#define OC_BOUNDED_CALL_H
#include "agent/run/loop.h"
/*
 * A model call that nobody may have to wait for longer than it is worth: the note of a compaction
 * (spec 03 §5.4). The limit follows from what was measured of the model, see oc_bounded_limit_ms.
 */
/* Three times what the call should take, from the speeds of the model (0 = not measured) and the
 * tokens to be read and written. */
uint64_t oc_bounded_limit_ms(double read_per_second, double write_per_second, int64_t read,
			     int64_t write);
/* As port->call_wait. The clock stands while the request waits for its turn or for the model to be
 * loaded. OC_E_TIMEOUT (e says it): the time was over, the request was given up. */
OC_MUST_USE enum oc_rc oc_bounded_call_wait(const struct oc_model_port *port,
					    const struct oc_turn_request *r, uint64_t limit_ms,
					    struct oc_reply *reply, struct oc_err *e);
#endif
