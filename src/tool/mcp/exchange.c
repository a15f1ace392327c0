/* What is asked of an MCP server, what it answers, and what it says unasked. */
#include "tool/mcp/server.h"

#include <stdlib.h>

#include "base/mem.h"

enum {
	MAX_WAIT_MS = 1800000, /* for one answer, however much progress is told */
	NOTICE_MS = 10000,
	MAX_REPLIES = 16,
	NOT_FOUND = -32601,
};

/* One question under way; lives in the frame of who asks. */
struct oc_mcp_pending {
	struct oc_mcp_pending *next;
	struct oc_mcp_server *server;
	const struct oc_mcp_ask *ask;
	struct oc_mcp_answer *out;
	int64_t id;
	struct oc_wait *wait; /* parked */
	struct oc_deadline until, at_most;
	bool done;
};

void oc_mcp_answer_deinit(struct oc_mcp_answer *a)
{
	json_decref(a->result);
	json_decref(a->refusal);
	*a = (struct oc_mcp_answer){ 0 };
}

/* ---- what comes ---- */

static void wake_asker(struct oc_mcp_pending *p)
{
	if (p->wait) oc_wait_end(p->wait, OC_OK);
}

void oc_mcp_wake_life(struct oc_mcp_server *s)
{
	if (s->waiter) oc_wait_end(s->waiter, OC_OK);
}

static struct oc_mcp_pending *find_pending(const struct oc_mcp_server *s, int64_t id)
{
	struct oc_mcp_pending *p = s->pending;

	while (p && p->id != id) p = p->next;
	return p;
}

static bool take_answer(struct oc_mcp_server *s, const struct oc_mcp_message *m)
{
	struct oc_mcp_pending *p = m->id >= 0 ? find_pending(s, m->id) : NULL;

	if (!p || p->done) return false;
	*(m->kind == OC_MCP_ANSWER ? &p->out->result : &p->out->refusal) = json_incref(m->body);
	p->done = true;
	wake_asker(p);
	return true;
}

static bool take_progress(struct oc_mcp_server *s, const json_t *params)
{
	struct oc_mcp_pending *p = find_pending(s, oc_json_int(params, "progressToken", -1));

	if (!p || p->done) return false;
	p->until = oc_deadline_min(oc_deadline_in(s->config.request_ms), p->at_most);
	if (p->ask->alive) p->ask->alive(p->ask->alive_arg);
	wake_asker(p);
	return true;
}

static bool take_notice(struct oc_mcp_server *s, const struct oc_mcp_message *m)
{
	if (!strcmp(m->method, "notifications/progress")) return take_progress(s, m->body);
	if (!strcmp(m->method, "notifications/tools/list_changed") && s->has_tools) {
		s->list_due = true;
		oc_mcp_wake_life(s);
	}
	return false;
}

/* A ping is answered; what would make us ask a model or a person for a stranger is not done. */
static void take_request(struct oc_mcp_server *s, const struct oc_mcp_message *m)
{
	bool ping = !strcmp(m->method, "ping");
	struct oc_err ignored = { 0 };
	char *reply =
	    oc_mcp_reply_text(m->asked, NOT_FOUND, ping ? NULL : "not supported by this client");

	if (s->stdio)
		(void)!oc_mcp_stdio_send(s->stdio, reply, &ignored);
	else if (s->config.transport == OC_MCP_HTTP && s->replies.n < MAX_REPLIES)
		oc_strv_add(&s->replies, oc_str(reply));
	free(reply);
}

static bool take_one(struct oc_mcp_server *s, const json_t *value)
{
	const struct oc_mcp_message m = oc_mcp_message_of(value);

	switch (m.kind) {
	case OC_MCP_ANSWER:
	case OC_MCP_REFUSAL: return take_answer(s, &m);
	case OC_MCP_NOTICE: return take_notice(s, &m);
	case OC_MCP_REQUEST: take_request(s, &m); return false;
	default: return false;
	}
}

bool oc_mcp_take_message(void *arg, const json_t *value)
{
	struct oc_mcp_server *s = arg;
	bool wanted = false;
	const json_t *one;
	size_t i;

	if (!json_is_array(value)) return take_one(s, value);
	json_array_foreach (value, i, one) wanted = take_one(s, one) || wanted;
	return wanted;
}

void oc_mcp_let_go(struct oc_mcp_server *s)
{
	for (struct oc_mcp_pending *p = s->pending; p; p = p->next) wake_asker(p);
}

/* ---- one question ---- */

static bool is_done(void *arg)
{
	const struct oc_mcp_pending *p = arg;

	return p->done;
}

static struct oc_deadline until(void *arg)
{
	const struct oc_mcp_pending *p = arg;

	return p->until;
}

static struct oc_deadline soon(void *arg)
{
	(void)arg;
	return oc_deadline_in(NOTICE_MS);
}

enum oc_rc oc_mcp_post_notice_wait(struct oc_mcp_server *s, const char *text, struct oc_err *e)
{
	const struct oc_mcp_post post = {
		.text = text, .message = oc_mcp_take_message, .until = soon, .arg = s
	};

	return oc_mcp_http_post_wait(&s->http, &post, e);
}

static bool take_posted(void *arg, const json_t *value)
{
	const struct oc_mcp_pending *p = arg;

	return oc_mcp_take_message(p->server, value);
}

/* What the server asked while it answered. */
static void post_replies_wait(struct oc_mcp_server *s)
{
	struct oc_strv replies = s->replies;
	struct oc_err ignored = { 0 };

	s->replies = (struct oc_strv){ 0 };
	for (size_t i = 0; i < replies.n; i++)
		if (oc_mcp_post_notice_wait(s, replies.v[i], &ignored) == OC_CANCELLED) break;
	oc_strv_deinit(&replies);
}

static enum oc_rc exchange_http_wait(struct oc_mcp_server *s, struct oc_mcp_pending *p,
				     const char *text, struct oc_err *e)
{
	const struct oc_mcp_post post = {
		.text = text, .message = take_posted, .done = is_done, .until = until, .arg = p
	};
	enum oc_rc rc = oc_mcp_http_post_wait(&s->http, &post, e);

	if (rc != OC_CANCELLED) post_replies_wait(s);
	return rc;
}

static enum oc_rc exchange_stdio_wait(struct oc_mcp_server *s, struct oc_mcp_pending *p,
				      const char *text, struct oc_err *e)
{
	enum oc_rc rc = s->stdio && !s->broken ? oc_mcp_stdio_send(s->stdio, text, e) : OC_OK;

	while (!rc && !p->done && !s->broken) {
		struct oc_wait w = { 0 };

		p->wait = &w;
		rc = oc_wait_park(&w, p->until);
		p->wait = NULL;
		if (rc == OC_E_TIMEOUT && !oc_deadline_passed(p->until)) rc = OC_OK;
	}
	if (!rc && !p->done)
		rc = oc_fail(e, OC_E_UPSTREAM, "%s",
			     s->why.rc ? s->why.msg : "it ended before it answered");
	return rc;
}

static void tell_cancelled(struct oc_mcp_server *s, int64_t id, const char *reason)
{
	struct oc_err ignored = { 0 };
	json_t *params = json_pack("{s:I, s:s}", "requestId", (json_int_t)id, "reason", reason);
	char *text = oc_mcp_notice_text("notifications/cancelled", params);

	if (s->stdio && !s->broken) (void)!oc_mcp_stdio_send(s->stdio, text, &ignored);
	free(text);
	json_decref(params);
}

static char *request_text(const struct oc_mcp_ask *ask, int64_t id)
{
	json_t *params = ask->params ? json_copy((json_t *)(uintptr_t)ask->params) : NULL;
	char *text;

	if (ask->alive)
		oc_json_put(params, "_meta", json_pack("{s:I}", "progressToken", (json_int_t)id));
	text = oc_mcp_request_text(id, ask->method, params);
	json_decref(params);
	return text;
}

/* limit_ms holds until it tells of progress. */
enum oc_rc oc_mcp_exchange_wait(struct oc_mcp_server *s, const struct oc_mcp_ask *ask,
				uint64_t limit_ms, struct oc_mcp_answer *out, struct oc_err *e)
{
	struct oc_mcp_pending p = { .server = s,
				    .ask = ask,
				    .out = out,
				    .id = ++s->last_id,
				    .until = oc_deadline_in(limit_ms),
				    .at_most = oc_deadline_in(MAX_WAIT_MS) };
	struct oc_mcp_pending **at = &s->pending;
	char *text = request_text(ask, p.id);
	enum oc_rc rc;

	p.next = s->pending;
	s->pending = &p;
	rc = s->config.transport == OC_MCP_HTTP ? exchange_http_wait(s, &p, text, e)
						: exchange_stdio_wait(s, &p, text, e);
	while (*at != &p) at = &(*at)->next;
	*at = p.next;
	free(text);
	if (rc == OC_E_TIMEOUT) {
		tell_cancelled(s, p.id, "timeout");
		oc_fail(e, rc, "it did not answer %s within %llu s", ask->method,
			(unsigned long long)(limit_ms + 999) / 1000);
	} else if (rc == OC_CANCELLED)
		tell_cancelled(s, p.id, "cancelled");
	if (rc) oc_mcp_answer_deinit(out);
	return rc;
}
