/* Payloads of the events of a run. */
#include "gateway/events/run_payload.h"

#include "base/utf8.h"

enum { MAX_DETAIL_CHARS = 300, MAX_TITLE_BYTES = 80, MAX_PARTIAL_BYTES = 8192 };

static json_t *text_value(struct oc_str s)
{
	return s.n ? oc_json_new_str(s) : json_string("");
}

static void put_text(json_t *o, const char *key, const char *value)
{
	if (value) oc_json_put(o, key, oc_json_new_str(oc_str(value)));
}

static json_t *names(const struct oc_run_names *n)
{
	json_t *o = json_object();

	put_text(o, "runId", n->run_id);
	put_text(o, "sessionKey", n->session_key);
	put_text(o, "agentId", n->agent);
	return o;
}

json_t *oc_chat_payload(const struct oc_run_names *n, int64_t seq, const char *state)
{
	json_t *o = names(n);

	oc_json_put(o, "seq", json_integer(seq));
	oc_json_put(o, "state", json_string(state));
	return o;
}

json_t *oc_agent_payload(const struct oc_run_names *n, int64_t seq, const char *stream,
			 json_t *data)
{
	json_t *o = names(n);

	put_text(o, "sessionId", n->session_id);
	oc_json_put(o, "stream", json_string(stream));
	oc_json_put(o, "data", data);
	oc_json_put(o, "seq", json_integer(seq));
	oc_json_put(o, "ts", json_integer(oc_wall_ms()));
	return o;
}

static json_t *text_parts(struct oc_str text)
{
	return json_pack("[{s:s,s:o}]", "type", "text", "text", text_value(text));
}

json_t *oc_chat_text_message(struct oc_str text)
{
	return json_pack("{s:s,s:o,s:I}", "role", "assistant", "content", text_parts(text),
			 "timestamp", (json_int_t)oc_wall_ms());
}

json_t *oc_progress_data(const struct oc_progress *p)
{
	static const char *const phases[] = { [OC_PHASE_READING] = "reading",
					      [OC_PHASE_QUEUED] = "queued",
					      [OC_PHASE_LOADING] = "loading" };
	json_t *o = json_pack("{s:s}", "phase", phases[p->phase]);
	int percent = oc_progress_percent(p);

	if (p->phase == OC_PHASE_QUEUED) oc_json_put(o, "position", json_integer(p->position));
	if (p->phase == OC_PHASE_READING && percent >= 0)
		oc_json_put(o, "percent", json_integer(percent));
	return o;
}

/* ---- tools ---- */

static json_t *tool_names(const char *name, const char *call_id, const char *phase)
{
	json_t *o = json_pack("{s:s}", "phase", phase);

	put_text(o, "name", name);
	put_text(o, "toolCallId", call_id);
	return o;
}

json_t *oc_tool_start_data(const struct oc_tool_call *call)
{
	json_t *o = tool_names(call->name, call->id, "start");

	oc_json_put(o, "args", call->args ? json_deep_copy(call->args) : json_object());
	return o;
}

json_t *oc_tool_result_data(const struct oc_tool_call *call, const struct oc_tool_result *result,
			    int64_t ms)
{
	json_t *o = tool_names(call->name, call->id, "result");
	json_t *details =
	    json_pack("{s:s,s:I}", "status", result->is_error ? "failed" : "completed",
		      "durationMs", (json_int_t)ms);

	if (result->has_exit_code)
		oc_json_put(details, "exitCode", json_integer(result->exit_code));
	oc_json_put(o, "isError", json_boolean(result->is_error));
	oc_json_put(o, "result",
		    json_pack("{s:o,s:o}", "content", text_parts(oc_buf_view(&result->text)),
			      "details", details));
	return o;
}

/* The last bytes of s, from the beginning of a character on. */
static struct oc_str tail(struct oc_str s, size_t max)
{
	if (s.n <= max) return s;
	size_t from = s.n - max;
	while (from < s.n && ((unsigned char)s.p[from] & 0xC0) == 0x80) from++;
	return oc_str_from(s, from);
}

json_t *oc_tool_update_data(const char *name, const char *call_id, struct oc_str so_far)
{
	json_t *o = tool_names(name, call_id, "update");

	oc_json_put(o, "partialResult",
		    json_pack("{s:o,s:{s:s}}", "content",
			      text_parts(tail(so_far, MAX_PARTIAL_BYTES)), "details", "status",
			      "running"));
	return o;
}

json_t *oc_command_output_data(const char *name, const char *call_id, struct oc_str output)
{
	json_t *o = tool_names(name, call_id, "delta");

	oc_json_put(o, "output", text_value(output));
	oc_json_put(o, "itemId", json_sprintf("command:%s", call_id ? call_id : ""));
	oc_json_put(o, "status", json_string("running"));
	return o;
}

/* "exec: ls -la": the argument that says most. */
static json_t *title(const struct oc_tool_call *call)
{
	static const char *const keys[] = { "command", "path", "url", "query", "name", "id" };

	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		struct oc_str v = oc_json_str(call->args, keys[i]);
		size_t line = oc_str_find(v, OC_LIT("\n"), 0);
		if (!v.n) continue;
		v = oc_str_head(v, line);
		if (v.n > MAX_TITLE_BYTES) v.n = oc_utf8_floor(v.p, MAX_TITLE_BYTES);
		return json_sprintf("%s: %.*s", call->name, OC_FMT(v));
	}
	return json_string(call->name);
}

json_t *oc_tool_item_data(const struct oc_tool_call *call, const char *phase, const char *status)
{
	json_t *o = tool_names(call->name, call->id, phase);

	oc_json_put(o, "itemId", json_sprintf("tool:%s", call->id ? call->id : ""));
	oc_json_put(o, "kind", json_string("tool"));
	oc_json_put(o, "title", title(call));
	oc_json_put(o, "status", json_string(status));
	return o;
}

/* ---- ends ---- */

const char *oc_stop_reason(enum oc_finish f)
{
	switch (f) {
	case OC_FINISH_TOOL_CALLS: return "toolUse";
	case OC_FINISH_LENGTH: return "length";
	case OC_FINISH_CONTENT_FILTER: return "refusal";
	case OC_FINISH_ERROR: return "error";
	default: return "stop";
	}
}

static void put_times(json_t *o, const struct oc_run_info *run)
{
	oc_json_put(o, "startedAt", json_integer(run->started_ms));
	oc_json_put(o, "endedAt", json_integer(run->ended_ms ? run->ended_ms : oc_wall_ms()));
}

json_t *oc_lifecycle_end_data(const struct oc_run_event *e, bool aborted)
{
	json_t *o = json_pack("{s:s,s:b}", "phase", "end", "aborted", aborted);

	put_times(o, e->run);
	if (aborted) oc_json_put(o, "status", json_string("cancelled"));
	oc_json_put(o, "stopReason",
		    json_string(!aborted    ? oc_stop_reason(e->finish)
				: e->reason ? e->reason
					    : "aborted"));
	oc_json_put(o, "terminalReply",
		    json_pack("{s:s,s:o}", "disposition", e->text.n ? "visible" : "empty", "text",
			      text_value(e->text)));
	oc_json_put(o, "executionSettled", json_true());
	return o;
}

static const char *error_message(const struct oc_run_event *e)
{
	return e->error && e->error->msg[0] ? e->error->msg : "the run failed";
}

json_t *oc_lifecycle_error_data(const struct oc_run_event *e)
{
	json_t *o = json_pack("{s:s}", "phase", "error");

	put_times(o, e->run);
	put_text(o, "error", error_message(e));
	return o;
}

/* What the server said, else what failover made of it. */
static const char *error_kind(const struct oc_run_event *e)
{
	switch (e->fail_reason) {
	case OC_FAIL_CONTEXT_OVERFLOW: return "context_length";
	case OC_FAIL_TIMEOUT: return "timeout";
	case OC_FAIL_RATE_LIMIT:
	case OC_FAIL_BILLING:
	case OC_FAIL_OVERLOADED: return "rate_limit";
	default: break;
	}
	switch (e->error_class) {
	case OC_ERR_TIMEOUT: return "timeout";
	case OC_ERR_RATE_LIMITED:
	case OC_ERR_QUOTA:
	case OC_ERR_OVERLOADED: return "rate_limit";
	case OC_ERR_CONTEXT_OVERFLOW: return "context_length";
	default: break;
	}
	if (e->error && e->error->rc == OC_E_TIMEOUT) return "timeout";
	return e->finish == OC_FINISH_CONTENT_FILTER ? "refusal" : "unknown";
}

static void put_short(json_t *o, const char *key, const char *value)
{
	struct oc_str s = oc_str(value);
	size_t at = 0, n = 0;
	uint32_t cp;

	if (!value) return;
	while (at < s.n && n++ < MAX_DETAIL_CHARS) at += oc_utf8_next(oc_str_from(s, at), &cp);
	oc_json_put(o, key, oc_json_new_str(oc_str_head(s, at)));
}

void oc_chat_put_error(json_t *payload, const struct oc_run_event *e)
{
	json_t *detail = json_object();

	put_text(payload, "errorMessage", error_message(e));
	oc_json_put(payload, "errorKind", json_string(error_kind(e)));
	put_short(detail, "provider", e->run->provider);
	put_short(detail, "model", e->run->model);
	if (e->fail_reason)
		put_short(detail, "failoverReason", oc_fail_policy(e->fail_reason)->name);
	if (e->error_class)
		put_short(detail, "providerRuntimeFailureKind",
			  oc_error_class_name(e->error_class));
	if (e->http_status >= 100 && e->http_status <= 599)
		oc_json_put(detail, "httpStatus", json_integer(e->http_status));
	if (e->error_class) put_short(detail, "providerErrorMessagePreview", error_message(e));
	oc_json_put(payload, "errorDetail", detail);
}
