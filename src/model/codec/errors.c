/*
 * Recognition and classes of server errors. The table below is the policy: rows are tried in order
 * and the first that matches names the class. Texts match without regard to case.
 */
#include "model/codec/errors.h"

#include <stdio.h>

#include "base/mem.h"

enum { MAX_CODE_BYTES = 100, MAX_DETAILS = 20 };

/* The parts of a refusal that rows look at. */
struct facts {
	int status;
	const char *code, *type, *param; /* "" when absent */
	char code_digits[24];
	bool code_is_number;
	struct oc_str message;
	const json_t *object; /* the object that holds code, type and message */
	const struct oc_refusal *in;
};

/* ---- recognition --------------------------------------------------- */

static bool truthy(const json_t *v)
{
	return json_is_object(v) ? json_object_size(v) > 0
				 : json_is_string(v) && json_string_length(v) > 0;
}

static bool says_error(const json_t *doc, const char *key)
{
	return oc_str_eq(oc_json_str(doc, key), OC_LIT("error"));
}

bool oc_error_in_document(const json_t *doc)
{
	return truthy(json_object_get(doc, "error")) || says_error(doc, "object") ||
	       says_error(doc, "type");
}

/* One entry of a validation list: "body.tools.0.name: Field required". */
static void add_detail(struct oc_buf *out, const json_t *entry)
{
	const json_t *part;
	size_t i;

	if (out->n) oc_buf_adds(out, "; ");
	json_array_foreach (json_object_get(entry, "loc"), i, part) {
		if (i) oc_buf_addc(out, '.');
		if (json_is_string(part))
			oc_buf_add(out, oc_json_text(part));
		else
			oc_buf_addf(out, "%lld", (long long)json_integer_value(part));
	}
	if (json_array_size(json_object_get(entry, "loc"))) oc_buf_adds(out, ": ");
	oc_buf_add(out, json_is_string(entry) ? oc_json_text(entry) : oc_json_str(entry, "msg"));
}

static struct oc_str detail_text(const json_t *detail, struct oc_buf *scratch)
{
	const json_t *entry;
	size_t i;

	if (json_is_string(detail)) return oc_json_text(detail);
	json_array_foreach (detail, i, entry) {
		if (i == MAX_DETAILS) break;
		add_detail(scratch, entry);
	}
	return oc_buf_view(scratch);
}

static struct oc_str find_message(const struct oc_refusal *in, struct oc_buf *scratch)
{
	const json_t *error = json_object_get(in->body, "error");
	const json_t *detail = json_object_get(in->body, "detail");

	if (json_is_string(json_object_get(error, "message"))) return oc_json_str(error, "message");
	if (json_is_string(error)) return oc_json_text(error);
	if (json_is_string(detail) || json_array_size(detail)) return detail_text(detail, scratch);
	if (json_is_string(json_object_get(in->body, "message")))
		return oc_json_str(in->body, "message");
	return oc_str_trim(in->raw);
}

static const char *member(const json_t *obj, const char *key)
{
	const char *s = oc_json_cstr(obj, key);

	return s ? s : "";
}

static void read_facts(struct facts *f, const struct oc_refusal *in, struct oc_buf *scratch)
{
	const json_t *error = json_object_get(in->body, "error");
	const json_t *code;

	*f = (struct facts){ .status = in->status, .in = in };
	f->object = json_is_object(error) ? error : in->body;
	f->type = member(f->object, "type");
	f->param = member(f->object, "param");
	f->code = member(f->object, "code");
	code = json_object_get(f->object, "code");
	if (json_is_integer(code)) {
		long long n = json_integer_value(code);

		f->code_is_number = true;
		snprintf(f->code_digits, sizeof f->code_digits, "%lld", n);
		if (in->status < 300 && n >= 400 && n <= 599) f->status = (int)n;
	}
	f->message = find_message(in, scratch);
}

/* ---- the table ------------------------------------------------------ */

static bool has(const struct facts *f, const char *text)
{
	return oc_str_ihas(f->message, text);
}

static bool is(const char *value, const char *want)
{
	return oc_str_ieq(oc_str(value), oc_str(want));
}

static bool redirect(const struct facts *f)
{
	return f->status >= 300 && f->status < 400;
}

static bool html_while_loading(const struct facts *f)
{
	return f->in->html && f->status == 503 && f->in->server &&
	       oc_str_ihas(oc_str(f->in->server), "llama.cpp");
}

static bool html_gateway(const struct facts *f)
{
	return f->in->html && (f->status == 502 || f->status == 503);
}

static bool html_timeout(const struct facts *f)
{
	return f->in->html && f->status == 504;
}

static bool html_too_large(const struct facts *f)
{
	return f->in->html && f->status == 413;
}

static bool html(const struct facts *f)
{
	return f->in->html;
}

static bool wrong_endpoint(const struct facts *f)
{
	return has(f, "unexpected endpoint or method");
}

static bool overflow(const struct facts *f)
{
	return is(f->type, "exceed_context_size_error") || is(f->code, "context_length_exceeded") ||
	       has(f, "context size has been exceeded") ||
	       has(f, "exceeds the available context size") ||
	       has(f, "exceeds the context length") || has(f, "maximum context length") ||
	       has(f, "context length of only") || has(f, "context the overflows");
}

static bool overloaded(const struct facts *f)
{
	return is(f->type, "overloaded_error") || f->status == 529 ||
	       has(f, "maximum pending requests");
}

static bool auth(const struct facts *f)
{
	return f->status == 401 || is(f->code, "invalid_api_key");
}

static bool forbidden(const struct facts *f)
{
	return f->status == 403;
}

static bool quota(const struct facts *f)
{
	return f->status == 402;
}

static bool rate_limited(const struct facts *f)
{
	return f->status == 429 || oc_str_istarts(oc_str(f->code), OC_LIT("rate_limit"));
}

static bool timed_out(const struct facts *f)
{
	return f->status == 408 || f->status == 504;
}

static bool load_failed(const struct facts *f)
{
	return oc_str_istarts(f->message, OC_LIT("failed to load model"));
}

static bool none_loaded(const struct facts *f)
{
	return has(f, "no models loaded") || has(f, "no models are available") ||
	       has(f, "no running session");
}

static bool unloaded(const struct facts *f)
{
	return has(f, "model unloaded") || has(f, "model is unloaded");
}

static bool loading(const struct facts *f)
{
	return f->status == 503 && (is(f->type, "unavailable_error") ||
				    is(f->code, "model_loading") || has(f, "loading"));
}

static const char *hint_of(const struct facts *f)
{
	if ((has(f, "jinja") && has(f, "tools")) || has(f, "tool choice requires"))
		return "no_tools";
	if (has(f, "expected a string")) return "requires_string_content";
	if (has(f, "message content type") && has(f, "nil")) return "no_null_content";
	if (is(f->param, "reasoning_effort") || has(f, "reasoning_effort"))
		return "bad_reasoning_effort";
	if (has(f, "role") && has(f, "developer")) return "no_developer_role";
	if (is(f->param, "stream_options") || has(f, "stream_options")) return "no_stream_options";
	if (is(f->param, "previous_response_id") || has(f, "previous_response_id"))
		return "no_previous_response_id";
	return NULL;
}

static bool null_content(const struct facts *f)
{
	const char *hint = hint_of(f);

	return hint && is(hint, "no_null_content");
}

static bool hinted(const struct facts *f)
{
	return hint_of(f) != NULL;
}

static bool model_missing(const struct facts *f)
{
	bool named = has(f, "model") && (has(f, "not found") || has(f, "does not exist"));

	return f->status == 404 &&
	       (is(f->code, "model_not_found") || named || has(f, "repository not found"));
}

static bool mlx_failure(const struct facts *f)
{
	return f->status == 404 && f->in->server_kind && is(f->in->server_kind, "mlx");
}

static bool not_found(const struct facts *f)
{
	return f->status == 404;
}

static bool says_model_not_found(const struct facts *f)
{
	return is(f->code, "model_not_found") || is(f->type, "model_not_found");
}

static bool bad_request(const struct facts *f)
{
	return is(f->type, "invalid_request") || is(f->type, "invalid_request_error") ||
	       f->status == 400 || f->status == 413 || f->status == 422;
}

static bool gateway_without_json(const struct facts *f)
{
	return (f->status == 502 || f->status == 503) && !json_is_object(f->in->body);
}

static bool anything(const struct facts *f)
{
	(void)f;
	return true;
}

enum retry { BY_CLASS, NEVER, AGAIN };
static const struct {
	bool (*matches)(const struct facts *f);
	enum oc_error_class class;
	enum retry retry;
} rows[] = {
	{ redirect, OC_ERR_REDIRECT, BY_CLASS },
	{ html_while_loading, OC_ERR_MODEL_LOADING, BY_CLASS },
	{ html_gateway, OC_ERR_UPSTREAM_UNREACHABLE, BY_CLASS },
	{ html_timeout, OC_ERR_TIMEOUT, BY_CLASS },
	{ html_too_large, OC_ERR_BAD_REQUEST, BY_CLASS },
	{ html, OC_ERR_NOT_AN_API, BY_CLASS },
	{ wrong_endpoint, OC_ERR_ENDPOINT_MISSING, BY_CLASS },
	{ overflow, OC_ERR_CONTEXT_OVERFLOW, BY_CLASS },
	{ overloaded, OC_ERR_OVERLOADED, BY_CLASS },
	{ auth, OC_ERR_AUTH, BY_CLASS },
	{ forbidden, OC_ERR_FORBIDDEN, BY_CLASS },
	{ quota, OC_ERR_QUOTA, BY_CLASS },
	{ rate_limited, OC_ERR_RATE_LIMITED, BY_CLASS },
	{ timed_out, OC_ERR_TIMEOUT, BY_CLASS },
	{ load_failed, OC_ERR_MODEL_LOAD_FAILED, BY_CLASS },
	{ none_loaded, OC_ERR_NO_MODEL_LOADED, BY_CLASS },
	{ unloaded, OC_ERR_NO_MODEL_LOADED, AGAIN },
	{ loading, OC_ERR_MODEL_LOADING, BY_CLASS },
	{ null_content, OC_ERR_BAD_REQUEST, BY_CLASS },
	{ hinted, OC_ERR_UNSUPPORTED_PARAM, BY_CLASS },
	{ model_missing, OC_ERR_MODEL_NOT_FOUND, BY_CLASS },
	{ mlx_failure, OC_ERR_SERVER_ERROR, NEVER },
	{ not_found, OC_ERR_ENDPOINT_MISSING, BY_CLASS },
	{ says_model_not_found, OC_ERR_MODEL_NOT_FOUND, BY_CLASS },
	{ bad_request, OC_ERR_BAD_REQUEST, BY_CLASS },
	{ gateway_without_json, OC_ERR_UPSTREAM_UNREACHABLE, BY_CLASS },
	{ anything, OC_ERR_SERVER_ERROR, BY_CLASS },
};

/* ---- numbers of an overflow ------------------------------------------ */

/* The number that stands after text, past words and punctuation that are not letters beyond "is"
 * and "of". */
static int64_t number_after(struct oc_str message, const char *text)
{
	size_t at = oc_str_ifind(message, oc_str(text), 0);
	int64_t n = 0;

	if (at == SIZE_MAX) return 0;
	at += strlen(text);
	for (size_t skipped = 0; at < message.n && !(message.p[at] >= '0' && message.p[at] <= '9');
	     at++)
		if (++skipped > 6) return 0;
	struct oc_str digits = oc_str_from(message, at);
	size_t len = 0;

	while (len < digits.n && digits.p[len] >= '0' && digits.p[len] <= '9') len++;
	return oc_parse_int(oc_str_head(digits, len), 1, INT64_MAX, &n) ? n : 0;
}

static int64_t first_number_after(struct oc_str message, const char *const *texts)
{
	for (; *texts; texts++) {
		int64_t n = number_after(message, *texts);

		if (n) return n;
	}
	return 0;
}

static void read_overflow(const struct facts *f, struct oc_call_error *out)
{
	static const char *const window[] = { "maximum context length", "context length of only",
					      "available context size", "context size",
					      "context length",		NULL };
	static const char *const prompt[] = { "request (", "keep the first ", NULL };

	out->n_ctx = oc_json_positive(f->object, "n_ctx");
	out->n_prompt = oc_json_positive(f->object, "n_prompt_tokens");
	if (!out->n_ctx) out->n_ctx = first_number_after(f->message, window);
	if (!out->n_prompt) out->n_prompt = first_number_after(f->message, prompt);
}

/* ---- the judgement ----------------------------------------------------- */

static char *message_of(const struct facts *f)
{
	if (f->in->html)
		return oc_asprintf("the server answered with a web page (HTTP %d), not with an API "
				   "response",
				   f->status);
	if (redirect(f)) return oc_asprintf("the server redirects elsewhere (HTTP %d)", f->status);
	return oc_error_text(f->message);
}

void oc_error_classify(const struct oc_refusal *in, struct oc_call_error *out)
{
	struct oc_buf scratch;
	struct facts f;
	size_t row = 0;

	oc_buf_init(&scratch, 65536);
	oc_call_error_init(out);
	read_facts(&f, in, &scratch);
	while (!rows[row].matches(&f)) row++;
	out->class = rows[row].class;
	out->retryable = rows[row].retry == BY_CLASS ? oc_error_class_retryable(out->class)
						     : rows[row].retry == AGAIN;
	out->status = f.status;
	out->message = message_of(&f);
	out->code_is_number = f.code_is_number;
	if (f.code_is_number)
		out->code = oc_strdup(f.code_digits);
	else if (*f.code)
		out->code = oc_error_text(oc_str_head(oc_str(f.code), MAX_CODE_BYTES));
	if (*f.param) out->param = oc_error_text(oc_str_head(oc_str(f.param), MAX_CODE_BYTES));
	if (rows[row].matches == hinted || rows[row].matches == null_content)
		out->hint = oc_strdup(hint_of(&f));
	if (out->class == OC_ERR_CONTEXT_OVERFLOW) read_overflow(&f, out);
	oc_buf_deinit(&scratch);
}
