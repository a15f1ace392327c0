/*
 * Layers of name lists. Each layer is a set of patterns after aliases and groups were resolved; a
 * tool is allowed when every layer agrees.
 */
#include "tool/sandbox/policy.h"

#include <fnmatch.h>
#include <stdlib.h>

#include "base/mem.h"
#include "tool/tool.h"

enum { MAX_LAYERS = 12 };

struct layer {
	const char *allow_why, *deny_why; /* static */
	struct oc_strv allow, deny;
	bool limits; /* allow counts: what it does not name is forbidden */
};
struct oc_policy {
	struct layer layers[MAX_LAYERS];
	size_t n;
};

/* Members in our names; groups of the original whose tools we lack have no row and hold nothing. */
static const struct {
	const char *group, *members;
} groups[] = {
	{ "group:runtime", "exec process" },
	{ "group:fs", "read write edit apply_patch" },
	{ "group:sessions", "spawn session_status" },
	{ "group:memory", "memory_search memory_get" },
	{ "group:web", "web_search web_fetch" },
	{ "group:ui", "browser" },
	{ "group:automation", "cron" },
	{ "group:messaging", "message" },
	{ "group:agents", "spawn" },
	{ "group:openclaw", "read write edit exec process web_search web_fetch memory_search "
			    "memory_get cron message spawn session_status apply_patch browser" },
	{ "group:plugins", "*.*" },
	{ "bundle-mcp", "*.*" },
};
static const struct {
	const char *profile, *names;
} profiles[] = {
	{ "minimal", "session_status" },
	{ "coding",
	  "group:fs group:runtime group:web group:sessions group:memory cron bundle-mcp" },
	{ "messaging", "group:messaging group:sessions bundle-mcp" },
};
static const char lean_drops[] = "browser cron message";

/* ---- lists ---- */

static void add_name(struct oc_strv *list, struct oc_str name);

static void add_words(struct oc_strv *list, const char *words)
{
	for (struct oc_str rest = oc_str(words); rest.n;) {
		size_t space = oc_str_find(rest, OC_LIT(" "), 0);

		add_name(list, oc_str_head(rest, space));
		rest = space == SIZE_MAX ? OC_LIT("") : oc_str_from(rest, space + 1);
	}
}

static bool add_group(struct oc_strv *list, struct oc_str name)
{
	bool group = oc_str_istarts(name, OC_LIT("group:"));

	for (size_t i = 0; i < sizeof groups / sizeof *groups; i++) {
		if (!oc_str_ieq(oc_str(groups[i].group), name)) continue;
		add_words(list, groups[i].members);
		group = true;
	}
	return group;
}

/* "server__tool" is how the original writes "server.tool". */
static void add_tool_name(struct oc_strv *list, struct oc_str name)
{
	size_t bars = oc_str_find(name, OC_LIT("__"), 0);
	char *ours;

	if (bars == SIZE_MAX || !bars) {
		oc_strv_add_once(list, oc_tool_canonical(name));
		return;
	}
	ours = oc_asprintf("%.*s.%.*s", OC_FMT(oc_str_head(name, bars)),
			   OC_FMT(oc_str_from(name, bars + 2)));
	oc_strv_add_once(list, oc_str(ours));
	free(ours);
}

static void add_name(struct oc_strv *list, struct oc_str name)
{
	name = oc_str_trim(name);
	if (name.n && !add_group(list, name)) add_tool_name(list, name);
}

static void add_list(struct oc_strv *list, const json_t *names)
{
	for (size_t i = 0; i < json_array_size(names); i++)
		add_name(list, oc_json_text(json_array_get(names, i)));
}

static bool matches(const struct oc_strv *list, const char *name)
{
	for (size_t i = 0; i < list->n; i++)
		if (fnmatch(list->v[i], name, 0) == 0) return true;
	return false;
}

/* ---- layers ---- */

static struct layer *add_layer(struct oc_policy *p, const char *allow_why, const char *deny_why)
{
	struct layer *l = &p->layers[p->n++];

	l->allow_why = allow_why;
	l->deny_why = deny_why;
	return l;
}

/* NULL = the profile holds everything, or there is no such profile. */
static const char *profile_names(const char *profile)
{
	for (size_t i = 0; profile && i < sizeof profiles / sizeof *profiles; i++)
		if (!strcmp(profiles[i].profile, profile)) return profiles[i].names;
	return NULL;
}

/* The more special place names the profile; alsoAllow of both places extends it. */
static void add_profile(struct oc_policy *p, const json_t *general, const json_t *special)
{
	const char *profile = oc_json_cstr(special, "profile");
	const char *names = profile_names(profile ? profile : oc_json_cstr(general, "profile"));
	struct layer *l;

	if (!names) return;
	l = add_layer(p, "not part of tools.profile", NULL);
	l->limits = true;
	add_words(&l->allow, names);
	add_list(&l->allow, json_object_get(general, "alsoAllow"));
	add_list(&l->allow, json_object_get(special, "alsoAllow"));
}

static void add_lists(struct oc_policy *p, const json_t *allow, const json_t *also,
		      const json_t *deny, const char *allow_why, const char *deny_why)
{
	struct layer *l = add_layer(p, allow_why, deny_why);

	l->limits = json_array_size(allow) > 0;
	add_list(&l->allow, allow);
	if (l->limits) add_list(&l->allow, also);
	add_list(&l->deny, deny);
}

static void add_tools(struct oc_policy *p, const json_t *tools, const char *allow_why,
		      const char *deny_why)
{
	add_lists(p, json_object_get(tools, "allow"), json_object_get(tools, "alsoAllow"),
		  json_object_get(tools, "deny"), allow_why, deny_why);
}

/* tools.byProvider: the row "provider/model" wins over the row "provider". */
static const json_t *provider_row(const json_t *tools, const struct oc_policy_spec *spec)
{
	const json_t *rows = json_object_get(tools, "byProvider"), *row = NULL;

	if (!spec->provider) return NULL;
	if (spec->model) {
		char *key = oc_asprintf("%s/%s", spec->provider, spec->model);
		row = json_object_get(rows, key);
		free(key);
	}
	return row ? row : json_object_get(rows, spec->provider);
}

/* What an allow list or alsoAllow names is kept in lean mode. */
static void add_lean(struct oc_policy *p, const struct oc_policy_spec *spec)
{
	struct layer *l = add_layer(p, NULL, "left out in lean mode");
	struct oc_strv drops = { 0 }, kept = { 0 };
	static const char *const lists[] = { "allow", "alsoAllow" };

	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
		add_list(&kept, json_object_get(spec->tools, lists[i]));
		add_list(&kept, json_object_get(spec->agent_tools, lists[i]));
	}
	add_words(&drops, lean_drops);
	for (size_t i = 0; i < drops.n; i++)
		if (!matches(&kept, drops.v[i])) oc_strv_add(&l->deny, oc_str(drops.v[i]));
	oc_strv_deinit(&drops);
	oc_strv_deinit(&kept);
}

struct oc_policy *oc_policy_new(const struct oc_policy_spec *spec)
{
	struct oc_policy *p = oc_new(struct oc_policy);
	const json_t *general = provider_row(spec->tools, spec),
		     *special = provider_row(spec->agent_tools, spec);

	add_profile(p, spec->tools, spec->agent_tools);
	add_profile(p, general, special);
	add_tools(p, spec->tools, "not in tools.allow", "denied by tools.deny");
	add_tools(p, spec->agent_tools, "not in the agent's tools.allow",
		  "denied by the agent's tools.deny");
	add_tools(p, general, "not in tools.byProvider's allow",
		  "denied by tools.byProvider for this model");
	add_tools(p, special, "not in the agent's tools.byProvider's allow",
		  "denied by the agent's tools.byProvider for this model");
	add_lists(p, spec->extra_allow, NULL, spec->extra_deny, "not allowed in this conversation",
		  "denied in this conversation");
	if (spec->lean) add_lean(p, spec);
	if (spec->no_memory)
		add_words(&add_layer(p, NULL, "memory.search.enabled is false")->deny,
			  "memory_search memory_get");
	if (spec->no_channels)
		add_words(&add_layer(p, NULL, "no channel is configured")->deny, "message");
	if (spec->off) add_words(&add_layer(p, NULL, "not set up in tools.web")->deny, spec->off);
	return p;
}

void oc_policy_free(struct oc_policy *p)
{
	for (size_t i = 0; p && i < p->n; i++) {
		oc_strv_deinit(&p->layers[i].allow);
		oc_strv_deinit(&p->layers[i].deny);
	}
	free(p);
}

/* A patch is a way to write: whoever names write means both. The name of a server means all of its
 * tools. */
static bool names(const struct oc_strv *list, const char *tool)
{
	const char *dot = strchr(tool, '.');
	char *server = dot ? oc_strndup(tool, (size_t)(dot - tool)) : NULL;
	bool named = matches(list, tool) ||
		     (!strcmp(tool, "apply_patch") && matches(list, "write")) ||
		     (server && matches(list, server));

	free(server);
	return named;
}

bool oc_policy_allows(const struct oc_policy *p, const char *name, const char **why)
{
	for (size_t i = 0; p && i < p->n; i++) {
		const struct layer *l = &p->layers[i];
		const char *reason = NULL;

		if (names(&l->deny, name))
			reason = l->deny_why;
		else if (l->limits && !names(&l->allow, name))
			reason = l->allow_why;
		if (!reason) continue;
		if (why) *why = reason;
		return false;
	}
	return true;
}

/* "srv.look", "srv.*" and "*" can mean a tool of srv. */
static bool may_name(const struct oc_strv *list, const char *server)
{
	for (size_t i = 0; i < list->n; i++) {
		struct oc_str pattern = oc_str(list->v[i]);
		struct oc_str head = oc_str_head(pattern, oc_str_find(pattern, OC_LIT("."), 0));
		char *text = oc_strndup(head.p, head.n);
		bool fits = fnmatch(text, server, 0) == 0;

		free(text);
		if (fits) return true;
	}
	return false;
}

bool oc_policy_allows_some(const struct oc_policy *p, const char *server)
{
	char *all = oc_asprintf("%s.*", server); /* as a name: what matches it matches every tool */
	bool allowed = true;

	for (size_t i = 0; p && i < p->n && allowed; i++) {
		const struct layer *l = &p->layers[i];

		allowed = !names(&l->deny, all) && (!l->limits || may_name(&l->allow, server));
	}
	free(all);
	return allowed;
}
