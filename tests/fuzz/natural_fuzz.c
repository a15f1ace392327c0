/* Times as people say them, of any bytes: a schedule that has a next time, a question, or an error.
 */
#include <stdlib.h>

#include "agent/cron/natural.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const int64_t now_ms = INT64_C(1795252200000);
	struct oc_natural n;
	struct oc_schedule s;
	struct oc_err e = { 0 };
	struct oc_buf text;

	if (oc_natural_read((struct oc_str){ (const char *)data, size }, "Europe/Berlin", now_ms,
			    &n, &e) != OC_OK) {
		if (!e.msg[0]) abort();
		return 0;
	}
	if (!n.schedule) return n.question[0] ? 0 : (abort(), 0);
	if (oc_schedule_parse(n.schedule, now_ms, &s, &e) != OC_OK ||
	    !oc_schedule_next(&s, now_ms - 1))
		abort();
	oc_buf_init(&text, 4096);
	oc_schedule_echo(&s, oc_zone_get("Europe/Berlin", NULL), NULL, now_ms, 3, &text);
	oc_buf_deinit(&text);
	json_decref(n.schedule);
	return 0;
}
