/* Results of the library in the words of the cases. */
#include "wire.h"

static json_t *text_or_null(const char *s)
{
	return s ? json_string(s) : json_null();
}

static json_t *count_or_null(int64_t n, int64_t none)
{
	return n == none ? json_null() : json_integer(n);
}

static json_t *tri_or_null(enum oc_tri t)
{
	return t == OC_UNSET ? json_null() : json_boolean(t == OC_TRUE);
}

static json_t *strings(const struct oc_strv *l)
{
	json_t *a = json_array();

	for (size_t i = 0; i < l->n; i++) json_array_append_new(a, json_string(l->v[i]));
	return a;
}

static json_t *buffer(const struct oc_buf *b)
{
	struct oc_str s = oc_buf_view(b);

	return json_stringn(s.p, s.n);
}

static json_t *calls_json(const struct oc_reply *r)
{
	json_t *list = json_array();

	for (size_t i = 0; i < r->n_calls; i++) {
		const struct oc_tool_call *c = &r->calls[i];
		json_t *o = json_object();

		json_object_set_new(o, "id", json_string(c->id));
		json_object_set_new(o, "name", json_string(c->name));
		json_object_set_new(o, "arguments", c->args ? json_incref(c->args) : json_null());
		json_object_set_new(o, "valid", json_boolean(c->valid));
		json_array_append_new(list, o);
	}
	return list;
}

static json_t *usage_json(const struct oc_usage *u)
{
	if (!u->present) return json_null();
	json_t *o = json_object();

	json_object_set_new(o, "input", json_integer(u->input));
	json_object_set_new(o, "output", json_integer(u->output));
	json_object_set_new(o, "cached", count_or_null(u->cached, -1));
	json_object_set_new(o, "reasoning", count_or_null(u->reasoning, -1));
	json_object_set_new(o, "source", json_string(u->from_timings ? "timings" : "usage"));
	return o;
}

static json_t *code_json(const struct oc_call_error *e)
{
	int64_t n;

	if (e->code && e->code_is_number && oc_parse_int(oc_str(e->code), INT64_MIN, INT64_MAX, &n))
		return json_integer(n);
	return text_or_null(e->code);
}

static json_t *error_json(const struct oc_call_error *e)
{
	if (e->class == OC_ERR_NONE) return json_null();
	json_t *o = json_object();

	json_object_set_new(o, "class", json_string(oc_error_class_name(e->class)));
	json_object_set_new(o, "status", count_or_null(e->status, 0));
	json_object_set_new(o, "message", json_string(e->message));
	json_object_set_new(o, "retryable", json_boolean(e->retryable));
	json_object_set_new(o, "retry_after_ms", count_or_null(e->retry_after_ms, -1));
	json_object_set_new(o, "code", code_json(e));
	json_object_set_new(o, "hint", text_or_null(e->hint));
	json_object_set_new(o, "location", text_or_null(e->location));
	json_object_set_new(o, "n_ctx", count_or_null(e->n_ctx, 0));
	json_object_set_new(o, "n_prompt", count_or_null(e->n_prompt, 0));
	return o;
}

static json_t *progress_json(const struct oc_progress *p)
{
	if (!p->present) return json_null();
	json_t *o = json_object();

	json_object_set_new(o, "total", json_integer(p->total));
	json_object_set_new(o, "processed", json_integer(p->processed));
	json_object_set_new(o, "cache", json_integer(p->cache));
	return o;
}

static json_t *signatures_json(const json_t *thoughts)
{
	json_t *list = json_array(), *thought;
	size_t i;

	json_array_foreach (thoughts, i, thought)
		if (json_object_get(thought, "signature"))
			json_array_append(list, json_object_get(thought, "signature"));
	return list;
}

json_t *wire_reply_json(const struct oc_reply *r)
{
	json_t *o = json_object();

	json_object_set_new(o, "outcome", json_string(oc_outcome_name(r->outcome)));
	json_object_set_new(o, "text", buffer(&r->text));
	json_object_set_new(o, "reasoning", buffer(&r->reasoning));
	json_object_set_new(o, "tool_calls", calls_json(r));
	json_object_set_new(o, "finish", json_string(oc_finish_name(r->finish)));
	json_object_set_new(o, "usage", usage_json(&r->usage));
	json_object_set_new(o, "error", error_json(&r->error));
	json_object_set_new(o, "warnings", strings(&r->warnings));
	json_object_set_new(o, "progress", progress_json(&r->progress));
	json_object_set_new(o, "context_length", count_or_null(r->context_length, 0));
	json_object_set_new(o, "response_id", text_or_null(r->response_id));
	json_object_set_new(o, "server_tools", strings(&r->server_tools));
	json_object_set_new(o, "signatures", signatures_json(r->thoughts));
	json_object_set_new(o, "load_seconds",
			    r->load_seconds > 0 ? json_real(r->load_seconds) : json_null());
	return o;
}

/* ---- documents ------------------------------------------------------------- */

static json_t *model_json(const struct oc_listed_model *m)
{
	json_t *o = json_object();

	json_object_set_new(o, "id", json_string(m->id));
	json_object_set_new(o, "kind", json_string(m->kind));
	json_object_set_new(o, "ctx", count_or_null(m->ctx, OC_UNKNOWN));
	json_object_set_new(o, "ctx_max", count_or_null(m->ctx_max, OC_UNKNOWN));
	json_object_set_new(o, "ctx_source", text_or_null(m->ctx_source));
	json_object_set_new(o, "loaded", tri_or_null(m->loaded));
	json_object_set_new(o, "vision", tri_or_null(m->vision));
	json_object_set_new(o, "tools", tri_or_null(m->tools));
	json_object_set_new(o, "efforts", m->has_efforts ? strings(&m->efforts) : json_null());
	json_object_set_new(o, "effort_default", text_or_null(m->effort_default));
	json_object_set_new(o, "instances",
			    m->has_instances ? strings(&m->instances) : json_null());
	return o;
}

static json_t *error_class_json(const struct oc_call_error *e)
{
	if (e->class == OC_ERR_NONE) return NULL;
	json_t *o = json_object();

	json_object_set_new(o, "error_class", json_string(oc_error_class_name(e->class)));
	return o;
}

static json_t *list_json(struct oc_model_list *l)
{
	json_t *o = error_class_json(&l->error);

	if (!o) {
		json_t *models = json_array();

		for (size_t i = 0; i < l->n; i++)
			json_array_append_new(models, model_json(&l->v[i]));
		o = json_object();
		json_object_set_new(o, "models", models);
	}
	oc_model_list_deinit(l);
	return o;
}

static json_t *models_json(int status, struct oc_str body)
{
	struct oc_model_list l;

	oc_model_list_decode(&l, status, body);
	return list_json(&l);
}

static json_t *ps_json(int status, struct oc_str body)
{
	struct oc_model_list l;

	oc_ps_decode(&l, status, body);
	return list_json(&l);
}

static json_t *props_json(int status, struct oc_str body)
{
	struct oc_props p;

	oc_props_decode(&p, status, body);
	json_t *o = error_class_json(&p.error);

	if (!o) {
		o = json_object();
		json_object_set_new(o, "ctx", count_or_null(p.ctx, OC_UNKNOWN));
		json_object_set_new(o, "ctx_source", text_or_null(p.ctx ? "props.n_ctx" : NULL));
		json_object_set_new(o, "parallel", count_or_null(p.parallel, OC_UNKNOWN));
		json_object_set_new(o, "vision", tri_or_null(p.vision));
		json_object_set_new(o, "server", text_or_null(p.server));
	}
	oc_props_deinit(&p);
	return o;
}

static json_t *show_json(int status, struct oc_str body)
{
	struct oc_show s;

	oc_show_decode(&s, status, body);
	json_t *o = error_class_json(&s.error);

	if (!o) {
		o = json_object();
		json_object_set_new(o, "ctx", count_or_null(s.ctx, OC_UNKNOWN));
		json_object_set_new(o, "ctx_max", count_or_null(s.ctx_max, OC_UNKNOWN));
		json_object_set_new(o, "ctx_source", text_or_null(s.ctx ? "ollama.num_ctx" : NULL));
		json_object_set_new(o, "tools", tri_or_null(s.tools));
		json_object_set_new(o, "vision", tri_or_null(s.vision));
		json_object_set_new(o, "reasoning", tri_or_null(s.reasoning));
		json_object_set_new(o, "server", json_string("ollama"));
	}
	oc_show_deinit(&s);
	return o;
}

static json_t *load_json(int status, struct oc_str body)
{
	struct oc_load_answer a;

	oc_load_answer_decode(&a, status, body);
	json_t *o = error_class_json(&a.error);

	if (!o) {
		o = json_object();
		json_object_set_new(o, "instance", text_or_null(a.instance));
		json_object_set_new(o, "status", text_or_null(a.status));
		json_object_set_new(o, "ctx", count_or_null(a.ctx, OC_UNKNOWN));
	}
	oc_load_answer_deinit(&a);
	return o;
}

json_t *wire_document_json(const char *protocol, int status, struct oc_str body)
{
	static const struct {
		const char *protocol;
		json_t *(*read)(int status, struct oc_str body);
	} documents[] = {
		{ "models", models_json }, { "ps", ps_json },	      { "props", props_json },
		{ "show", show_json },	   { "lms.load", load_json },
	};

	for (size_t i = 0; i < sizeof documents / sizeof *documents; i++)
		if (!strcmp(protocol, documents[i].protocol))
			return documents[i].read(status, body);
	return NULL;
}
