/* `openclaw sessions tail`: the last steps of a conversation, a line each, and those that come. */
#include "cli/sessions/sessions_tail.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/utf8.h"
#include "base/visible.h"
#include "cli/print.h"
#include "cli/sessions/sessions_export.h"
#include "cli/sessions/sessions_source.h"

enum { TAIL = 80, MAX_TAIL = 100000, LINE_BYTES = 160, MAX_TEXT = 1 << 20 };

const struct oc_option oc_sessions_tail_options[] = {
	{ .name = "--session-key", .value = "<key>", .help = "Which one (default: the latest)" },
	{ .name = "--tail", .value = "<n>", .help = "Steps to show first (80)" },
	{ .name = "--follow", .short_name = 'f', .help = "Go on with what comes" },
	OC_RPC_ADDRESS_OPTIONS,
	OC_RPC_TIMEOUT_OPTION,
	{ .name = "--json", .help = "Print messages as JSON lines" },
	{ 0 },
};

struct tail {
	struct oc_sessions_source source;
	bool json;
	const char *key;
	int64_t last_seq; /* of what was printed */
	json_t *early;	  /* what came before that was; NULL = it was */
};

static void print_time(int64_t ms)
{
	time_t seconds = (time_t)(ms / 1000);
	struct tm t;
	char text[16];

	localtime_r(&seconds, &t);
	strftime(text, sizeof text, "%H:%M:%S", &t);
	printf("%s ", text);
}

/* The first line, cut. */
static void print_start(struct oc_str text)
{
	text = oc_str_trim(text);
	struct oc_str line = oc_str_head(text, oc_str_find(text, OC_LIT("\n"), 0));
	size_t n = line.n > LINE_BYTES ? oc_utf8_floor(line.p, LINE_BYTES) : line.n;

	oc_visible_printf(stdout, "%.*s%s\n", (int)n, line.p, n < text.n ? " …" : "");
}

static void print_line(const json_t *m, const char *who, struct oc_str text)
{
	print_time(oc_json_positive(m, "timestamp"));
	oc_visible_printf(stdout, "%-12s ", who);
	print_start(text);
}

static void print_calls(const json_t *m)
{
	const json_t *part;
	size_t i;

	json_array_foreach (json_object_get(m, "content"), i, part) {
		const json_t *args = json_object_get(part, "arguments");
		const char *name = oc_json_cstr(part, "name");

		if (!oc_str_eq(oc_json_str(part, "type"), OC_LIT("toolCall"))) continue;
		char *text = args ? oc_json_compact(args) : NULL;
		struct oc_buf line;

		oc_buf_init(&line, MAX_TEXT);
		oc_buf_addf(&line, "%s %s", name ? name : "?", text ? text : "");
		print_line(m, "→ tool", oc_buf_view(&line));
		oc_buf_deinit(&line);
		free(text);
	}
}

static void print_message(struct tail *t, const json_t *m)
{
	const char *role = oc_json_cstr(m, "role"), *tool = oc_json_cstr(m, "toolName");
	struct oc_buf text;

	t->last_seq = oc_json_int(json_object_get(m, "__openclaw"), "seq", t->last_seq);
	if (t->json) {
		char *line = oc_json_compact(m);
		puts(line);
		free(line);
		return;
	}
	oc_buf_init(&text, MAX_TEXT);
	oc_message_text(m, &text);
	if (text.n || tool) print_line(m, tool ? tool : role ? role : "?", oc_buf_view(&text));
	print_calls(m);
	oc_buf_deinit(&text);
}

static void on_event(void *arg, const char *event, const json_t *payload)
{
	struct tail *t = arg;
	const json_t *m = json_object_get(payload, "message");

	if (strcmp(event, "session.message") != 0 ||
	    !oc_str_eq(oc_json_str(payload, "sessionKey"), oc_str(t->key)) ||
	    oc_json_int(payload, "messageSeq", 0) <= t->last_seq)
		return;
	if (t->early) {
		json_array_append(t->early, (json_t *)(uintptr_t)payload);
		return;
	}
	print_message(t, m);
	fflush(stdout);
}

/* Printed is what was there, then what came meanwhile. */
static void print_all(struct tail *t, const json_t *messages)
{
	json_t *early = t->early;
	const json_t *m;
	size_t i;

	json_array_foreach (messages, i, m) print_message(t, m);
	t->early = NULL;
	json_array_foreach (early, i, m) on_event(t, "session.message", m);
	json_decref(early);
	fflush(stdout);
}

static enum oc_rc latest_wait(struct oc_sessions_source *s, json_t **row, struct oc_err *e)
{
	const struct oc_sessions_wish w = { .limit = 1 };
	json_t *page = NULL;
	enum oc_rc rc = oc_sessions_page_wait(s, &w, &page, e);

	if (rc) return rc;
	*row = json_incref(json_array_get(json_object_get(page, "sessions"), 0));
	json_decref(page);
	return *row ? OC_OK : oc_fail(e, OC_E_NOT_FOUND, "there are no sessions");
}

/* Before the messages are read, so that none is missed. */
static enum oc_rc subscribe_wait(struct tail *t, struct oc_err *e)
{
	json_t *result = NULL;

	if (t->source.direct)
		return oc_fail(e, OC_E_UPSTREAM, "only a gateway tells what comes\n%s",
			       oc_rpc_start_hint);
	t->early = json_array();
	oc_rpc_on_event(t->source.rpc.client, on_event, t);
	enum oc_rc rc = oc_rpc_command_call_wait(&t->source.rpc, "sessions.messages.subscribe",
						 json_pack("{s:s}", "key", t->key), &result, e);
	json_decref(result);
	return rc;
}

int oc_cmd_sessions_tail(struct oc_args *a)
{
	struct tail t = { .json = oc_args_has(a, "--json") };
	const char *count = oc_args_get(a, "--tail"), *key = oc_args_get(a, "--session-key");
	json_t *row = NULL, *messages = NULL;
	struct oc_err e = { 0 };
	bool follow = oc_args_has(a, "--follow");
	int64_t n = TAIL;

	if (!key) key = oc_args_pos(a, 0);
	if (count && !oc_parse_int(oc_str(count), 1, MAX_TAIL, &n))
		return oc_usage_error(a, "--tail \"%.40s\": use a number from 1 to %d", count,
				      MAX_TAIL);
	enum oc_rc rc = oc_sessions_source_init_wait(&t.source, a, &e);
	if (!rc)
		rc = key ? oc_sessions_row_wait(&t.source, key, &row, &e)
			 : latest_wait(&t.source, &row, &e);
	t.key = oc_json_cstr(row, "key");
	if (!rc && follow) rc = subscribe_wait(&t, &e);
	if (!rc) rc = oc_sessions_messages_wait(&t.source, row, n, &messages, &e);
	print_all(&t, messages);
	if (!rc && follow) rc = oc_rpc_listen_wait(t.source.rpc.client, OC_NO_DEADLINE, &e);
	if (t.source.rpc.client) oc_rpc_on_event(t.source.rpc.client, NULL, NULL);
	json_decref(row);
	json_decref(messages);
	oc_sessions_source_deinit_wait(&t.source);
	return rc && rc != OC_CANCELLED ? oc_rpc_failed(rc, &e) : 0;
}
