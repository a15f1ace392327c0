/* Events that wait for the next message of a session. */
#include "agent/session/session_events.h"

#include <stdlib.h>

#include "agent/session/session.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/special.h"
#include "base/utf8.h"
#include "base/visible.h"

enum { ID_CHARS = 16 };

static void event_deinit(struct oc_session_event *ev)
{
	free(ev->id);
	free(ev->key);
	free(ev->text);
}

static void take_out(struct oc_session_events *l, size_t i)
{
	event_deinit(&l->v[i]);
	memmove(&l->v[i], &l->v[i + 1], (--l->n - i) * sizeof *l->v);
}

/* The oldest makes room. */
static void keep(struct oc_session_events *l, const char *id, const char *key, const char *text)
{
	if (l->n == OC_SESSION_EVENTS) take_out(l, 0);
	l->v[l->n++] = (struct oc_session_event){ oc_strdup(id), oc_strdup(key), oc_strdup(text) };
}

void oc_session_events_deinit(struct oc_session_events *l)
{
	while (l->n) event_deinit(&l->v[--l->n]);
}

enum oc_rc oc_session_events_load_wait(struct oc_sessions *s, struct oc_err *e)
{
	struct oc_documents list = { 0 };
	enum oc_rc rc = oc_store_list_wait(s->spec.store, OC_SYSTEM_EVENT, NULL, OC_SESSION_EVENTS,
					   0, &list, e);

	if (rc) return rc;
	for (size_t i = list.n; i-- > 0;) {
		const char *key = oc_json_cstr(list.v[i].value, "sessionKey"),
			   *text = oc_json_cstr(list.v[i].value, "text");

		if (text) keep(&s->events, list.v[i].id, key ? key : "agent:main:main", text);
	}
	oc_documents_deinit(&list);
	return OC_OK;
}

/* One line that ends nothing and imitates nothing. */
static char *as_line(struct oc_str text)
{
	struct oc_buf line, marked, safe;

	oc_buf_init(&line, 16 * OC_EVENT_CHARS);
	oc_buf_init(&marked, 64 * OC_EVENT_CHARS);
	oc_buf_init(&safe, 64 * OC_EVENT_CHARS);
	oc_visible_add(&line, oc_str_trim(text), OC_EVENT_CHARS);
	oc_mark_escape(oc_buf_view(&line), &marked);
	oc_special_escape(oc_buf_view(&marked), &safe);
	oc_buf_deinit(&line);
	oc_buf_deinit(&marked);
	return oc_buf_take(&safe);
}

enum oc_rc oc_session_event_add_wait(struct oc_sessions *s, const char *key, struct oc_str text,
				     struct oc_err *e)
{
	char id[ID_CHARS + 1];
	int64_t now = oc_wall_ms();
	json_t *value = json_pack("{s:o,s:I,s:s}", "text", oc_json_new_str(text), "ts",
				  (json_int_t)now, "sessionKey", key);
	enum oc_rc rc;

	oc_rand_id(id, ID_CHARS);
	rc = oc_store_put_wait(s->spec.store, OC_SYSTEM_EVENT, id, now, value, e);
	if (!rc)
		rc = oc_store_prune_wait(s->spec.store, OC_SYSTEM_EVENT, OC_SESSION_EVENTS,
					 INT64_MAX, e);
	if (!rc) keep(&s->events, id, key, oc_json_cstr(value, "text"));
	json_decref(value);
	return rc;
}

size_t oc_session_events_count(const struct oc_sessions *s, const char *key)
{
	size_t n = 0;

	for (size_t i = 0; i < s->events.n; i++) n += !strcmp(s->events.v[i].key, key);
	return n;
}

struct told {
	struct oc_sessions *sessions;
	struct oc_strv ids;
};

static void forget(void *arg)
{
	struct told *t = arg;
	struct oc_err e = { 0 };

	for (size_t i = 0; i < t->ids.n; i++)
		if (oc_store_remove_wait(t->sessions->spec.store, OC_SYSTEM_EVENT, t->ids.v[i],
					 NULL, &e) != OC_OK)
			oc_log(OC_LOG_WARN, "sessions", "an event may be told again: %s", e.msg);
	oc_strv_deinit(&t->ids);
	free(t);
}

void oc_session_events_tell(struct oc_sessions *s, const char *key, struct oc_buf *out)
{
	struct oc_session_events *l = &s->events;
	struct told *t = oc_new(struct told);

	t->sessions = s;
	for (size_t i = 0; i < l->n;) {
		char *line;

		if (strcmp(l->v[i].key, key) != 0) {
			i++;
			continue;
		}
		line = as_line(oc_str(l->v[i].text));
		oc_buf_addf(out, "[event %s]\n", line);
		free(line);
		oc_strv_add(&t->ids, oc_str(l->v[i].id));
		take_out(l, i);
	}
	if (t->ids.n)
		oc_scope_spawn(s->scope, forget, t); /* the message is stored before this */
	else
		free(t);
}
