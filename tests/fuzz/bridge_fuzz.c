/* Whatever a bridge writes: lines are the same in two halves as in one, and what is understood is
 * whole. */
#include <stdlib.h>

#include "channel/bridge/line.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void take(void *arg, struct oc_str line)
{
	struct oc_bridge_said said;
	json_t *v = oc_json_parse(line, NULL, NULL);

	++*(size_t *)arg;
	if (v && oc_bridge_read(v, &said, NULL) == OC_OK) {
		if (said.word == OC_BRIDGE_INBOUND && (!said.in.event_id || !said.in.chat_id))
			abort();
		if (said.word == OC_BRIDGE_RESULT && said.send <= 0) abort();
	}
	json_decref(v);
}

static size_t feed(const uint8_t *data, size_t size, size_t cut)
{
	struct oc_bridge_lines l;
	size_t n = 0;
	const char *p = (const char *)data;

	oc_bridge_lines_init(&l);
	if (oc_bridge_lines_feed(&l, (struct oc_str){ p, cut }, take, &n)) abort();
	if (oc_bridge_lines_feed(&l, (struct oc_str){ p + cut, size - cut }, take, &n)) abort();
	oc_bridge_lines_deinit(&l);
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (feed(data, size, size) != feed(data, size, size / 2)) abort();
	return 0;
}
