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
	LIST_PAUSE_MS = 1000,
	MAX_LISTS = 200, /* of one life: who changes more often is not listened to */
	MAX_PAGES = 64,
	MAX_SAID = 2000,
};
static const char protocol[] = "2025-06-18";
static const char *const protocols[] = { "2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25" };

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

static void become(struct oc_mcp_server *s, enum oc_mcp_state state)
{
	s->state = state;
	oc_bell_ring(&s->changed);
}

/* ---- what is demanded ---- */

/* As oc_mcp_exchange_wait; a refusal is a failure. *result is a new reference. */
static enum oc_rc demand_wait(struct oc_mcp_server *s, const char *method, const json_t *params,
			      uint64_t limit_ms, json_t **result, struct oc_err *e)
{
	const struct oc_mcp_ask ask = { .method = method, .params = params };
	struct oc_mcp_answer answer = { 0 };
	struct oc_buf text;
	enum oc_rc rc = oc_mcp_exchange_wait(s, &ask, limit_ms, &answer, e);

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

static void take_end(void *arg, const struct oc_err *why)
{
	struct oc_mcp_server *s = arg;

	s->broken = true;
	if (why->rc) s->why = *why;
	oc_mcp_let_go(s);
	oc_mcp_wake_life(s);
}

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
	rc = s->stdio ? oc_mcp_stdio_send(s->stdio, text, e) : oc_mcp_post_notice_wait(s, text, e);
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
	const struct oc_mcp_hooks hooks = { oc_mcp_take_message, take_end, s };
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
	oc_mcp_let_go(s);
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
		rc = oc_mcp_exchange_wait(s, ask, s->config.request_ms, out, e);
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
