/* mcp.servers.<id>. */
#include "tool/mcp/config.h"

#include <ctype.h>
#include <fnmatch.h>
#include <stdlib.h>

#include "base/mem.h"
#include "net/url.h"
#include "tool/sandbox/programs.h"

enum {
	CONNECT_MS = 30000,
	REQUEST_MS = 60000,
	MAX_MS = 3600000,
	MIN_SECRET = 6, /* shorter values are words that stand everywhere */
	MAX_NAME = 40,
};

/* ---- values ---- */

/* Numbers and booleans are meant as text, as the original takes them. Free with free(). */
static char *scalar_text(const json_t *v)
{
	if (json_is_string(v)) return oc_strdup(json_string_value(v));
	if (json_is_boolean(v)) return oc_strdup(json_is_true(v) ? "true" : "false");
	return json_is_number(v) ? json_dumps(v, JSON_ENCODE_ANY | JSON_REAL_PRECISION(15)) : NULL;
}

static void add_secret(struct oc_mcp_config *c, const char *value)
{
	if (strlen(value) >= MIN_SECRET) oc_strv_add_once(&c->secrets, oc_str(value));
}

static void read_list(struct oc_strv *out, const json_t *list)
{
	const json_t *v;
	size_t i;

	json_array_foreach (list, i, v) {
		char *text = scalar_text(v);
		if (text) oc_strv_add(out, oc_str(text));
		free(text);
	}
}

/* Nothing of our environment but this reaches a server: no key of a provider, no token (D43). */
static const char *const passed_on[] = { "PATH",  "HOME",	    "USER",    "LOGNAME",
					 "LANG",  "LC_ALL",	    "TZ",      "TMPDIR",
					 "SHELL", "XDG_CACHE_HOME", "DISPLAY", "SSL_CERT_FILE" };

static void read_env(struct oc_mcp_config *c, const json_t *own)
{
	const char *key;
	json_t *value;

	for (size_t i = 0; i < sizeof passed_on / sizeof *passed_on; i++) {
		const char *v = getenv(passed_on[i]);
		if (v && !json_object_get(own, passed_on[i]))
			oc_strv_addf(&c->env, "%s=%s", passed_on[i], v);
	}
	json_object_foreach ((json_t *)(uintptr_t)own, key, value) {
		char *text = scalar_text(value);
		if (text) {
			oc_strv_addf(&c->env, "%s=%s", key, text);
			add_secret(c, text);
		}
		free(text);
	}
}

static void read_headers(struct oc_mcp_config *c, const json_t *headers)
{
	const char *key;
	json_t *value;

	json_object_foreach ((json_t *)(uintptr_t)headers, key, value) {
		char *text = scalar_text(value);
		if (text && !strpbrk(text, "\r\n") && !strpbrk(key, "\r\n: ")) {
			oc_strv_addf(&c->headers, "%s: %s", key, text);
			add_secret(c, text);
		}
		free(text);
	}
}

static uint64_t read_ms(const json_t *entry, const char *key, const char *seconds, uint64_t dflt)
{
	int64_t ms = oc_json_positive(entry, key);

	if (!ms) ms = oc_json_positive(entry, seconds) * 1000;
	if (!ms) return dflt;
	return ms > MAX_MS ? MAX_MS : (uint64_t)ms;
}

/* ---- what is wrong with it ---- */

static char *http_problem(const struct oc_mcp_config *c, const json_t *entry)
{
	struct oc_url url;
	struct oc_err e = { 0 };
	const char *transport = oc_json_cstr(entry, "transport");

	if (transport && !strcmp(transport, "sse"))
		return oc_strdup("transport \"sse\" is the old form of HTTP, which is not spoken "
				 "here; use \"streamable-http\"");
	if (oc_json_cstr(entry, "auth"))
		return oc_strdup("auth \"oauth\" is not supported; put a token into headers, as "
				 "\"Authorization\": \"Bearer ${TOKEN}\"");
	if (oc_url_parse(oc_str(c->url), &url, &e)) return oc_asprintf("url: %s", e.msg);
	oc_url_deinit(&url);
	return NULL;
}

static char *find_problem(const struct oc_mcp_config *c, const json_t *entry)
{
	const char *transport = oc_json_cstr(entry, "transport");

	if (!json_is_object(entry)) return oc_strdup("it must be an object");
	if (!c->command && !c->url)
		return oc_strdup("it needs a command (a program on this machine) or a url");
	if (transport && !strcmp(transport, "stdio") && !c->command)
		return oc_strdup("transport \"stdio\" needs a command");
	return c->transport == OC_MCP_HTTP ? http_problem(c, entry) : NULL;
}

/* ---- the entry ---- */

static char *tool_prefix(const char *id)
{
	char *name = oc_strndup(id, strlen(id) > MAX_NAME ? MAX_NAME : strlen(id));

	for (char *p = name; *p; p++)
		if (!isalnum((unsigned char)*p) && *p != '_' && *p != '-') *p = '-';
	return name;
}

static char *text_or_null(const json_t *entry, const char *key)
{
	const char *s = oc_json_cstr(entry, key);

	return s && *s ? oc_strdup(s) : NULL;
}

void oc_mcp_config_init(struct oc_mcp_config *c, const char *id, const json_t *entry)
{
	const json_t *filter = json_object_get(entry, "toolFilter");
	const char *transport = oc_json_cstr(entry, "transport");

	*c = (struct oc_mcp_config){ .id = oc_strdup(id), .name = tool_prefix(id) };
	c->enabled = oc_json_bool(entry, "enabled", true);
	c->trust = oc_json_bool(entry, "trust", false);
	c->command = text_or_null(entry, "command");
	c->cwd = text_or_null(entry, "cwd");
	c->url = text_or_null(entry, "url");
	if (c->url && (!c->command || (transport && strcmp(transport, "stdio") != 0)))
		c->transport = OC_MCP_HTTP;
	if (c->command) {
		oc_strv_add(&c->args, oc_str(c->command));
		read_list(&c->args, json_object_get(entry, "args"));
	}
	read_env(c, json_object_get(entry, "env"));
	read_headers(c, json_object_get(entry, "headers"));
	c->connect_ms = read_ms(entry, "connectionTimeoutMs", "connectTimeout", CONNECT_MS);
	c->request_ms = read_ms(entry, "requestTimeoutMs", "timeout", REQUEST_MS);
	read_list(&c->include, json_object_get(filter, "include"));
	read_list(&c->exclude, json_object_get(filter, "exclude"));
	c->problem = find_problem(c, entry);
	c->text = json_dumps(entry, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY);
}

void oc_mcp_config_deinit(struct oc_mcp_config *c)
{
	free(c->id);
	free(c->name);
	free(c->command);
	free(c->cwd);
	free(c->url);
	free(c->problem);
	oc_free_secret(c->text);
	oc_strv_deinit(&c->args);
	oc_strv_deinit(&c->env);
	oc_strv_deinit(&c->headers);
	oc_strv_deinit(&c->secrets);
	oc_strv_deinit(&c->include);
	oc_strv_deinit(&c->exclude);
	*c = (struct oc_mcp_config){ 0 };
}

static const char *path_of(const struct oc_mcp_config *c)
{
	for (size_t i = 0; i < c->env.n; i++)
		if (!strncmp(c->env.v[i], "PATH=", 5)) return c->env.v[i] + 5;
	return "/usr/local/bin:/usr/bin:/bin";
}

char *oc_mcp_config_trouble(const struct oc_mcp_config *c)
{
	char *program;

	if (c->problem) return oc_strdup(c->problem);
	if (c->transport != OC_MCP_STDIO) return NULL;
	program = oc_program_find(c->command, path_of(c), c->cwd ? c->cwd : "/");
	if (!program)
		return oc_asprintf("the program %s is not there, or cannot be run", c->command);
	free(program);
	return NULL;
}

static bool matches(const struct oc_strv *globs, const char *tool)
{
	for (size_t i = 0; i < globs->n; i++)
		if (fnmatch(globs->v[i], tool, 0) == 0) return true;
	return false;
}

bool oc_mcp_config_offers(const struct oc_mcp_config *c, const char *tool)
{
	if (c->include.n && !matches(&c->include, tool)) return false;
	return !matches(&c->exclude, tool);
}

char *oc_mcp_config_launch(const struct oc_mcp_config *c)
{
	char *text;

	if (c->transport == OC_MCP_STDIO)
		text = c->args.n ? oc_strv_join(&c->args, " ") : oc_strdup("(none)");
	else {
		struct oc_str url = oc_str(c->url);

		url = oc_str_head(url, oc_str_find(url, OC_LIT("?"), 0));
		text = oc_strndup(url.p, url.n);
	}
	return text;
}

const char *oc_mcp_transport_name(enum oc_mcp_transport t)
{
	return t == OC_MCP_STDIO ? "stdio" : "streamable-http";
}
