/*
 * `openclaw logs`: the end of the gateway's log, and what comes after. Asks the gateway; when none
 * answers, reads the file itself.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/visible.h"
#include "cli/gateway/gateway_commands.h"
#include "cli/gateway/gateway_facts.h"
#include "cli/gateway/log_line.h"
#include "cli/gateway/rpc_command.h"
#include "cli/print.h"
#include "gateway/process/lock.h"
#include "gateway/view/log_page.h"

enum { LIMIT = 200, MAX_LIMIT = 5000, BYTES = 250000, MAX_BYTES = 1000000, INTERVAL_MS = 1000 };

const struct oc_option oc_logs_options[] = {
	{ .name = "--follow", .short_name = 'f', .help = "Go on showing what comes" },
	{ .name = "--limit", .value = "<n>", .help = "Lines to begin with (200)" },
	{ .name = "--max-bytes", .value = "<n>", .help = "Bytes to read at once (250000)" },
	{ .name = "--interval", .value = "<ms>", .help = "How often to look with --follow (1000)" },
	{ .name = "--json", .help = "One JSON document a line" },
	{ .name = "--plain", .help = "No colours" },
	{ .name = "--utc", .help = "Times in UTC" },
	OC_RPC_ADDRESS_OPTIONS,
	OC_RPC_TIMEOUT_OPTION,
	{ 0 },
};

struct logs {
	struct oc_rpc_command rpc;
	bool json, file_only;
	struct oc_log_style style;
	int64_t limit, max_bytes, interval_ms;
	int64_t cursor; /* -1 = from the end */
	bool told_meta;
};

/* ---- output ---- */

static void print_document(json_t *doc)
{
	char *text = oc_json_compact(doc);

	puts(text);
	free(text);
	json_decref(doc);
}

static void print_line(const struct logs *l, struct oc_str line)
{
	struct oc_buf text;

	if (!line.n) return;
	if (l->json) {
		print_document(oc_log_line_json(line));
		return;
	}
	oc_buf_init(&text, 1 << 20);
	oc_log_line_text(line, &l->style, &text);
	puts(oc_buf_cstr(&text));
	oc_buf_deinit(&text);
}

static void notice(const struct logs *l, const char *text)
{
	if (l->json)
		print_document(json_pack("{s:s,s:s}", "type", "notice", "message", text));
	else
		oc_visible_printf(stderr, "%s\n", text);
}

/* A page of logs.tail. */
static void print_page(struct logs *l, const json_t *page, const char *from)
{
	const json_t *line;
	size_t i;

	if (l->json && !l->told_meta) {
		const char *file = oc_json_cstr(page, "file");
		print_document(json_pack("{s:s,s:s,s:s,s:I,s:I}", "type", "meta", "file",
					 file ? file : "", "source", from, "cursor",
					 (json_int_t)oc_json_int(page, "cursor", 0), "size",
					 (json_int_t)oc_json_int(page, "size", 0)));
	}
	l->told_meta = true;
	if (oc_json_bool(page, "reset", false)) notice(l, "The log file was replaced.");
	json_array_foreach (json_object_get(page, "lines"), i, line)
		print_line(l, oc_json_text(line));
	l->cursor = oc_json_int(page, "cursor", l->cursor);
	fflush(stdout);
}

/* ---- the file itself ---- */

static enum oc_rc file_page_wait(struct logs *l, json_t **page, struct oc_err *e)
{
	char *path = oc_gateway_log_file(&l->rpc.config);
	const struct oc_log_ask ask = {
		.file = path, .cursor = l->cursor, .limit = l->limit, .max_bytes = l->max_bytes
	};
	enum oc_rc rc = oc_file_exists(path)
			    ? oc_log_page_wait(&ask, page, e)
			    : oc_fail(e, OC_E_NOT_FOUND, "there is no log file %s", path);

	free(path);
	return rc;
}

/* ---- the gateway ---- */

static enum oc_rc gateway_page_wait(struct logs *l, json_t **page, struct oc_err *e)
{
	json_t *params;
	enum oc_rc rc = OC_OK;

	l->rpc.deadline = oc_deadline_in(l->rpc.timeout_ms);
	if (l->rpc.client && !oc_rpc_connected(l->rpc.client)) {
		oc_rpc_close_wait(l->rpc.client);
		l->rpc.client = NULL;
	}
	if (!l->rpc.client) rc = oc_rpc_command_connect_wait(&l->rpc, e);
	if (rc) return rc;
	params = json_pack("{s:I,s:I}", "limit", (json_int_t)l->limit, "maxBytes",
			   (json_int_t)l->max_bytes);
	if (l->cursor >= 0) json_object_set_new(params, "cursor", json_integer(l->cursor));
	return oc_rpc_command_call_wait(&l->rpc, "logs.tail", params, page, e);
}

static bool first_line_only(struct oc_err *e)
{
	char *end = strchr(e->msg, '\n');

	if (end) *end = '\0';
	return true;
}

static enum oc_rc page_wait(struct logs *l, json_t **page, const char **from, struct oc_err *e)
{
	struct oc_err why = { 0 };
	enum oc_rc rc = l->file_only ? OC_E_UPSTREAM : gateway_page_wait(l, page, &why);

	*from = "gateway";
	if (rc != OC_E_UPSTREAM || !l->rpc.target.local) {
		if (rc) *e = why;
		return rc;
	}
	*from = "file";
	rc = file_page_wait(l, page, e);
	if (!l->file_only && !rc && first_line_only(&why)) {
		struct oc_buf text;
		oc_buf_init(&text, 2048);
		oc_buf_addf(&text, "%s; reading %s", why.msg, oc_json_cstr(*page, "file"));
		notice(l, oc_buf_cstr(&text));
		oc_buf_deinit(&text);
		l->file_only = true;
	}
	return rc;
}

static enum oc_rc run_wait(struct logs *l, bool follow, struct oc_err *e)
{
	struct oc_gateway_owner owner;

	for (;;) {
		json_t *page = NULL;
		const char *from;
		enum oc_rc rc = page_wait(l, &page, &from, e);

		if (!rc) print_page(l, page, from);
		json_decref(page);
		if (rc || !follow) return rc;
		if ((rc = oc_sleep_wait((uint64_t)l->interval_ms))) return rc;
		if (l->file_only)
			l->file_only = !oc_gateway_owner(l->rpc.config.paths.state_dir, &owner);
	}
}

static enum oc_rc read_number(const struct oc_args *a, const char *option, int64_t max,
			      int64_t *out, struct oc_err *e)
{
	const char *text = oc_args_get(a, option);

	if (!text || oc_parse_int(oc_str(text), 1, max, out)) return OC_OK;
	return oc_fail(e, OC_E_INPUT, "%s \"%.40s\": use a number from 1 to %lld", option, text,
		       (long long)max);
}

int oc_cmd_logs(struct oc_args *a)
{
	struct logs l = {
		.limit = LIMIT, .max_bytes = BYTES, .interval_ms = INTERVAL_MS, .cursor = -1
	};
	struct oc_err e = { 0 };
	enum oc_rc rc = oc_rpc_command_init(&l.rpc, a, OC_RPC_TIMEOUT_MS, &e);

	l.json = oc_args_has(a, "--json");
	l.style =
	    (struct oc_log_style){ .utc = oc_args_has(a, "--utc"),
				   .colour = oc_print_colour() && !oc_args_has(a, "--plain") };
	if (!rc) rc = read_number(a, "--limit", MAX_LIMIT, &l.limit, &e);
	if (!rc) rc = read_number(a, "--max-bytes", MAX_BYTES, &l.max_bytes, &e);
	if (!rc) rc = read_number(a, "--interval", 3600000, &l.interval_ms, &e);
	if (!rc) rc = run_wait(&l, oc_args_has(a, "--follow"), &e);
	oc_rpc_command_deinit_wait(&l.rpc);
	return rc ? oc_rpc_failed(rc, &e) : 0;
}
