/* The operator's warning about a tool call that stayed text. Names in it came from outside. */
#include "model/call/text_warning.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/visible.h"

enum { MAX_FIELD = 120, MAX_WARNING = 2000 };

static void field(struct oc_buf *out, const char *key, const char *value)
{
	if (!value || !*value) return;
	oc_buf_addf(out, " %s=", key);
	oc_visible_add(out, oc_str(value), MAX_FIELD);
}

static void say_form(const struct oc_call_spec *s, const struct oc_reply *r, struct oc_buf *out)
{
	char *tool = NULL;
	const char *pattern = oc_text_tool_suspect(oc_buf_view(&r->text), &tool);
	bool offered = tool && s->tool_names && oc_strv_has(s->tool_names, oc_str(tool));

	field(out, "pattern", pattern ? pattern : "native_tool_call");
	field(out, "toolName", tool);
	if (tool) field(out, "registeredTool", offered ? "true" : "false");
	free(tool);
}

bool oc_text_tool_warning(const struct oc_call_spec *s, const struct oc_reply *r,
			  struct oc_buf *out)
{
	bool text = oc_strv_has(&r->warnings, OC_LIT("text_tool_suspect"));
	bool announced = oc_strv_has(&r->warnings, OC_LIT("finish_without_call")) &&
			 !oc_str_trim(oc_buf_view(&r->text)).n;

	if (!text && !announced) return false;
	oc_buf_adds(out, text ? "the reply looks like a tool call, but none came in structured "
				"form: it is treated as text;"
			      : "the reply announced a tool call, but none came;");
	field(out, "runId", s->run_id);
	field(out, "sessionId", s->session_id);
	field(out, "provider", s->target->provider->id);
	field(out, "model", s->target->model_id);
	if (text) say_form(s, r, out);
	return true;
}

void oc_text_tool_warn(const struct oc_call_spec *s, const struct oc_reply *r)
{
	struct oc_buf out;

	oc_buf_init(&out, MAX_WARNING);
	if (oc_text_tool_warning(s, r, &out)) oc_log(OC_LOG_WARN, "model", "%s", oc_buf_cstr(&out));
	oc_buf_deinit(&out);
}
