/* The events of runs, bound to a gateway's broker and store. */
#include "gateway/events/run_events.h"
#include "gateway/gateway.h"
#include "gateway/view/session_row.h"

static void to_broker(void *arg, const struct oc_event *event)
{
	struct oc_gateway *gw = arg;

	oc_broker_send(gw->broker, event);
}

static bool whole_text(void *arg)
{
	struct oc_gateway *gw = arg;

	return oc_broker_wants_whole_text(gw->broker);
}

static bool blocks(void *arg)
{
	struct oc_gateway *gw = arg;

	return oc_broker_wants_blocks(gw->broker);
}

static json_t *row_wait(void *arg, const char *session_key)
{
	return oc_session_row_wait(arg, session_key, OC_ROW_COMPACT);
}

struct oc_run_events *oc_run_events_for(struct oc_gateway *gw)
{
	const struct oc_run_events_spec spec = { .send = to_broker,
						 .whole_text = whole_text,
						 .blocks = blocks,
						 .row_wait = row_wait,
						 .arg = gw };

	return oc_run_events_new(&spec);
}
