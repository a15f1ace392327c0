/*
 * Servers answer 200 before they know whether they can: LM Studio then sends an event "error",
 * others an object with "error" as their first event, and what is no model server at all sends a
 * web page. Only the begin of a body is looked at: once a client has seen a byte it is too late.
 */
#include "base/limits.h"
#include "gateway/http/relay.h"
#include "model/codec/body_kind.h"
#include "model/codec/errors.h"
#include "net/client/sse.h"

struct look {
	enum oc_peek verdict;
	bool events;
};

/* Events that come before a model begins. */
static bool is_preamble(struct oc_str type)
{
	static const char *const types[] = { "response.created", "response.queued",
					     "response.in_progress", "message_start", "ping" };

	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		if (oc_str_eq(type, oc_str(types[i]))) return true;
	return false;
}

static enum oc_peek judge(struct oc_str type, bool error_field, const json_t *doc)
{
	if (!type.n) type = oc_json_str(doc, "type");
	if (error_field || oc_str_eq(type, OC_LIT("error")) ||
	    oc_str_eq(type, OC_LIT("response.failed")) || oc_error_in_document(doc))
		return OC_PEEK_FAILED;
	return is_preamble(type) ? OC_PEEK_MORE : OC_PEEK_PASS;
}

static enum oc_rc on_event(void *arg, const struct oc_sse_event *ev, struct oc_err *e)
{
	struct look *look = arg;
	json_t *doc = oc_json_parse(ev->data, NULL, NULL);

	(void)e;
	look->events = true;
	look->verdict = judge(ev->type, ev->error_field, doc);
	json_decref(doc);
	return look->verdict == OC_PEEK_MORE ? OC_OK : OC_EOF;
}

static enum oc_peek events(struct oc_str held, bool ended, bool *preamble)
{
	struct look look = { OC_PEEK_MORE, false };
	struct oc_err e = { 0 };
	struct oc_sse sse;

	oc_sse_init(&sse, OC_MAX_RELAY_HELD_BYTES);
	enum oc_rc rc = oc_sse_feed(&sse, held, on_event, &look, &e);
	if (rc == OC_OK && ended) rc = oc_sse_finish(&sse, on_event, &look, &e);
	oc_sse_deinit(&sse);
	*preamble = look.events || oc_str_starts(held, OC_LIT(":"));
	if (rc == OC_E_LIMIT || (ended && look.verdict == OC_PEEK_MORE)) return OC_PEEK_PASS;
	return look.verdict;
}

static enum oc_peek document(struct oc_str held)
{
	json_t *doc = oc_json_parse(held, NULL, NULL);
	enum oc_peek verdict = oc_error_in_document(doc) ? OC_PEEK_FAILED : OC_PEEK_PASS;

	json_decref(doc);
	return verdict;
}

enum oc_peek oc_relay_peek(const char *content_type, struct oc_str held, bool ended, bool *preamble)
{
	bool full = ended || held.n >= OC_MAX_RELAY_HELD_BYTES;

	*preamble = false;
	switch (oc_body_kind_sniff(content_type, held, full)) {
	case OC_BODY_UNDECIDED: return OC_PEEK_MORE;
	case OC_BODY_HTML: return held.n ? OC_PEEK_FAILED : OC_PEEK_PASS;
	case OC_BODY_EVENTS:
		if (held.n >= OC_MAX_RELAY_HELD_BYTES) return OC_PEEK_PASS;
		return events(held, ended, preamble);
	case OC_BODY_JSON:
		if (ended) return document(held);
		return full ? OC_PEEK_PASS : OC_PEEK_MORE;
	default: return OC_PEEK_PASS;
	}
}
