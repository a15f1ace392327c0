/* What a change of the configuration asks for, by the path that changed. */
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "gateway/process/reload.h"

/* The first row that the path is, or is below of, holds. */
static const struct {
	const char *prefix;
	enum oc_reload_class class;
} rows[] = {
	{ "gateway.controlUi", OC_RELOAD_HOT },
	{ "gateway.http", OC_RELOAD_HOT },
	{ "gateway.tools", OC_RELOAD_HOT },
	{ "gateway.trustedProxies", OC_RELOAD_HOT },
	{ "gateway.auth.rateLimit", OC_RELOAD_HOT },
	{ "gateway.reload", OC_RELOAD_HOT },
	{ "gateway.remote", OC_RELOAD_NONE }, /* of clients on this machine */
	{ "gateway", OC_RELOAD_RESTART },
	{ "agents", OC_RELOAD_HOT },
	{ "models", OC_RELOAD_HOT },
	{ "auth", OC_RELOAD_HOT },
	{ "tools", OC_RELOAD_HOT },
	{ "skills", OC_RELOAD_HOT },
	{ "mcp", OC_RELOAD_HOT },
	{ "session", OC_RELOAD_HOT },
	{ "messages", OC_RELOAD_HOT },
	{ "commands", OC_RELOAD_HOT },
	{ "hooks", OC_RELOAD_HOT },
	{ "logging", OC_RELOAD_HOT },
	{ "env", OC_RELOAD_HOT },
	{ "memory", OC_RELOAD_HOT },
	{ "cron", OC_RELOAD_HOT },
	{ "channels", OC_RELOAD_HOT },
	{ "secrets", OC_RELOAD_HOT },
	/* Kept unread, for other programs (D20). */
	{ "meta", OC_RELOAD_NONE },
	{ "wizard", OC_RELOAD_NONE },
	{ "ui", OC_RELOAD_NONE },
	{ "plugins", OC_RELOAD_NONE },
	{ "canvas", OC_RELOAD_NONE },
	{ "browser", OC_RELOAD_NONE },
	{ "talk", OC_RELOAD_NONE },
	{ "update", OC_RELOAD_NONE },
	{ "cli", OC_RELOAD_NONE },
};

static bool is_below(struct oc_str path, struct oc_str prefix)
{
	return oc_str_starts(path, prefix) && (path.n == prefix.n || path.p[prefix.n] == '.');
}

enum oc_reload_class oc_reload_class(const char *path)
{
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (is_below(oc_str(path), oc_str(rows[i].prefix))) return rows[i].class;
	return OC_RELOAD_RESTART;
}

const char *oc_reload_class_name(enum oc_reload_class c)
{
	static const char *const names[] = { "none", "hot", "restart" };

	return names[c];
}

/* ---- what differs ---- */

enum { MAX_DEPTH = 5 }; /* below it the path of the parent says enough */

struct walk {
	struct oc_strv *out;
	size_t max;
};

static void compare(struct walk *w, const char *at, const json_t *a, const json_t *b,
		    unsigned depth);

static void compare_member(struct walk *w, const char *at, const char *key, const json_t *a,
			   const json_t *b, unsigned depth)
{
	char *path = oc_asprintf("%s%s%s", at, *at ? "." : "", key);

	compare(w, path, a, b, depth + 1);
	free(path);
}

static void compare(struct walk *w, const char *at, const json_t *a, const json_t *b,
		    unsigned depth)
{
	json_t *left = (json_t *)(uintptr_t)a, *right = (json_t *)(uintptr_t)b, *child;
	const char *key;

	if (w->out->n >= w->max || (a && b && json_equal(left, right))) return;
	if (!json_is_object(a) || !json_is_object(b) || depth >= MAX_DEPTH) {
		oc_strv_add_once(w->out, oc_str(*at ? at : "<root>"));
		return;
	}
	json_object_foreach (left, key, child)
		compare_member(w, at, key, child, json_object_get(b, key), depth);
	json_object_foreach (right, key, child)
		if (!json_object_get(a, key)) compare_member(w, at, key, NULL, child, depth);
}

void oc_reload_changes(const json_t *before, const json_t *after, struct oc_strv *out, size_t max)
{
	struct walk w = { out, max };

	compare(&w, "", before, after, 0);
}
