/* The probe plan as a table of requests and what their answers show. */
#include "model/call/probe.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "base/mem.h"
#include "model/call/endpoint.h"
#include "model/provider/context.h"
#include "model/provider/credential.h"
#include "model/provider/fetch.h"
#include "model/provider/learned.h"

enum { FREE_MS = 5000, CHAT_MS = 60000 };

struct probe {
	const struct oc_catalog *catalog;
	struct oc_provider *p;
	const char *model;
	struct oc_guard guard;
	struct oc_strv headers;
	struct oc_deadline deadline;
	json_t *report;
	bool answered; /* the model, at least once */
};

struct answer {
	int status;  /* 0 = none came */
	json_t *doc; /* NULL = no JSON */
	char *text;
};

static void put(struct probe *pr, const char *name, json_t *value, const char *how)
{
	oc_json_put(pr->report, name, json_pack("{s:o,s:s}", "value", value, "how", how));
}

static void answer_deinit(struct answer *a)
{
	json_decref(a->doc);
	free(a->text);
}

/* body is borrowed. OC_CANCELLED, else OC_OK. */
static enum oc_rc post_wait(struct probe *pr, const char *path, json_t *body, uint64_t ms,
			    struct answer *a)
{
	char *text = oc_json_compact(body), *url = oc_kind_url(pr->p->base_url, path);
	uint64_t now = oc_now_ms(), left = pr->deadline.at_ms > now ? pr->deadline.at_ms - now : 1;
	struct oc_http_request req = { .method = "POST",
				       .url = url,
				       .guard = &pr->guard,
				       .headers = &pr->headers,
				       .body = oc_str(text),
				       .context = "probe" };
	struct oc_fetch f;

	*a = (struct answer){ 0 };
	enum oc_rc rc =
	    oc_fetch_wait(&req, ms < left ? ms : left, OC_MAX_ERROR_BODY_BYTES, &f, NULL);
	if (!rc) {
		struct oc_str seen = oc_buf_view(&f.body);

		a->status = f.status;
		a->text = oc_strndup(seen.n ? seen.p : "", seen.n);
		a->doc = oc_json_parse(seen, NULL, NULL);
		oc_fetch_deinit(&f);
	}
	free(url);
	free(text);
	return rc == OC_CANCELLED ? rc : OC_OK;
}

/* ---- what costs nothing ---- */

/* An empty object is refused by an endpoint that exists. */
static enum oc_rc endpoint_wait(struct probe *pr, const char *name, const char *path)
{
	json_t *empty = json_object();
	struct answer a;
	enum oc_rc rc = post_wait(pr, path, empty, FREE_MS, &a);
	bool there = a.status >= 400 && a.status != 404 && a.status != 405 && a.status != 501 &&
		     json_object_get(a.doc, "error");

	if (a.status) put(pr, name, json_boolean(there), "an empty request");
	answer_deinit(&a);
	json_decref(empty);
	return rc;
}

/* Made-up requests would be logged or billed there. */
static bool is_foreign(const struct oc_provider *p)
{
	return p->kind->hosted || p->kind->forwards || (p->kind == oc_custom_kind && !p->local);
}

/* may_load: the model will be asked anyway, so it may as well be loaded for its window. */
static enum oc_rc free_wait(struct probe *pr, bool may_load)
{
	struct oc_context context;
	int64_t tokens = -1;
	enum oc_rc rc = may_load ? oc_context_read_wait(pr->catalog, pr->p, pr->model, &context)
				 : oc_context_look_wait(pr->catalog, pr->p, pr->model, &context);

	if (!rc)
		rc = oc_context_count_wait(pr->catalog, pr->p, pr->model, OC_LIT("hello"), &tokens);
	if (rc) return rc;
	put(pr, "server", json_string(pr->p->kind->label),
	    pr->p->kind == oc_provider_kind(pr->p->id) ? "the provider's name" : "its answers");
	if (context.tokens) put(pr, "context", json_integer(context.tokens), "the server");
	put(pr, "slots", json_integer(oc_endpoint_slots(pr->p, context.slots)),
	    "the server, else usual for its kind");
	put(pr, "tokenizer", json_boolean(tokens >= 0), "counted a word");
	if (is_foreign(pr->p)) return OC_OK;
	rc = endpoint_wait(pr, "responses", "/v1/responses");
	return rc ? rc : endpoint_wait(pr, "messages", "/v1/messages");
}

/* ---- what the model is asked ---- */

static json_t *message_of(const struct answer *a)
{
	const json_t *choice = json_array_get(json_object_get(a->doc, "choices"), 0);

	return json_object_get(choice, "message");
}

static json_t *accepted(const struct answer *a)
{
	return json_boolean(a->status == 200 && message_of(a));
}

static json_t *streams(const struct answer *a)
{
	return json_boolean(a->status == 200 && strstr(a->text, "data:"));
}

static json_t *counts(const struct answer *a)
{
	return json_boolean(a->status == 200 && strstr(a->text, "prompt_tokens"));
}

static json_t *calls(const struct answer *a)
{
	return json_boolean(json_array_size(json_object_get(message_of(a), "tool_calls")) > 0);
}

static json_t *several(const struct answer *a)
{
	return json_boolean(json_array_size(json_object_get(message_of(a), "tool_calls")) > 1);
}

static json_t *is_json(const struct answer *a)
{
	json_t *v = oc_json_parse(oc_json_str(message_of(a), "content"), NULL, NULL);
	bool fits = json_is_string(json_object_get(v, "city"));

	json_decref(v);
	return json_boolean(fits);
}

static json_t *reasoning_field(const struct answer *a)
{
	static const char *const names[] = { "reasoning_content", "reasoning" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (oc_json_str(message_of(a), names[i]).n) return json_string(names[i]);
	return json_string("none seen");
}

/* ---- the shape of what came ---- */

static json_t *line_ends(const struct answer *a)
{
	return json_string(strstr(a->text, "\r\n") ? "CRLF" : "LF");
}

static json_t *done_marker(const struct answer *a)
{
	return json_boolean(strstr(a->text, "[DONE]"));
}

static bool is_uuid(struct oc_str id)
{
	for (size_t i = 0; i < id.n; i++)
		if ((id.p[i] == '-') != (i == 8 || i == 13 || i == 18 || i == 23)) return false;
	return id.n == 36;
}

static size_t digits(struct oc_str id)
{
	size_t n = 0;

	while (n < id.n && id.p[n] >= '0' && id.p[n] <= '9') n++;
	return n;
}

/* "call_ + 24", "9 digits", "uuid": enough to see whether ids can be told apart. */
static json_t *id_shape(const struct answer *a)
{
	const json_t *call = json_array_get(json_object_get(message_of(a), "tool_calls"), 0);
	struct oc_str id = oc_json_str(call, "id");
	size_t prefix = id.n;
	char text[64];

	if (!call) return json_string("no call came");
	if (!id.n) return json_string("none");
	if (is_uuid(id)) return json_string("uuid");
	while (prefix > 0 && id.p[prefix - 1] != '_' && id.p[prefix - 1] != '-') prefix--;
	if (digits(id) == id.n)
		snprintf(text, sizeof text, "%zu digits", id.n);
	else if (prefix && prefix < 32)
		snprintf(text, sizeof text, "%.*s + %zu", (int)prefix, id.p, id.n - prefix);
	else
		snprintf(text, sizeof text, "%zu characters", id.n);
	return oc_json_new_str(oc_str(text));
}

#define TOOL                                                                                       \
	"{\"type\":\"function\",\"function\":{\"name\":\"get_weather\",\"description\":\"Weather " \
	"of a city\",\"parameters\":{\"type\":\"object\",\"properties\":{\"city\":{\"type\":"      \
	"\"string\",\"enum\":[\"Rome\",\"Oslo\"]}},\"required\":[\"city\"]}}}"
#define USER "{\"role\":\"user\",\"content\":\"Use the tool for Rome and for Oslo.\"}"
#define PIXEL                                                                                         \
	"data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADh" \
	"gGAWjR9awAAAABJRU5ErkJggg=="

static const struct question {
	/* patch: members that replace those of the plain request; NULL = no request, the answer
	 * before is looked at once more. */
	const char *name, *patch;
	json_t *(*judge)(const struct answer *a);
	const char *how;
} questions[] = {
	{ "chat", "{}", accepted, "a plain request" },
	{ "reasoning field", NULL, reasoning_field, "a plain request" },
	{ "streaming", "{\"stream\":true}", streams, "a streamed request" },
	{ "line ends", NULL, line_ends, "a streamed request" },
	{ "[DONE]", NULL, done_marker, "a streamed request" },
	{ "usage in streams", "{\"stream\":true,\"stream_options\":{\"include_usage\":true}}",
	  counts, "include_usage" },
	{ "content arrays",
	  "{\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"Hi\"}]}]}",
	  accepted, "accepted" },
	{ "system role",
	  "{\"messages\":[{\"role\":\"system\",\"content\":\"Be brief.\"},{\"role\":\"user\","
	  "\"content\":\"Hi\"}]}",
	  accepted, "accepted" },
	{ "developer role",
	  "{\"messages\":[{\"role\":\"developer\",\"content\":\"Be brief.\"},{\"role\":\"user\","
	  "\"content\":\"Hi\"}]}",
	  accepted, "accepted" },
	{ "max_completion_tokens", "{\"max_tokens\":null,\"max_completion_tokens\":4}", accepted,
	  "accepted" },
	{ "reasoning effort", "{\"reasoning_effort\":\"low\"}", accepted, "accepted" },
	{ "json schema",
	  "{\"max_tokens\":64,\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":"
	  "\"place\",\"schema\":{\"type\":\"object\",\"properties\":{\"city\":{\"type\":\"string\","
	  "\"enum\":[\"Rome\"]}},\"required\":[\"city\"]}}}}",
	  is_json, "the answer fits the schema" },
	{ "vision",
	  "{\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"What is it?\"},"
	  "{\"type\":\"image_url\",\"image_url\":{\"url\":\"" PIXEL "\"}}]}]}",
	  accepted, "an image was accepted" },
	{ "tools", "{\"max_tokens\":64,\"messages\":[" USER "],\"tools\":[" TOOL "]}", calls,
	  "a call came" },
	{ "call id", NULL, id_shape, "the call" },
	{ "tool_choice required",
	  "{\"max_tokens\":64,\"messages\":[" USER "],\"tools\":[" TOOL
	  "],\"tool_choice\":\"required\"}",
	  calls, "a call came" },
	{ "parallel calls",
	  "{\"max_tokens\":128,\"messages\":[" USER "],\"tools\":[" TOOL
	  "],\"parallel_tool_calls\":true}",
	  several, "two calls came" },
	{ "tool result",
	  "{\"messages\":[" USER
	  ",{\"role\":\"assistant\",\"content\":\"\",\"tool_calls\":[{\"id\":"
	  "\"call_1\",\"type\":\"function\",\"function\":{\"name\":\"get_weather\",\"arguments\":"
	  "\"{\\\"city\\\":\\\"Rome\\\"}\"}}]},{\"role\":\"tool\",\"tool_call_id\":\"call_1\","
	  "\"content\":\"sunny\"}],\"tools\":[" TOOL "]}",
	  accepted, "a result was accepted" },
};

static json_t *request_of(const struct probe *pr, const struct question *q)
{
	json_t *body =
	    json_pack("{s:s,s:[{s:s,s:s}],s:i,s:i}", "model", pr->model, "messages", "role", "user",
		      "content", "Hi", "max_tokens", 4, "temperature", 0);
	json_t *patch = oc_json_parse(oc_str(q->patch), NULL, NULL);

	(void)oc_learned_join(body, patch);
	json_decref(patch);
	return body;
}

/* *last: the answer before, replaced when there is a request. */
static enum oc_rc ask_wait(struct probe *pr, const struct question *q, struct answer *last)
{
	enum oc_rc rc = OC_OK;

	if (q->patch) {
		json_t *body = request_of(pr, q);

		answer_deinit(last);
		rc = post_wait(pr, "chat/completions", body, CHAT_MS, last);
		json_decref(body);
	}
	if (last->status) pr->answered = true;
	if (!rc)
		put(pr, q->name, last->status ? q->judge(last) : json_null(),
		    last->status ? q->how : "no answer in time");
	return rc;
}

static enum oc_rc chats_wait(struct probe *pr)
{
	struct answer last = { 0 };
	enum oc_rc rc = OC_OK;

	for (size_t i = 0; !rc && i < sizeof questions / sizeof *questions; i++)
		if (oc_now_ms() < pr->deadline.at_ms) rc = ask_wait(pr, &questions[i], &last);
	answer_deinit(&last);
	return rc;
}

enum oc_rc oc_probe_wait(const struct oc_catalog *c, struct oc_provider *p, const char *model,
			 bool chats, json_t **report)
{
	struct probe pr = { .catalog = c,
			    .p = p,
			    .model = model,
			    .deadline =
				oc_deadline_in(chats ? OC_PROBE_TOTAL_MS : OC_PROBE_FREE_TOTAL_MS),
			    .report = json_object() };
	struct oc_credential cred;

	*report = pr.report;
	if (!p->base_url || oc_provider_guard(c, p, &pr.guard, NULL) != OC_OK) return OC_OK;
	oc_strv_add(&pr.headers, OC_LIT("Accept: application/json, text/event-stream"));
	oc_strv_add(&pr.headers, OC_LIT("Content-Type: application/json"));
	if (oc_credential_resolve(c, p, NULL, &cred, NULL) == OC_OK) {
		oc_provider_headers(c, p, &cred, NULL, &pr.headers);
		oc_credential_deinit(&cred);
	}
	enum oc_rc rc = free_wait(&pr, chats);
	bool asks = chats && !strcmp(p->api, "openai-completions");
	if (!rc && asks) rc = chats_wait(&pr);
	/* A server that is off taught nothing; what it taught before stays. */
	if (!rc && (!asks || pr.answered))
		oc_learned_note(c->config->paths.agent_dir, p->base_url, model, "probe",
				json_deep_copy(pr.report));
	for (size_t i = 0; i < pr.headers.n; i++)
		memset(pr.headers.v[i], 0, strlen(pr.headers.v[i]));
	oc_strv_deinit(&pr.headers);
	oc_guard_deinit(&pr.guard);
	return rc;
}
