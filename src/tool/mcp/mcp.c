/* The servers of the configuration. */
#include "tool/mcp.h"

#include <stdlib.h>

#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "tool/internal.h"
#include "tool/mcp/content.h"
#include "tool/mcp/rows.h"

enum { SETTLE_MS = 10000, MAX_SERVERS = 32 };

struct oc_mcp {
	struct oc_scope *scope;
	struct oc_mcp_server *servers; /* in the order of the configuration; removed ones too */
	struct oc_mcp_rows rows;
};

/* ---- configuring ---- */

static void listed_wait(void *arg, struct oc_mcp_server *s, const json_t *tools, size_t left_out)
{
	struct oc_mcp *m = arg;

	if (!s->removed) oc_mcp_rows_update_wait(&m->rows, s, tools, left_out);
}

/* A name that is not taken: not by a tool of ours, not by another server. */
static void settle_name(const struct oc_mcp *m, struct oc_mcp_config *c)
{
	for (unsigned i = 1; i < 2 * MAX_SERVERS; i++) {
		char *name = i == 1 ? oc_strdup(c->name) : oc_asprintf("%s-%u", c->name, i);
		const struct oc_tool *tool = oc_tool_find(oc_str(name));
		bool taken = tool && !tool->foreign;

		for (const struct oc_mcp_server *s = m->servers; s; s = s->next)
			taken = taken || (!s->removed && !strcmp(s->config.name, name));
		if (!taken) {
			free(c->name);
			c->name = name;
			return;
		}
		free(name);
	}
}

static void add_server(struct oc_mcp *m, struct oc_mcp_config *config)
{
	struct oc_mcp_server **at = &m->servers, *s;

	settle_name(m, config);
	while (*at) at = &(*at)->next;
	*at = s = oc_mcp_server_new(config, m->scope);
	s->listed_wait = listed_wait;
	s->arg = m;
	if (s->config.problem)
		oc_log(OC_LOG_WARN, "mcp", "%s is left out: %s", s->config.id, s->config.problem);
	else if (s->config.enabled)
		oc_mcp_rows_add_shelf(&m->rows, s);
}

/* Whoever waits for it is told. It stays in memory: rows name it. */
static void remove_server(struct oc_mcp *m, struct oc_mcp_server *s)
{
	oc_mcp_rows_withdraw(&m->rows, s, true);
	s->removed = true;
	if (s->scope) oc_scope_cancel(s->scope);
}

static struct oc_mcp_server *find_server(const struct oc_mcp *m, const char *id)
{
	for (struct oc_mcp_server *s = m->servers; s; s = s->next)
		if (!s->removed && !strcmp(s->config.id, id)) return s;
	return NULL;
}

static void configure_one(struct oc_mcp *m, const char *id, const json_t *entry)
{
	struct oc_mcp_server *old = find_server(m, id);
	struct oc_mcp_config config;

	oc_mcp_config_init(&config, id, entry);
	if (old && !strcmp(old->config.text, config.text)) {
		oc_mcp_config_deinit(&config);
		return;
	}
	if (old) remove_server(m, old);
	add_server(m, &config);
}

void oc_mcp_configure(struct oc_mcp *m, const struct oc_config *config)
{
	json_t *entries = oc_config_get(config, "mcp.servers"), *entry;
	const char *id;
	size_t n = 0;

	for (struct oc_mcp_server *s = m->servers; s; s = s->next)
		if (!s->removed && !json_object_get(entries, s->config.id)) remove_server(m, s);
	json_object_foreach (entries, id, entry) {
		if (++n <= MAX_SERVERS) configure_one(m, id, entry);
	}
	if (n > MAX_SERVERS)
		oc_log(OC_LOG_WARN, "mcp", "only the first %d servers of mcp.servers are used",
		       MAX_SERVERS);
}

struct oc_mcp *oc_mcp_new(const struct oc_config *config)
{
	struct oc_mcp *m = oc_new(struct oc_mcp);

	m->scope = oc_scope_new();
	oc_mcp_configure(m, config);
	return m;
}

void oc_mcp_free_wait(struct oc_mcp *m)
{
	if (!m) return;
	for (struct oc_mcp_server *s = m->servers; s; s = s->next)
		if (s->config.transport == OC_MCP_HTTP) oc_mcp_server_stop_wait(s);
	oc_scope_cancel(m->scope); /* the others at once */
	oc_scope_join_wait(m->scope);
	for (struct oc_mcp_server *s = m->servers; s; s = s->next) oc_mcp_server_stop_wait(s);
	oc_mcp_rows_free(&m->rows);
	for (struct oc_mcp_server *s = m->servers, *next; s; s = next) {
		next = s->next;
		oc_mcp_server_free(s);
	}
	oc_scope_free(m->scope);
	free(m);
}

/* ---- for runs ---- */

static bool is_usable(const struct oc_mcp_server *s)
{
	return !s->removed && s->config.enabled && !s->config.problem;
}

/* Something of it may be called. */
static bool is_wanted(const struct oc_mcp_server *s, const struct oc_policy *policy)
{
	const struct oc_tool *shelf = oc_tool_find(oc_str(s->config.name));

	return !policy || (shelf && shelf->foreign && oc_tool_allowed(policy, shelf, NULL));
}

enum oc_rc oc_mcp_settle_wait(struct oc_mcp *m, const struct oc_policy *policy)
{
	struct oc_deadline d = oc_deadline_in(SETTLE_MS);
	enum oc_rc rc = OC_OK;

	for (struct oc_mcp_server *s = m ? m->servers : NULL; s; s = s->next)
		if (is_usable(s) && !s->tried && is_wanted(s, policy)) oc_mcp_server_start(s);
	for (struct oc_mcp_server *s = m ? m->servers : NULL; s && rc != OC_CANCELLED; s = s->next)
		while (rc != OC_CANCELLED && !s->removed && s->state == OC_MCP_STARTING &&
		       !oc_deadline_passed(d))
			rc = oc_bell_wait(&s->changed, d);
	return rc == OC_CANCELLED ? rc : OC_OK;
}

/* ---- resources ---- */

static const struct oc_str scheme = OC_LIT("mcp://");

bool oc_mcp_is_address(struct oc_str path)
{
	return oc_str_istarts(path, scheme);
}

static struct oc_mcp_server *find_named(const struct oc_mcp *m, struct oc_str name)
{
	for (struct oc_mcp_server *s = m ? m->servers : NULL; s; s = s->next)
		if (is_usable(s) && (oc_str_eq(oc_str(s->config.name), name) ||
				     oc_str_eq(oc_str(s->config.id), name)))
			return s;
	return NULL;
}

static enum oc_rc ask_resource_wait(struct oc_mcp_server *s, struct oc_str uri,
				    struct oc_tool_result *out, struct oc_err *e)
{
	json_t *params = json_object();
	const struct oc_mcp_ask ask = { .method = "resources/read", .params = params };
	struct oc_mcp_answer answer = { 0 };
	enum oc_rc rc;

	oc_json_put(params, "uri", oc_json_new_str(uri));
	oc_mcp_mark(s, out);
	rc = oc_mcp_server_ask_wait(s, &ask, &answer, e);
	json_decref(params);
	if (rc) return rc;
	if (answer.refusal)
		oc_mcp_refusal_add(answer.refusal, out);
	else
		oc_mcp_resource_add(answer.result, out);
	oc_mcp_answer_deinit(&answer);
	return OC_OK;
}

enum oc_rc oc_mcp_read_wait(struct oc_tool_context *ctx, struct oc_str path,
			    struct oc_tool_result *out, struct oc_err *e)
{
	struct oc_str rest = oc_str_from(path, scheme.n);
	size_t slash = oc_str_find(rest, OC_LIT("/"), 0);
	struct oc_mcp_server *s = find_named(ctx->mcp, oc_str_head(rest, slash));
	struct oc_str uri = slash == SIZE_MAX ? OC_LIT("") : oc_str_from(rest, slash + 1);
	enum oc_rc rc;

	if (!s || !is_wanted(s, ctx->policy))
		return oc_fail(e, OC_E_NOT_FOUND, "there is no MCP server %.*s",
			       OC_FMT(oc_str_head(rest, slash < 80 ? slash : 80)));
	if (!uri.n)
		return oc_fail(e, OC_E_INPUT, "the address has to be mcp://%s/ and a resource",
			       s->config.name);
	/* An address can carry out what was read. */
	char *text = oc_strndup(path.p, path.n);
	rc = oc_mcp_permit_wait(ctx, s, true, "read", text, e);
	free(text);
	return rc ? rc : ask_resource_wait(s, uri, out, e);
}

/* ---- for people ---- */

enum oc_rc oc_mcp_probe_wait(struct oc_mcp *m, const char *id, struct oc_err *e)
{
	struct oc_mcp_server *s = find_server(m, id);

	if (!s) return oc_fail(e, OC_E_NOT_FOUND, "no MCP server named \"%s\"", id);
	return oc_mcp_server_ready_wait(
	    s, oc_deadline_in(s->config.connect_ms + s->config.request_ms), e);
}

static json_t *tool_names(const struct oc_mcp *m, const struct oc_mcp_server *s)
{
	const struct oc_tool *tool;
	json_t *names = json_array();

	(void)m;
	for (size_t i = 0; (tool = oc_tool_at(i)); i++)
		if (tool->foreign && !tool->foreign->is_shelf &&
		    ((const struct oc_mcp_row *)tool)->server == s)
			json_array_append_new(names, json_string(tool->name));
	return names;
}

static json_t *report_one(const struct oc_mcp *m, const struct oc_mcp_server *s)
{
	static const char *const states[] = { "idle", "starting", "ready", "failed" };
	json_t *o =
	    json_pack("{s:s, s:s, s:b, s:b, s:s}", "name", s->config.id, "transport",
		      oc_mcp_transport_name(s->config.transport), "enabled", s->config.enabled,
		      "trust", s->config.trust, "state", states[s->state]);
	const char *problem = s->config.problem ? s->config.problem : s->why.msg;

	if (*problem) oc_json_put(o, "problem", oc_json_new_str(oc_str(problem)));
	if (s->last_words[0]) oc_json_put(o, "lastWords", oc_json_new_str(oc_str(s->last_words)));
	if (s->title) oc_json_put(o, "serverName", oc_json_new_str(oc_str(s->title)));
	if (s->version) oc_json_put(o, "serverVersion", oc_json_new_str(oc_str(s->version)));
	oc_json_put(o, "resources", json_boolean(s->has_resources));
	oc_json_put(o, "prompts", json_boolean(s->has_prompts));
	oc_json_put(o, "tools", tool_names(m, s));
	return o;
}

json_t *oc_mcp_report(const struct oc_mcp *m)
{
	json_t *list = json_array();

	for (const struct oc_mcp_server *s = m ? m->servers : NULL; s; s = s->next)
		if (!s->removed) json_array_append_new(list, report_one(m, s));
	return list;
}
