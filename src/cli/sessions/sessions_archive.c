/* `openclaw sessions archive` and `unarchive`: conversations out of the way, and back. */
#include <stdio.h>

#include "base/visible.h"
#include "cli/print.h"
#include "cli/sessions/sessions_archive.h"
#include "cli/sessions/sessions_source.h"

const struct oc_option oc_sessions_archive_options[] = {
	{ .name = "--dry-run", .help = "Only say what would be done" },
	{ .name = "--agent", .value = "<id>", .help = "The agent whose sessions they are" },
	OC_RPC_ADDRESS_OPTIONS,
	OC_RPC_TIMEOUT_OPTION,
	{ .name = "--json", .help = "Print one JSON document" },
	{ 0 },
};

struct archiving {
	const struct oc_args *args;
	struct oc_sessions_source source;
	bool archive, dry_run;
	json_t *done; /* keys */
};

static enum oc_rc change_wait(struct archiving *w, const char *name, struct oc_err *e)
{
	json_t *row = NULL, *result = NULL;
	enum oc_rc rc = oc_sessions_row_wait(&w->source, name, &row, e);

	if (rc) return rc;
	const char *key = oc_json_cstr(row, "key");
	if (!w->dry_run)
		rc = oc_rpc_command_call_wait(
		    &w->source.rpc, "sessions.patch",
		    json_pack("{s:s,s:b}", "key", key, "archived", w->archive), &result, e);
	if (!rc) json_array_append_new(w->done, json_string(key));
	json_decref(result);
	json_decref(row);
	return rc;
}

static void print_done(const struct archiving *w)
{
	const json_t *key;
	size_t i;

	if (oc_args_has(w->args, "--json")) {
		json_t *doc = json_pack("{s:b,s:b,s:b,s:O}", "ok", 1, "dryRun", w->dry_run,
					"archived", w->archive, "keys", w->done);
		oc_print_json(doc);
		json_decref(doc);
		return;
	}
	json_array_foreach (w->done, i, key)
		oc_visible_printf(stdout, "%s%s: %s\n", w->dry_run ? "would be " : "",
				  w->archive ? "archived" : "unarchived", json_string_value(key));
}

static int run_wait(struct oc_args *a, bool archive)
{
	struct archiving w = { .args = a,
			       .archive = archive,
			       .dry_run = oc_args_has(a, "--dry-run") };
	struct oc_err e = { 0 };
	enum oc_rc rc;

	if (!oc_args_n(a))
		return oc_usage_error(a, "expected sessions (openclaw sessions list shows them)");
	w.done = json_array();
	rc = oc_sessions_source_init_wait(&w.source, a, &e);
	if (!rc && w.source.direct && !w.dry_run)
		rc = oc_fail(&e, OC_E_UPSTREAM, "sessions are changed by the gateway\n%s",
			     oc_rpc_start_hint);
	for (size_t i = 0; !rc && i < oc_args_n(a); i++)
		rc = change_wait(&w, oc_args_pos(a, i), &e);
	print_done(&w); /* also what came before a failure */
	json_decref(w.done);
	oc_sessions_source_deinit_wait(&w.source);
	return rc ? oc_rpc_failed(rc, &e) : 0;
}

int oc_cmd_sessions_archive(struct oc_args *a)
{
	return run_wait(a, true);
}

int oc_cmd_sessions_unarchive(struct oc_args *a)
{
	return run_wait(a, false);
}
