/* The life of an MCP server, and what is asked of it. */
#include "tool/mcp/server.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/visible.h"

enum {
	FIRST_PAUSE_MS = 1000,
	MAX_PAUSE_MS = 300000,
	HEALTHY_AFTER_MS = 60000, /* who lived this long begins anew with the pauses */
	MAX_WAIT_MS = 1800000,	  /* for one answer, however much progress is told */
	LIST_PAUSE_MS = 1000,
	MAX_LISTS = 200, /* of one life: who changes more often is not listened to */
	MAX_PAGES = 64,
	MAX_SAID = 2000,
	NOT_FOUND = -32601,
};
static const char protocol[] = "2025-06-18";
static const char *const protocols[] = { "2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25" };

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

/* ---- made and unmade ---- */

struct oc_mcp_server *oc_mcp_server_new(struct oc_mcp_config *config, struct oc_scope *parent)
{
	struct oc_mcp_server *s = oc_new(struct oc_mcp_server);

	s->config = *config;
	*config = (struct oc_mcp_config){ 0 };
	s->parent = parent;
	oc_mcp_http_init(&s->http, &s->config);
	return s;
}

void oc_mcp_server_free(struct oc_mcp_server *s)
{
	if (!s) return;
	oc_mcp_http_deinit(&s->http);
	oc_mcp_config_deinit(&s->config);
	free(s->title);
	free(s->version);
	free(s->instructions);
	free(s);
}

void oc_mcp_answer_deinit(struct oc_mcp_answer *a)
{
	json_decref(a->result);
	json_decref(a->refusal);
	*a = (struct oc_mcp_answer){ 0 };
}

static void become(struct oc_mcp_server *s, enum oc_mcp_state state)
{
	s->state = state;
	oc_bell_ring(&s->changed);
}

/* ---- what comes ---- */

static void wake_asker(struct oc_mcp_pending *p)
{
	if (p->wait) oc_wait_end(p->wait, OC_OK);
}

static void wake_life(struct oc_mcp_server *s)
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
		wake_life(s);
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
	else if (s->config.transport == OC_MCP_HTTP && s->replies.n < 16)
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

static bool take_message(void *arg, const json_t *value)
{
	struct oc_mcp_server *s = arg;
	bool wanted = false;
	const json_t *one;
	size_t i;

	if (!json_is_array(value)) return take_one(s, value);
	json_array_foreach (value, i, one) wanted = take_one(s, one) || wanted;
	return wanted;
}

static void take_end(void *arg, const struct oc_err *why)
{
	struct oc_mcp_server *s = arg;

	s->broken = true;
	if (why->rc) s->why = *why;
	for (struct oc_mcp_pending *p = s->pending; p; p = p->next) wake_asker(p);
	wake_life(s);
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
	return oc_deadline_in(10000);
}

static enum oc_rc post_notice_wait(struct oc_mcp_server *s, const char *text, struct oc_err *e)
{
	const struct oc_mcp_post post = {
		.text = text, .message = take_message, .until = soon, .arg = s
	};

	return oc_mcp_http_post_wait(&s->http, &post, e);
}

static bool take_posted(void *arg, const json_t *value)
{
	const struct oc_mcp_pending *p = arg;

	return take_message(p->server, value);
}

/* What the server asked while it answered. */
static void post_replies_wait(struct oc_mcp_server *s)
{
	struct oc_strv replies = s->replies;
	struct oc_err ignored = { 0 };

	s->replies = (struct oc_strv){ 0 };
	for (size_t i = 0; i < replies.n; i++)
		if (post_notice_wait(s, replies.v[i], &ignored) == OC_CANCELLED) break;
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
static enum oc_rc exchange_wait(struct oc_mcp_server *s, const struct oc_mcp_ask *ask,
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

/* As exchange_wait; a refusal is a failure. *result is a new reference. */
static enum oc_rc demand_wait(struct oc_mcp_server *s, const char *method, const json_t *params,
			      uint64_t limit_ms, json_t **result, struct oc_err *e)
{
	const struct oc_mcp_ask ask = { .method = method, .params = params };
	struct oc_mcp_answer answer = { 0 };
	struct oc_buf text;
	enum oc_rc rc = exchange_wait(s, &ask, limit_ms, &answer, e);

	if (rc) return rc == OC_EOF ? oc_fail(e, OC_E_UPSTREAM, "HTTP 404") : rc;
	if (answer.refusal) {
		oc_buf_init(&text, 4000);
		oc_mcp_error_text(answer.refusal, 300, &text);
		rc = oc_fail(e, OC_E_UPSTREAM, "it refused %s: %s", method, oc_buf_cstr(&text));
		oc_buf_deinit(&text);
	} else
		*result = json_incref(answer.result);
	oc_mcp_answer_deinit(&answer);
	return rc;
}

/* ---- how a life begins ---- */

static void keep_said(char **to, const json_t *from, const char *key)
{
	struct oc_str text = oc_json_str(from, key);
	struct oc_buf line;

	free(*to);
	*to = NULL;
	if (!oc_str_trim(text).n) return;
	oc_buf_init(&line, (size_t)8 * MAX_SAID);
	oc_visible_add(&line, oc_str_trim(text), MAX_SAID);
	*to = oc_buf_take(&line);
}

static enum oc_rc take_greeting(struct oc_mcp_server *s, const json_t *result, struct oc_err *e)
{
	const json_t *can = json_object_get(result, "capabilities");
	const char *version = oc_json_cstr(result, "protocolVersion");
	bool known = false;

	for (size_t i = 0; version && i < sizeof protocols / sizeof *protocols; i++)
		known = known || !strcmp(protocols[i], version);
	if (!known)
		return oc_fail(e, OC_E_PROTO,
			       "it speaks version %.40s of the protocol, which is "
			       "not known here",
			       version ? version : "(none)");
	s->has_tools = json_is_object(json_object_get(can, "tools"));
	s->has_resources = json_is_object(json_object_get(can, "resources"));
	s->has_prompts = json_is_object(json_object_get(can, "prompts"));
	keep_said(&s->title, json_object_get(result, "serverInfo"), "name");
	keep_said(&s->version, json_object_get(result, "serverInfo"), "version");
	keep_said(&s->instructions, result, "instructions");
	free(s->http.protocol);
	s->http.protocol = oc_strdup(version);
	return OC_OK;
}

static enum oc_rc greet_wait(struct oc_mcp_server *s, struct oc_err *e)
{
	json_t *params =
	    json_pack("{s:s, s:{}, s:{s:s, s:s}}", "protocolVersion", protocol, "capabilities",
		      "clientInfo", "name", "openclaw", "version", OC_VERSION);
	json_t *result = NULL;
	enum oc_rc rc = demand_wait(s, "initialize", params, s->config.connect_ms, &result, e);

	if (!rc) rc = take_greeting(s, result, e);
	json_decref(result);
	json_decref(params);
	if (rc) return rc;
	char *text = oc_mcp_notice_text("notifications/initialized", NULL);
	rc = s->stdio ? oc_mcp_stdio_send(s->stdio, text, e) : post_notice_wait(s, text, e);
	free(text);
	return rc == OC_EOF ? oc_fail(e, OC_E_UPSTREAM, "HTTP 404") : rc;
}

/* Page by page; what is too much is counted. */
static enum oc_rc collect_tools_wait(struct oc_mcp_server *s, json_t *tools, size_t *left_out,
				     struct oc_err *e)
{
	json_t *params = json_object(), *page = NULL;
	enum oc_rc rc = OC_OK;
	const json_t *tool;
	size_t i;

	for (int n = 0; !rc && n < MAX_PAGES; n++) {
		rc = demand_wait(s, "tools/list", params, s->config.request_ms, &page, e);
		if (rc) break;
		json_array_foreach (json_object_get(page, "tools"), i, tool) {
			if (json_array_size(tools) < (size_t)8 * OC_MAX_MCP_TOOLS)
				json_array_append(tools, (json_t *)(uintptr_t)tool);
			else
				(*left_out)++;
		}
		struct oc_str cursor = oc_json_str(page, "nextCursor");
		bool more = cursor.n > 0 && cursor.n < 4096;
		if (more) oc_json_put(params, "cursor", oc_json_new_str(cursor));
		json_decref(page);
		page = NULL;
		if (!more) break;
	}
	json_decref(params);
	return rc;
}

static enum oc_rc list_wait(struct oc_mcp_server *s, struct oc_err *e)
{
	json_t *tools = json_array();
	size_t left_out = 0;
	enum oc_rc rc = OC_OK;

	s->list_due = false;
	s->lists++;
	if (s->has_tools) rc = collect_tools_wait(s, tools, &left_out, e);
	if (!rc && s->listed_wait) s->listed_wait(s->arg, s, tools, left_out);
	json_decref(tools);
	return rc;
}

static enum oc_rc open_wait(struct oc_mcp_server *s, struct oc_err *e)
{
	const struct oc_mcp_hooks hooks = { take_message, take_end, s };
	enum oc_rc rc = OC_OK;

	if (s->config.transport == OC_MCP_STDIO)
		rc = oc_mcp_stdio_open(&s->config, &hooks, s->scope, &s->stdio, e);
	if (!rc) rc = greet_wait(s, e);
	return rc ? rc : list_wait(s, e);
}

/* ---- and goes on ---- */

static enum oc_rc stay_wait(struct oc_mcp_server *s, struct oc_err *e)
{
	enum oc_rc rc = OC_OK;

	while (!rc && !s->broken) {
		struct oc_wait w = { 0 };

		if (s->list_due && s->lists < MAX_LISTS) {
			rc = oc_sleep_wait(LIST_PAUSE_MS);
			if (!rc) rc = list_wait(s, e);
			continue;
		}
		s->waiter = &w;
		rc = oc_wait_park(&w, OC_NO_DEADLINE);
		s->waiter = NULL;
	}
	return rc;
}

/* What went wrong, with what the transport knows of it. */
static void explain(struct oc_mcp_server *s, enum oc_rc rc, const char *how, struct oc_err *e)
{
	if (s->why.rc) /* it was given up for what it did */
		*e = s->why;
	else if (s->broken)
		oc_fail(e, OC_E_UPSTREAM, "it ended by itself (%s)", how);
	else if (rc == OC_CANCELLED)
		*e = (struct oc_err){ 0 };
}

static void note_failure(struct oc_mcp_server *s, const struct oc_err *e)
{
	uint64_t pause = FIRST_PAUSE_MS;

	if (s->ready_ms && oc_now_ms() - s->ready_ms > HEALTHY_AFTER_MS) s->failures = 0;
	for (unsigned i = 0; i < s->failures && pause < MAX_PAUSE_MS; i++) pause *= 2;
	if (pause > MAX_PAUSE_MS) pause = MAX_PAUSE_MS;
	s->failures++;
	s->retry_ms = oc_now_ms() + pause;
	s->why = *e;
	oc_log(OC_LOG_WARN, "mcp", "%s: %s", s->config.id, e->msg);
}

static void close_wait(struct oc_mcp_server *s, char *how, size_t n)
{
	struct oc_mcp_stdio *stdio = s->stdio;

	s->stdio = NULL;
	if (stdio)
		snprintf(s->last_words, sizeof s->last_words, "%s", oc_mcp_stdio_last_words(stdio));
	oc_mcp_stdio_close_wait(stdio, how, n);
	oc_mcp_http_deinit(&s->http);
	oc_mcp_http_init(&s->http, &s->config);
	oc_strv_deinit(&s->replies);
}

static void live(void *arg)
{
	struct oc_mcp_server *s = arg;
	struct oc_err e = { 0 };
	char how[40] = "";
	enum oc_rc rc = open_wait(s, &e);

	if (!rc) {
		s->ready_ms = oc_now_ms();
		oc_log(OC_LOG_INFO, "mcp", "%s is ready (%s)", s->config.id,
		       oc_mcp_transport_name(s->config.transport));
		become(s, OC_MCP_READY);
		rc = stay_wait(s, &e);
	}
	/* From here on nobody gets an answer. */
	bool broken = s->broken;
	s->broken = true;
	for (struct oc_mcp_pending *p = s->pending; p; p = p->next) wake_asker(p);
	close_wait(s, how, sizeof how);
	s->broken = broken;
	explain(s, rc, how, &e);
	s->broken = false;
	if (e.rc) note_failure(s, &e);
	oc_scope_free_when_done(s->scope);
	s->scope = NULL;
	become(s, e.rc ? OC_MCP_FAILED : OC_MCP_IDLE);
}

void oc_mcp_server_start(struct oc_mcp_server *s)
{
	if (s->scope || s->removed || oc_scope_cancelled(s->parent)) return;
	if (s->state == OC_MCP_FAILED && oc_now_ms() < s->retry_ms) return;
	s->tried = true;
	s->why = (struct oc_err){ 0 };
	s->ready_ms = 0;
	s->lists = 0;
	s->list_due = false;
	s->last_words[0] = '\0';
	s->scope = oc_scope_new_in(s->parent);
	become(s, OC_MCP_STARTING);
	oc_scope_spawn(s->scope, live, s);
}

void oc_mcp_server_stop_wait(struct oc_mcp_server *s)
{
	if (s->config.transport == OC_MCP_HTTP && s->state == OC_MCP_READY)
		oc_mcp_http_bye_wait(&s->http);
	if (s->scope) oc_scope_cancel(s->scope);
	while (s->scope) oc_bell_sure_wait(&s->changed);
	s->failures = 0;
	s->retry_ms = 0;
}

/* ---- for who needs it ---- */

static enum oc_rc not_usable(const struct oc_mcp_server *s, struct oc_err *e)
{
	uint64_t now = oc_now_ms();

	if (s->removed)
		return oc_fail(e, OC_E_NOT_FOUND, "the MCP server %s is not configured any more",
			       s->config.id);
	if (!s->config.enabled)
		return oc_fail(e, OC_E_NOT_FOUND, "the MCP server %s is switched off",
			       s->config.id);
	if (s->config.problem)
		return oc_fail(e, OC_E_INPUT, "the MCP server %s is not configured right: %s",
			       s->config.id, s->config.problem);
	if (s->retry_ms > now)
		return oc_fail(e, OC_E_UPSTREAM,
			       "the MCP server %s does not work: %s. It is tried again in %llu s",
			       s->config.id, s->why.msg,
			       (unsigned long long)(s->retry_ms - now + 999) / 1000);
	return oc_fail(e, OC_E_UPSTREAM, "the MCP server %s does not work: %s", s->config.id,
		       s->why.rc ? s->why.msg : "it was stopped");
}

enum oc_rc oc_mcp_server_ready_wait(struct oc_mcp_server *s, struct oc_deadline d, struct oc_err *e)
{
	enum oc_rc rc;

	if (s->removed || !s->config.enabled || s->config.problem) return not_usable(s, e);
	oc_mcp_server_start(s);
	while (s->state == OC_MCP_STARTING) {
		rc = oc_bell_wait(&s->changed, d);
		if (rc == OC_E_TIMEOUT)
			oc_fail(e, rc, "the MCP server %s is still starting", s->config.id);
		if (rc) return rc;
	}
	return s->state == OC_MCP_READY ? OC_OK : not_usable(s, e);
}

/* The session is over; its life ends without a failure, so that the next one may begin at once. */
static void renew_wait(struct oc_mcp_server *s)
{
	if (s->scope) oc_scope_cancel(s->scope);
	while (s->scope) oc_bell_sure_wait(&s->changed);
}

enum oc_rc oc_mcp_server_ask_wait(struct oc_mcp_server *s, const struct oc_mcp_ask *ask,
				  struct oc_mcp_answer *out, struct oc_err *e)
{
	*out = (struct oc_mcp_answer){ 0 };
	for (int i = 0;; i++) {
		char *session;
		enum oc_rc rc = oc_mcp_server_ready_wait(
		    s, oc_deadline_in(s->config.connect_ms + s->config.request_ms), e);

		if (rc) return rc;
		session = s->http.session ? oc_strdup(s->http.session) : NULL;
		rc = exchange_wait(s, ask, s->config.request_ms, out, e);
		bool same = session && s->http.session && !strcmp(session, s->http.session);
		free(session);
		if (rc == OC_EOF && i == 0) {
			if (same) renew_wait(s); /* else somebody else did */
			continue;
		}
		if (rc == OC_EOF) rc = oc_fail(e, OC_E_UPSTREAM, "it loses its sessions");
		if (rc && rc != OC_CANCELLED) oc_wrap(e, "MCP server %s", s->config.id);
		return rc;
	}
}
