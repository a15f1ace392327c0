/* process: what became of commands in the background, their input, their end. */
#include <stdlib.h>

#include "base/utf8.h"
#include "tool/internal.h"
#include "tool/sandbox/command.h"

enum { MAX_WAIT_S = 30, LOG_LINES = 200, MAX_SHOWN = 200 };

static struct oc_str state_of(const struct oc_command *c, struct oc_buf *out)
{
	if (!c->ended) return OC_LIT("running");
	oc_exec_add_end(c, out);
	return out->n ? oc_buf_view(out) : OC_LIT("[exit code 0]");
}

static void add_line(const struct oc_command *c, struct oc_buf *text)
{
	uint64_t end = c->ended ? c->ended_ms : oc_now_ms();
	struct oc_buf state;

	oc_buf_init(&state, 1000);
	struct oc_str s = state_of(c, &state);
	oc_buf_addf(text, "%s %.*s, %llu s: ", c->id, OC_FMT(s),
		    (unsigned long long)((end - c->began_ms) / 1000));
	oc_visible_add(text, oc_str(c->command), MAX_SHOWN);
	oc_buf_deinit(&state);
}

static void list(struct oc_processes *p, const char *session, struct oc_tool_result *out)
{
	struct oc_command *c;

	for (size_t i = 0; (c = oc_command_at(p, session, i)); i++) {
		if (i) oc_buf_addc(&out->text, '\n');
		add_line(c, &out->text);
	}
	if (!out->text.n) oc_buf_adds(&out->text, "(no background commands)");
}

/* Output and how it stands. */
static void add_output_wait(const struct oc_tool_context *ctx, const struct oc_command *c,
			    struct oc_str bytes, struct oc_tool_result *out)
{
	struct oc_buf state;

	oc_buf_init(&state, 1000);
	oc_tool_result_add(out, bytes);
	if (!bytes.n) oc_buf_adds(&out->text, c->ended ? "(no output)" : "(no new output)");
	if (out->text.p[out->text.n - 1] != '\n') oc_buf_addc(&out->text, '\n');
	struct oc_str s = state_of(c, &state);
	if (c->ended)
		oc_buf_add(&out->text, s);
	else
		oc_buf_addf(&out->text, "[%s still runs]", c->id);
	if (oc_exec_is_foreign_wait(ctx, c)) out->untrusted = "exec";
	oc_buf_deinit(&state);
}

static enum oc_rc poll_wait(struct oc_tool_context *ctx, struct oc_command *c, const json_t *args,
			    struct oc_tool_result *out)
{
	int64_t wait_s = oc_json_positive(args, "wait");
	enum oc_rc rc = OC_OK;

	if (wait_s > MAX_WAIT_S) wait_s = MAX_WAIT_S;
	if (wait_s) rc = oc_command_wait(c, oc_deadline_in((uint64_t)wait_s * 1000));
	if (rc == OC_CANCELLED) return rc;
	uint64_t from = c->told > c->dropped ? c->told - c->dropped : 0;
	if (c->dropped > c->told)
		oc_buf_addf(&out->text, "[%llu bytes of output before this dropped]\n",
			    (unsigned long long)(c->dropped - c->told));
	add_output_wait(ctx, c, oc_str_from(oc_buf_view(&c->output), from), out);
	c->told = c->dropped + c->output.n;
	if (ctx->alive) ctx->alive(ctx->alive_arg);
	return OC_OK;
}

/* The last lines, or those from offset on (from 1, as kept). */
static void log_lines_wait(const struct oc_tool_context *ctx, const struct oc_command *c,
			   const json_t *args, struct oc_tool_result *out)
{
	int64_t limit = oc_json_positive(args, "limit"), offset = oc_json_positive(args, "offset");
	struct oc_str text = oc_buf_view(&c->output);
	size_t lines = 0, first, line = 1, from = 0, to;

	if (!limit || limit > LOG_LINES) limit = LOG_LINES;
	for (size_t i = 0; i < text.n; i++) lines += text.p[i] == '\n';
	if (text.n && text.p[text.n - 1] != '\n') lines++;
	first = offset ? (size_t)offset : lines > (size_t)limit ? lines - (size_t)limit + 1 : 1;
	for (; from < text.n && line < first; from++) line += text.p[from] == '\n';
	for (to = from; to < text.n && line < first + (size_t)limit; to++)
		line += text.p[to] == '\n';
	if (first > 1 || to < text.n)
		oc_buf_addf(&out->text, "[lines %zu-%zu of %zu]\n", first, line - 1, lines);
	add_output_wait(ctx, c, (struct oc_str){ text.p + from, to - from }, out);
}

static enum oc_rc write_input(struct oc_command *c, const json_t *args, struct oc_tool_result *out,
			      struct oc_err *e)
{
	struct oc_str data = oc_json_str(args, "data");
	enum oc_rc rc = oc_command_write(c, data, oc_json_bool(args, "eof", false), e);

	if (rc) return oc_wrap(e, "%s", c->id);
	oc_buf_addf(&out->text, "wrote %zu bytes to %s", data.n, c->id);
	return OC_OK;
}

static enum oc_rc act_wait(struct oc_tool_context *ctx, struct oc_command *c, const char *action,
			   const json_t *args, struct oc_tool_result *out, struct oc_err *e)
{
	if (!strcmp(action, "poll")) return poll_wait(ctx, c, args, out);
	if (!strcmp(action, "write")) return write_input(c, args, out, e);
	if (!strcmp(action, "log")) {
		log_lines_wait(ctx, c, args, out);
		return OC_OK;
	}
	oc_command_stop_wait(c);
	add_line(c, &out->text);
	return OC_OK;
}

enum oc_rc oc_tool_process_wait(struct oc_tool_context *ctx, const json_t *args,
				struct oc_tool_result *out, struct oc_err *e)
{
	const char *action = oc_json_cstr(args, "action");
	struct oc_str id = oc_json_str(args, "id");
	struct oc_command *c;
	enum oc_rc rc;

	if (!ctx->processes) return oc_fail(e, OC_E_DENIED, "nothing runs in the background here");
	if (!strcmp(action, "list")) {
		list(ctx->processes, ctx->session_key, out);
		return OC_OK;
	}
	if (!id.n) return oc_fail(e, OC_E_INPUT, "id is missing; list shows the ids");
	c = oc_command_find(ctx->processes, ctx->session_key, id);
	if (!c)
		return oc_fail(e, OC_E_NOT_FOUND,
			       "there is no background command %.*s; list shows the ids",
			       (int)(id.n < 40 ? id.n : 40), id.p);
	oc_command_ref(c);
	rc = act_wait(ctx, c, action, args, out, e);
	oc_command_unref(c);
	return rc;
}
