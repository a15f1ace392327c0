/* JSON-RPC messages. */
#include "tool/mcp/message.h"

#include "base/visible.h"

/* ---- lines ---- */

void oc_mcp_lines_init(struct oc_mcp_lines *l, size_t max)
{
	oc_buf_init(&l->line, max);
}

void oc_mcp_lines_deinit(struct oc_mcp_lines *l)
{
	oc_buf_deinit(&l->line);
}

enum oc_rc oc_mcp_lines_feed(struct oc_mcp_lines *l, struct oc_str in, oc_mcp_line_fn *fn,
			     void *arg)
{
	while (in.n) {
		size_t lf = oc_str_find(in, OC_LIT("\n"), 0);
		struct oc_str line;
		enum oc_rc rc = OC_OK;

		oc_buf_add(&l->line, oc_str_head(in, lf));
		if (l->line.bad) return OC_E_LIMIT;
		if (lf == SIZE_MAX) return OC_OK;
		in = oc_str_from(in, lf + 1);
		line = oc_str_trim(oc_buf_view(&l->line));
		if (line.n) rc = fn(arg, line);
		oc_buf_clear(&l->line);
		if (rc) return rc;
	}
	return OC_OK;
}

/* ---- what comes ---- */

struct oc_mcp_message oc_mcp_message_of(const json_t *value)
{
	struct oc_mcp_message m = { .id = -1 };
	json_t *id = json_object_get(value, "id"), *result = json_object_get(value, "result"),
	       *error = json_object_get(value, "error");

	m.method = oc_json_cstr(value, "method");
	if (m.method) {
		m.kind = id && !json_is_null(id) ? OC_MCP_REQUEST : OC_MCP_NOTICE;
		m.asked = id;
		m.body = json_object_get(value, "params");
	} else if (json_is_object(error)) {
		m.kind = OC_MCP_REFUSAL;
		m.body = error;
	} else if (result) {
		m.kind = OC_MCP_ANSWER;
		m.body = result;
	}
	if (m.kind == OC_MCP_ANSWER || m.kind == OC_MCP_REFUSAL)
		m.id = json_is_integer(id) ? json_integer_value(id) : -1;
	return m;
}

void oc_mcp_error_text(const json_t *error, size_t max, struct oc_buf *out)
{
	struct oc_str message = oc_json_str(error, "message");

	oc_visible_add(out, message.n ? message : OC_LIT("no reason given"), max);
	if (json_object_get(error, "code"))
		oc_buf_addf(out, " (code %lld)", (long long)oc_json_int(error, "code", 0));
}

/* ---- what goes ---- */

static char *text_of(json_t *message)
{
	json_object_set_new(message, "jsonrpc", json_string("2.0"));
	char *text = oc_json_compact(message);

	json_decref(message);
	return text;
}

char *oc_mcp_request_text(int64_t id, const char *method, const json_t *params)
{
	json_t *m = json_pack("{s:I, s:s}", "id", (json_int_t)id, "method", method);

	if (params) oc_json_put(m, "params", json_copy((json_t *)(uintptr_t)params));
	return text_of(m);
}

char *oc_mcp_notice_text(const char *method, const json_t *params)
{
	json_t *m = json_pack("{s:s}", "method", method);

	if (params) oc_json_put(m, "params", json_copy((json_t *)(uintptr_t)params));
	return text_of(m);
}

char *oc_mcp_reply_text(const json_t *asked, int code, const char *problem)
{
	json_t *m = json_object();

	oc_json_put(m, "id", json_deep_copy(asked));
	if (problem)
		oc_json_put(m, "error", json_pack("{s:i, s:s}", "code", code, "message", problem));
	else
		oc_json_put(m, "result", json_object());
	return text_of(m);
}
