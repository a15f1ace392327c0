/* `openclaw sessions …`: the conversations of the gateway. */
#include <stdio.h>
#include <stdlib.h>

#include "agent/run/settings.h"
#include "base/limits.h"
#include "base/visible.h"
#include "cli/cron/duration.h"
#include "cli/gateway/gateway_commands.h"
#include "cli/print.h"
#include "cli/sessions/sessions_archive.h"
#include "cli/sessions/sessions_export.h"
#include "cli/sessions/sessions_source.h"
#include "cli/sessions/sessions_table.h"
#include "cli/sessions/sessions_tail.h"
#include "rt/file.h"
#include "rt/tty.h"

enum { LIMIT = 100, SHOWN = 20, MAX_LIMIT = 100000, MAX_EXPORT = 1 << 30, OLD_DAYS = 30 };

#define COMMON                                                                                     \
	OC_RPC_ADDRESS_OPTIONS, OC_RPC_TIMEOUT_OPTION,                                             \
	{                                                                                          \
		.name = "--json", .help = "Print one JSON document"                                \
	}

static enum oc_rc read_count(const struct oc_args *a, const char *option, int64_t *out,
			     struct oc_err *e)
{
	const char *text = oc_args_get(a, option);

	if (!text || oc_parse_int(oc_str(text), 1, MAX_LIMIT, out)) return OC_OK;
	return oc_fail(e, OC_E_INPUT, "%s \"%.40s\": use a number from 1 to %d", option, text,
		       MAX_LIMIT);
}

static int usage_key(const struct oc_args *a)
{
	return oc_usage_error(a, "expected one session (openclaw sessions list shows them)");
}

/* ---- list ---- */

const struct oc_option oc_sessions_list_options[] = {
	{ .name = "--active", .value = "<minutes>", .help = "With activity since then" },
	{ .name = "--limit", .value = "<n>", .help = "At most so many (100)" },
	{ .name = "--agent", .value = "<id>", .help = "Of this agent" },
	{ .name = "--all-agents", .help = "Of every agent (the default)" },
	{ .name = "--search", .value = "<text>", .help = "With this in key, label or title" },
	{ .name = "--store", .value = "<path>", .help = "Accepted", .hidden = true },
	COMMON,
	{ 0 },
};

static void add_ages(json_t *page, int64_t active_minutes)
{
	json_t *row;
	size_t i;

	json_array_foreach (json_object_get(page, "sessions"), i, row)
		oc_json_put(row, "ageMs",
			    json_integer(oc_wall_ms() - oc_json_int(row, "updatedAt", 0)));
	json_object_set_new(page, "activeMinutes",
			    active_minutes ? json_integer(active_minutes) : json_null());
}

static void print_page(const json_t *page)
{
	const json_t *rows = json_object_get(page, "sessions");

	if (json_array_size(rows) == 0) {
		puts("No sessions.");
		return;
	}
	oc_sessions_table(rows);
	if (oc_json_bool(page, "hasMore", false))
		printf("%zu of %lld; --limit shows more\n", json_array_size(rows),
		       (long long)oc_json_int(page, "totalCount", 0));
}

int oc_cmd_sessions_list(struct oc_args *a)
{
	struct oc_sessions_source s = { 0 };
	struct oc_sessions_wish w = { .agent = oc_args_get(a, "--agent"),
				      .search = oc_args_get(a, "--search"),
				      .limit = LIMIT };
	struct oc_err e = { 0 };
	json_t *page = NULL;
	enum oc_rc rc = read_count(a, "--limit", &w.limit, &e);

	if (!rc) rc = read_count(a, "--active", &w.active_minutes, &e);
	if (!rc) rc = oc_sessions_source_init_wait(&s, a, &e);
	if (!rc) rc = oc_sessions_page_wait(&s, &w, &page, &e);
	if (!rc && oc_args_has(a, "--json")) {
		add_ages(page, w.active_minutes);
		oc_print_json(page);
	} else if (!rc)
		print_page(page);
	json_decref(page);
	oc_sessions_source_deinit_wait(&s);
	return rc ? oc_rpc_failed(rc, &e) : 0;
}

/* ---- show, export ---- */

static const struct oc_option show_options[] = {
	{ .name = "--limit", .value = "<n>", .help = "Messages to show (20)" },
	COMMON,
	{ 0 },
};

static void print_message(const json_t *m)
{
	const char *role = oc_json_cstr(m, "role"), *tool = oc_json_cstr(m, "toolName");
	bool bold = oc_print_colour();
	struct oc_buf text;

	oc_buf_init(&text, MAX_EXPORT);
	oc_message_text(m, &text);
	if (!text.n) {
		oc_buf_deinit(&text);
		return;
	}
	oc_visible_printf(stdout, "\n");
	printf("%s", bold ? "\033[1m" : "");
	oc_visible_printf(stdout, "%s", tool ? tool : role ? role : "?");
	printf("%s\n", bold ? "\033[0m" : "");
	oc_print_text(oc_buf_view(&text));
	oc_buf_deinit(&text);
}

static void print_session(json_t *row, const json_t *messages)
{
	json_t *rows = json_array();
	const json_t *m;
	size_t i;

	json_array_append(rows, row);
	oc_sessions_table(rows);
	json_decref(rows);
	json_array_foreach (messages, i, m) print_message(m);
}

static int show(struct oc_args *a)
{
	struct oc_sessions_source s = { 0 };
	struct oc_err e = { 0 };
	json_t *row = NULL, *messages = NULL;
	int64_t limit = SHOWN;

	if (oc_args_n(a) != 1) return usage_key(a);
	enum oc_rc rc = read_count(a, "--limit", &limit, &e);
	if (!rc) rc = oc_sessions_source_init_wait(&s, a, &e);
	if (!rc) rc = oc_sessions_row_wait(&s, oc_args_pos(a, 0), &row, &e);
	if (!rc) rc = oc_sessions_messages_wait(&s, row, limit, &messages, &e);
	if (!rc && oc_args_has(a, "--json")) {
		json_t *doc = json_pack("{s:O,s:O}", "session", row, "messages", messages);
		oc_print_json(doc);
		json_decref(doc);
	} else if (!rc)
		print_session(row, messages);
	json_decref(row);
	json_decref(messages);
	oc_sessions_source_deinit_wait(&s);
	return rc ? oc_rpc_failed(rc, &e) : 0;
}

static const struct oc_option export_options[] = {
	{ .name = "--format", .value = "<form>", .help = "jsonl (default), markdown or json" },
	{ .name = "--out", .short_name = 'o', .value = "<file>", .help = "Write to a file" },
	COMMON,
	{ 0 },
};

/* The store has what was before a reset as well; a gateway elsewhere gives what it has. */
static enum oc_rc find_wait(struct oc_sessions_source *s, const char *name, json_t **row,
			    struct oc_err *e)
{
	enum oc_rc rc = OC_E_NOT_FOUND;

	if (s->rpc.target.local) {
		rc = oc_sessions_source_direct_wait(s, e);
		if (!rc) rc = oc_sessions_row_wait(s, name, row, e);
	}
	if (rc != OC_E_NOT_FOUND || !s->rpc.client) return rc;
	s->direct = false;
	return oc_sessions_row_wait(s, name, row, e);
}

static enum oc_rc write_export(const struct oc_args *a, const json_t *row, const json_t *messages,
			       enum oc_export_form form, struct oc_err *e)
{
	const char *path = oc_args_get(a, "--out");
	struct oc_buf text;
	enum oc_rc rc = OC_OK;

	oc_buf_init(&text, MAX_EXPORT);
	oc_session_export(row, messages, form, &text);
	if (text.bad)
		rc = oc_fail(e, OC_E_LIMIT, "the session is larger than %d bytes", MAX_EXPORT);
	else if (path)
		rc = oc_file_write(path, oc_buf_view(&text), 0600, NULL, e);
	else
		fwrite(oc_buf_cstr(&text), 1, text.n, stdout);
	if (!rc && path) oc_visible_printf(stderr, "Written: %s\n", path);
	oc_buf_deinit(&text);
	return rc;
}

/* Where the agent of the session works on this machine. */
static void put_folder(const struct oc_sessions_source *s, json_t *row)
{
	struct oc_agent_settings settings;
	struct oc_err ignored = { 0 };
	const char *agent = oc_json_cstr(row, "agentId");

	if (!s->rpc.target.local ||
	    oc_agent_settings_init(&settings, &s->rpc.config, agent ? agent : "main", &ignored))
		return;
	oc_json_put(row, "cwd", oc_json_new_str(oc_str(settings.workspace)));
	oc_agent_settings_deinit(&settings);
}

static int export(struct oc_args *a)
{
	const char *form_text = oc_args_get(a, "--format");
	enum oc_export_form form = oc_args_has(a, "--json") ? OC_EXPORT_JSON : OC_EXPORT_JSONL;
	struct oc_sessions_source s = { 0 };
	struct oc_err e = { 0 };
	json_t *row = NULL, *messages = NULL;

	if (oc_args_n(a) != 1) return usage_key(a);
	if (form_text && !oc_export_form_parse(form_text, &form))
		return oc_usage_error(a, "unknown format \"%s\" (jsonl, markdown, json)",
				      form_text);
	enum oc_rc rc = oc_sessions_source_init_wait(&s, a, &e);
	if (!rc) rc = find_wait(&s, oc_args_pos(a, 0), &row, &e);
	if (!rc) rc = oc_sessions_messages_wait(&s, row, 0, &messages, &e);
	if (!rc) put_folder(&s, row);
	if (!rc) rc = write_export(a, row, messages, form, &e);
	json_decref(row);
	json_decref(messages);
	oc_sessions_source_deinit_wait(&s);
	return rc ? oc_rpc_failed(rc, &e) : 0;
}

/* ---- delete, compact ---- */

static const struct oc_option change_options[] = {
	{ .name = "--yes", .short_name = 'y', .help = "Do not ask" },
	COMMON,
	{ 0 },
};

static bool confirmed_wait(const struct oc_args *a, const char *question)
{
	struct oc_buf answer;
	bool yes;

	if (oc_args_has(a, "--yes") || oc_args_has(a, "--json") || !oc_tty_interactive())
		return true;
	oc_buf_init(&answer, 4096);
	yes = oc_tty_ask_wait(question, false, &answer) == OC_OK &&
	      oc_str_istarts(oc_str_trim(oc_buf_view(&answer)), OC_LIT("y"));
	oc_buf_deinit(&answer);
	return yes;
}

static json_t *key_params(const struct oc_args *a)
{
	return json_pack("{s:o}", "key", oc_json_new_str(oc_str(oc_args_pos(a, 0))));
}

static int delete (struct oc_args *a)
{
	int exit_code;

	if (oc_args_n(a) != 1) return usage_key(a);
	if (!confirmed_wait(a, "Delete this session and all its messages? [y/N] ")) {
		fputs("Nothing was deleted.\n", stderr);
		return 1;
	}
	json_t *result = oc_rpc_ask_wait(a, "sessions.delete", key_params(a), &exit_code);
	bool deleted = oc_json_bool(result, "deleted", true);
	if (result && oc_args_has(a, "--json"))
		oc_print_json(result);
	else if (result && deleted)
		oc_visible_printf(stdout, "Deleted: %s\n", oc_args_pos(a, 0));
	if (result && !deleted) exit_code = oc_error("there is no session %s", oc_args_pos(a, 0));
	json_decref(result);
	return exit_code;
}

static int compact(struct oc_args *a)
{
	int exit_code;

	if (oc_args_n(a) != 1) return usage_key(a);
	json_t *result = oc_rpc_ask_wait(a, "sessions.compact", key_params(a), &exit_code);
	if (result && oc_args_has(a, "--json"))
		oc_print_json(result);
	else if (result)
		puts(oc_json_bool(result, "compacted", false)
			 ? "Compacted."
			 : "Nothing to compact: the conversation is short.");
	json_decref(result);
	return exit_code;
}

/* ---- cleanup ---- */

static const struct oc_option cleanup_options[] = {
	{ .name = "--older-than",
	  .value = "<duration>",
	  .help = "Without activity for so long (30d)" },
	{ .name = "--enforce", .help = "Delete them; otherwise they are only listed" },
	{ .name = "--dry-run", .help = "List only (the default)" },
	COMMON,
	{ 0 },
};

static bool is_old(const json_t *row, int64_t before_ms)
{
	const char *key = oc_json_cstr(row, "key");

	return key && !oc_str_ends(oc_str(key), OC_LIT(":main")) &&
	       !oc_json_bool(row, "pinned", false) && !oc_json_bool(row, "hasActiveRun", false) &&
	       oc_json_int(row, "updatedAt", INT64_MAX) < before_ms;
}

static enum oc_rc delete_all_wait(struct oc_sessions_source *s, const json_t *rows,
				  struct oc_err *e)
{
	enum oc_rc rc = OC_OK;
	const json_t *row;
	size_t i;

	json_array_foreach (rows, i, row) {
		json_t *result = NULL;
		s->rpc.deadline = oc_deadline_in(s->rpc.timeout_ms);
		rc = oc_rpc_command_call_wait(&s->rpc, "sessions.delete",
					      json_pack("{s:s}", "key", oc_json_cstr(row, "key")),
					      &result, e);
		json_decref(result);
		if (rc) return oc_wrap(e, "%s", oc_json_cstr(row, "key"));
	}
	return rc;
}

static void print_cleanup(const struct oc_args *a, const json_t *old, bool enforce)
{
	if (oc_args_has(a, "--json")) {
		json_t *doc = json_pack("{s:b,s:b,s:i,s:O}", "ok", 1, "dryRun", !enforce, "count",
					(int)json_array_size(old), "sessions", old);
		oc_print_json(doc);
		json_decref(doc);
		return;
	}
	if (json_array_size(old)) oc_sessions_table(old);
	printf("%zu session%s %s.\n", json_array_size(old), json_array_size(old) == 1 ? "" : "s",
	       enforce ? "deleted" : "would be deleted; --enforce does it");
}

static int cleanup(struct oc_args *a)
{
	const char *age_text = oc_args_get(a, "--older-than");
	int64_t age_ms = (int64_t)OLD_DAYS * 86400000;
	bool enforce = oc_args_has(a, "--enforce") && !oc_args_has(a, "--dry-run");
	struct oc_sessions_source s = { 0 };
	struct oc_sessions_wish w = { .limit = MAX_LIMIT };
	struct oc_err e = { 0 };
	json_t *page = NULL, *old = json_array(), *row;
	size_t i;

	if (age_text && !oc_duration_parse(oc_str(age_text), 86400000, &age_ms)) {
		json_decref(old);
		return oc_usage_error(a, "--older-than takes a duration like 30d");
	}
	enum oc_rc rc = oc_sessions_source_init_wait(&s, a, &e);
	if (!rc && enforce && s.direct)
		rc = oc_fail(&e, OC_E_UPSTREAM, "sessions are deleted by the gateway\n%s",
			     oc_rpc_start_hint);
	if (!rc) rc = oc_sessions_page_wait(&s, &w, &page, &e);
	json_array_foreach (json_object_get(page, "sessions"), i, row)
		if (is_old(row, oc_wall_ms() - age_ms)) json_array_append(old, row);
	if (!rc && enforce) rc = delete_all_wait(&s, old, &e);
	if (!rc) print_cleanup(a, old, enforce);
	json_decref(old);
	json_decref(page);
	oc_sessions_source_deinit_wait(&s);
	return rc ? oc_rpc_failed(rc, &e) : 0;
}

const struct oc_command oc_sessions_commands[] = {
	{ .name = "list",
	  .help = "List the conversations",
	  .run = oc_cmd_sessions_list,
	  .options = oc_sessions_list_options },
	{ .name = "show",
	  .usage = "<session>",
	  .help = "Show the last messages",
	  .run = show,
	  .options = show_options },
	{ .name = "export",
	  .usage = "<session>",
	  .help = "Write a conversation out",
	  .run = export,
	  .options = export_options },
	{ .name = "tail",
	  .usage = "[session]",
	  .help = "Show the last steps, and those that come",
	  .run = oc_cmd_sessions_tail,
	  .options = oc_sessions_tail_options },
	{ .name = "archive",
	  .usage = "<sessions…>",
	  .help = "Put conversations out of the way",
	  .run = oc_cmd_sessions_archive,
	  .options = oc_sessions_archive_options },
	{ .name = "unarchive",
	  .usage = "<sessions…>",
	  .help = "Bring them back",
	  .run = oc_cmd_sessions_unarchive,
	  .options = oc_sessions_archive_options },
	{ .name = "delete",
	  .usage = "<session>",
	  .help = "Delete a conversation",
	  .run = delete,
	  .options = change_options },
	{ .name = "compact",
	  .usage = "<session>",
	  .help = "Shorten what the model is sent",
	  .run = compact,
	  .options = change_options },
	{ .name = "cleanup",
	  .help = "Delete conversations that nobody continues",
	  .run = cleanup,
	  .options = cleanup_options },
	{ 0 },
};
