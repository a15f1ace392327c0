/* The queue of a session. */
#include "agent/session/session_queue.h"

#include <stdlib.h>

#include "agent/session/input.h"
#include "base/mem.h"
#include "base/utf8.h"

enum { DEBOUNCE_MS = 500, CAP = 20, SUMMARY_BYTES = 120 };

/* ---- settings ---- */

static const struct {
	const char *name;
	enum oc_queue_mode mode;
} modes[] = { { "steer", OC_QUEUE_STEER },
	      { "followup", OC_QUEUE_FOLLOWUP },
	      { "collect", OC_QUEUE_COLLECT },
	      { "interrupt", OC_QUEUE_INTERRUPT } };
static const char *const drops[] = { "summarize", "old", "new" };

bool oc_queue_mode_parse(const char *name, enum oc_queue_mode *out)
{
	for (size_t i = 0; name && i < sizeof modes / sizeof *modes; i++) {
		if (strcmp(modes[i].name, name) != 0) continue;
		*out = modes[i].mode;
		return true;
	}
	return false;
}

const char *oc_queue_mode_name(enum oc_queue_mode m)
{
	for (size_t i = 0; i < sizeof modes / sizeof *modes; i++)
		if (modes[i].mode == m) return modes[i].name;
	return "configured";
}

static void read_drop(const char *name, enum oc_queue_drop *out)
{
	for (size_t i = 0; name && i < sizeof drops / sizeof *drops; i++)
		if (!strcmp(drops[i], name)) *out = (enum oc_queue_drop)i;
}

static void read_count(const json_t *o, const char *key, int64_t *out)
{
	int64_t n = oc_json_int(o, key, -1);

	if (n >= 0) *out = n;
}

void oc_queue_settings_read(struct oc_queue_settings *s, const json_t *session,
			    const struct oc_config *config, const char *channel)
{
	const json_t *shared = oc_config_get(config, "messages.queue");
	int64_t debounce = DEBOUNCE_MS, cap = CAP;

	*s = (struct oc_queue_settings){ .drop = OC_DROP_SUMMARIZE };
	oc_queue_mode_parse(oc_json_cstr(shared, "mode"), &s->mode);
	read_count(shared, "debounceMs", &debounce);
	read_count(shared, "cap", &cap);
	read_drop(oc_json_cstr(shared, "drop"), &s->drop);
	if (channel) {
		oc_queue_mode_parse(oc_json_cstr(json_object_get(shared, "byChannel"), channel),
				    &s->mode);
		read_count(json_object_get(shared, "debounceMsByChannel"), channel, &debounce);
	}
	oc_queue_mode_parse(oc_json_cstr(session, "queueMode"), &s->mode);
	read_count(session, "queueDebounceMs", &debounce);
	read_count(session, "queueCap", &cap);
	read_drop(oc_json_cstr(session, "queueDrop"), &s->drop);
	s->debounce_ms = (uint64_t)debounce;
	s->cap = cap > 0 ? (size_t)cap : 1;
}

/* ---- the list ---- */

void oc_queue_deinit(struct oc_queue *q)
{
	for (size_t i = 0; i < q->n; i++)
		if (!q->v[i].own) oc_input_free(q->v[i].input);
	free(q->v);
	oc_strv_deinit(&q->dropped);
	*q = (struct oc_queue){ 0 };
}

struct oc_queued oc_queue_take(struct oc_queue *q, size_t i)
{
	struct oc_queued item = q->v[i];

	q->n--;
	memmove(&q->v[i], &q->v[i + 1], (q->n - i) * sizeof *q->v);
	return item;
}

static bool is_free(const struct oc_queued *item, enum oc_queue_mode mode)
{
	return item->mode == mode && (!item->own || (item->joins && mode == OC_QUEUE_STEER));
}

size_t oc_queue_find(const struct oc_queue *q, enum oc_queue_mode mode)
{
	size_t i = 0;

	while (i < q->n && !is_free(&q->v[i], mode)) i++;
	return i;
}

static size_t oldest_without_run(const struct oc_queue *q)
{
	size_t i = 0;

	while (i < q->n && q->v[i].own) i++;
	return i;
}

/* The first line, cut. */
static void remember(struct oc_queue *q, struct oc_str text)
{
	text = oc_str_trim(text);
	size_t lf = oc_str_find(text, OC_LIT("\n"), 0);

	text = oc_str_head(text, lf);
	if (text.n > SUMMARY_BYTES) text.n = oc_utf8_floor(text.p, SUMMARY_BYTES);
	oc_strv_add(&q->dropped, text);
}

bool oc_queue_add(struct oc_queue *q, const struct oc_queue_settings *s,
		  const struct oc_queued *item, struct oc_queued *lost)
{
	*lost = (struct oc_queued){ 0 };
	if (q->n >= s->cap) {
		size_t oldest = oldest_without_run(q);

		if (s->drop == OC_DROP_NEW || oldest == q->n) return false;
		*lost = oc_queue_take(q, oldest);
		if (s->drop == OC_DROP_SUMMARIZE) remember(q, oc_input_text(lost->input));
	}
	q->v = oc_realloc_array(q->v, q->n + 1, sizeof *q->v);
	q->v[q->n++] = *item;
	q->last_ms = oc_now_ms();
	return true;
}

/* ---- many messages in one ---- */

static void add_dropped(struct oc_queue *q, struct oc_buf *out)
{
	if (!q->dropped.n) return;
	oc_buf_addf(out, "\n\n[%zu earlier message%s dropped because the queue was full]",
		    q->dropped.n, q->dropped.n == 1 ? " was" : "s were");
	for (size_t i = 0; i < q->dropped.n; i++) oc_buf_addf(out, "\n- %s", q->dropped.v[i]);
	oc_strv_deinit(&q->dropped);
	q->dropped = (struct oc_strv){ 0 };
}

void oc_queue_collected(struct oc_queue *q, const struct oc_queued *items, size_t n,
			struct oc_buf *out)
{
	oc_buf_adds(out, "[Queued messages while agent was busy]");
	add_dropped(q, out);
	for (size_t i = 0; i < n; i++) {
		oc_buf_addf(out, "\n\n---\nQueued #%zu\n", i + 1);
		oc_buf_add(out, oc_str_trim(oc_input_text(items[i].input)));
	}
}
