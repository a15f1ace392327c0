/* A run and its listener. Both hold the follower: either may end first. */
#include "gateway/http/run_follow.h"

#include <stdlib.h>

#include "base/limits.h"
#include "base/mem.h"
#include "net/sha256.h"

enum { SILENT_HEAD_MS = 10000, KEEP_ALIVE_MS = 15000, LARGE_BODY = 262144 };

struct oc_follow {
	struct oc_gateway *gw;
	char *session, *run_id;
	struct oc_buf said; /* not yet taken */
	size_t *ends;	    /* of each delta in it */
	size_t n_ends;
	unsigned segment;
	bool spoke, ended;
	struct oc_wait *wait;
	unsigned refs; /* the run's and the client's */
};

static void unref(struct oc_follow *f)
{
	if (--f->refs) return;
	oc_buf_deinit(&f->said);
	free(f->ends);
	free(f->session);
	free(f->run_id);
	free(f);
}

/* Texts before and after a tool call are paragraphs of one answer here. */
static void take_text(struct oc_follow *f, const struct oc_run_event *ev)
{
	if (f->spoke && ev->segment != f->segment) oc_buf_adds(&f->said, "\n\n");
	f->segment = ev->segment;
	f->spoke = f->spoke || ev->delta.n;
	oc_buf_add(&f->said, ev->delta);
	f->ends = oc_realloc_array(f->ends, f->n_ends + 1, sizeof *f->ends);
	f->ends[f->n_ends++] = f->said.n;
}

static void watch(void *arg, const struct oc_run_event *ev)
{
	struct oc_follow *f = arg;
	bool last =
	    ev->kind == OC_RUN_DONE || ev->kind == OC_RUN_ABORTED || ev->kind == OC_RUN_FAILED;

	if (f->ended) return;
	if (ev->kind == OC_RUN_TEXT) take_text(f, ev);
	if (ev->kind != OC_RUN_TEXT && !last) return;
	if (f->wait) oc_wait_end(f->wait, OC_OK);
	f->ended = last;
	if (last) unref(f);
}

/* ---- the ask ---- */

static const struct oc_message *last_of(const struct oc_messages *m)
{
	return &m->v[m->n - 1];
}

static void copy_message(const struct oc_message *from, struct oc_messages *out)
{
	struct oc_message *m = oc_messages_add(out, from->role, oc_buf_view(&from->text));

	for (size_t i = 0; i < from->n_calls; i++)
		oc_api_add_call(m, from->calls[i].id, from->calls[i].name,
				from->calls[i].arguments);
	for (size_t i = 0; i < from->n_images; i++)
		*oc_message_add_image(m) =
		    (struct oc_image){ .mime = oc_strdup(from->images[i].mime),
				       .base64 = oc_strdup(from->images[i].base64) };
	if (from->tool_call_id) m->tool_call_id = oc_strdup(from->tool_call_id);
	if (from->tool_name) m->tool_name = oc_strdup(from->tool_name);
}

/* Where the messages begin that a session has not seen: behind the last answer (D60). */
static size_t first_new(const struct oc_messages *m)
{
	size_t i = m->n;

	while (i > 0 && m->v[i - 1].role != OC_ROLE_ASSISTANT) i--;
	return i;
}

struct parts {
	struct oc_messages history;
	struct oc_buf message;
	struct oc_ask_image *images;
	size_t n_images;
};

/* A session gets its new messages as one: it has the others. */
static void split(const struct oc_follow_ask *a, struct parts *out)
{
	const struct oc_messages *all = &a->ask->messages;
	const struct oc_message *last = last_of(all);
	bool prompt = last->role == OC_ROLE_USER;
	size_t from = a->session ? first_new(all) : 0;

	*out = (struct parts){ 0 };
	oc_buf_init(&out->message, OC_MAX_HTTP_BODY_BYTES + 1);
	for (size_t i = 0; a->before && !a->session && i < a->before->n; i++)
		copy_message(&a->before->v[i], &out->history);
	for (size_t i = from; i + prompt < all->n; i++) {
		if (a->session && all->v[i].role == OC_ROLE_USER)
			oc_api_add_text(&out->message, oc_buf_view(&all->v[i].text));
		else
			copy_message(&all->v[i], &out->history);
	}
	if (!prompt) return;
	oc_api_add_text(&out->message, oc_buf_view(&last->text));
	out->images = oc_realloc_array(NULL, last->n_images + 1, sizeof *out->images);
	for (; out->n_images < last->n_images; out->n_images++)
		out->images[out->n_images] =
		    (struct oc_ask_image){ .mime = last->images[out->n_images].mime,
					   .base64 = last->images[out->n_images].base64 };
}

static void parts_deinit(struct parts *p)
{
	oc_messages_deinit(&p->history);
	oc_buf_deinit(&p->message);
	free(p->images);
}

static void refuse(struct oc_exchange *x, enum oc_rc rc, const struct oc_err *e)
{
	switch (rc) {
	case OC_CANCELLED: break;
	case OC_E_INPUT:
	case OC_E_NOT_FOUND: oc_route_fail(x, 400, "invalid_request_error", "%s", e->msg); break;
	case OC_E_LIMIT: oc_route_fail(x, 413, "invalid_request_error", "%s", e->msg); break;
	case OC_E_DENIED:
		oc_exchange_set_header(x, "Retry-After", "5");
		oc_route_fail(x, 503, "overloaded_error", "%s", e->msg);
		break;
	default: oc_route_fail(x, 500, "api_error", "%s", e->msg); break;
	}
}

static const char *header(const struct oc_exchange *x, const char *name, const char *otherwise)
{
	const char *value = oc_exchange_header(x, name);

	return value && *value ? value : otherwise;
}

static enum oc_rc ask_wait(struct oc_follow *f, struct oc_exchange *x,
			   const struct oc_follow_ask *a, struct oc_err *e)
{
	const struct oc_api_ask *api = a->ask;
	struct parts parts;
	struct oc_asked asked;

	split(a, &parts);
	const struct oc_ask ask = {
		.session_key = a->session,
		.agent = a->agent,
		.message = oc_buf_view(&parts.message),
		.images = parts.images,
		.n_images = parts.n_images,
		.model = header(x, "x-openclaw-model", NULL),
		.thinking = api->thinking,
		.channel = header(x, "x-openclaw-message-channel", "http"),
		.sender = api->user,
		.extra_system = api->system.n ? oc_buf_cstr(&api->system) : NULL,
		.queue = OC_QUEUE_FOLLOWUP,
		.history = parts.history.n ? &parts.history : NULL,
		.caller_tools = api->tools,
		.tool_choice = api->tool_choice,
		.params = json_object_size(api->params) ? api->params : NULL,
		.no_tools = api->callers_tools_alone,
		.own_turn = true,
		.watch = watch,
		.watch_arg = f,
	};
	enum oc_rc rc = oc_sessions_ask_wait(f->gw->sessions, &ask, &asked, e);

	if (rc == OC_OK) f->run_id = oc_strdup(asked.run_id);
	parts_deinit(&parts);
	return rc;
}

struct oc_follow *oc_follow_start_wait(struct oc_gateway *gw, struct oc_exchange *x,
				       const struct oc_follow_ask *ask)
{
	struct oc_follow *f = oc_new(struct oc_follow);
	struct oc_err e = { 0 };

	f->gw = gw;
	f->refs = 2;
	f->session = ask->session ? oc_strdup(ask->session) : NULL;
	oc_buf_init(&f->said, OC_MAX_REPLY_BYTES);
	enum oc_rc rc = ask_wait(f, x, ask, &e);

	if (rc == OC_OK) return f;
	refuse(x, rc, &e);
	f->refs = 1; /* there is no run that would let go */
	unref(f);
	return NULL;
}

/* ---- listening ---- */

static enum oc_rc news_wait(struct oc_follow *f, struct oc_deadline d)
{
	struct oc_wait w = { 0 };

	if (f->n_ends || f->ended) return OC_OK;
	f->wait = &w;
	enum oc_rc rc = oc_wait_park(&w, d);

	f->wait = NULL;
	return rc;
}

static void say_all(struct oc_follow *f, const struct oc_follow_sink *sink)
{
	size_t from = 0;

	for (size_t i = 0; i < f->n_ends; i++) {
		struct oc_str delta = { f->said.p + from, f->ends[i] - from };

		if (delta.n) sink->say(sink->arg, delta);
		from = f->ends[i];
	}
	f->n_ends = 0;
	oc_buf_clear(&f->said);
}

static enum oc_rc send_wait(struct oc_exchange *x, struct oc_buf *out)
{
	enum oc_rc rc = out->n ? oc_exchange_stream_wait(x, oc_buf_view(out)) : OC_OK;

	oc_buf_clear(out);
	return rc;
}

enum oc_rc oc_follow_tell_wait(struct oc_follow *f, struct oc_exchange *x,
			       const struct oc_follow_sink *sink)
{
	uint64_t silence_ms = SILENT_HEAD_MS;
	enum oc_rc rc = OC_OK;

	while (rc == OC_OK && (f->n_ends || !f->ended)) {
		rc = news_wait(f, oc_deadline_in(silence_ms));
		if (rc == OC_E_TIMEOUT) {
			sink->begin(sink->arg);
			oc_buf_adds(sink->out, ": working\n\n");
			silence_ms = KEEP_ALIVE_MS;
			rc = OC_OK;
		}
		if (rc != OC_OK) break;
		say_all(f, sink);
		if (sink->out->n) silence_ms = KEEP_ALIVE_MS;
		rc = send_wait(x, sink->out);
	}
	return rc;
}

enum oc_rc oc_follow_outcome_wait(struct oc_follow *f, struct oc_run_outcome *out)
{
	*out = (struct oc_run_outcome){ .status = "error" };
	return oc_sessions_outcome_wait(f->gw->sessions, f->run_id, OC_NO_DEADLINE, out);
}

void oc_follow_end_wait(struct oc_follow *f)
{
	struct oc_strv aborted = { 0 };

	if (!f) return;
	if (!f->ended)
		oc_sessions_abort_wait(f->gw->sessions, f->session, f->run_id, true, "disconnect",
				       &aborted);
	oc_strv_deinit(&aborted);
	unref(f);
}

/* ---- requests ---- */

struct reading {
	oc_api_reader *read;
	const json_t *body;
	struct oc_api_ask *out;
	struct oc_err e;
	enum oc_rc rc;
};

static void read_ask(void *arg)
{
	struct reading *r = arg;

	r->rc = r->read(r->body, r->out, &r->e);
}

bool oc_api_ask_take_wait(struct oc_exchange *x, const struct oc_body *body, oc_api_reader *read,
			  struct oc_api_ask *out)
{
	json_t *doc = oc_body_parse_wait(x, body);
	struct reading r = { .read = read, .body = doc, .out = out };

	*out = (struct oc_api_ask){ 0 };
	if (!doc) return false;
	if (body->bytes.n > LARGE_BODY)
		oc_work_wait(read_ask, &r);
	else
		read_ask(&r);
	json_decref(doc);
	if (r.rc != OC_OK) oc_route_wrong_member(x, r.e.msg);
	return r.rc == OC_OK;
}

/* ---- sessions ---- */

/* What other parts of the program own. */
static bool is_reserved(struct oc_str key)
{
	static const char *const spaces[] = { "subagent:", "cron:", "acp:" };

	if (oc_str_istarts(key, OC_LIT("agent:"))) {
		size_t colon = oc_str_find(key, OC_LIT(":"), strlen("agent:"));
		if (colon != SIZE_MAX) key = oc_str_from(key, colon + 1);
	}
	for (size_t i = 0; i < sizeof spaces / sizeof *spaces; i++)
		if (oc_str_istarts(key, oc_str(spaces[i]))) return true;
	return false;
}

/* A user may be called anything; a key may not. */
static char *key_of_user(const char *kind, const char *user)
{
	char digits[OC_SHA256_HEX + 1];

	for (const char *p = user; *p; p++) {
		if ((unsigned char)*p > ' ' && *p != 0x7F) continue;
		oc_sha256_hex(oc_str(user), digits);
		return oc_asprintf("%s-user:%.32s", kind, digits);
	}
	return oc_asprintf("%s-user:%s", kind, user);
}

bool oc_http_session(struct oc_gateway *gw, struct oc_exchange *x, const char *agent,
		     const char *kind, const char *user, char **out)
{
	const char *wanted = header(x, "x-openclaw-session-key", NULL);
	struct oc_err e = { 0 };

	*out = NULL;
	if (wanted && is_reserved(oc_str(wanted))) {
		oc_route_fail(x, 400, "invalid_request_error",
			      "x-openclaw-session-key may not begin with subagent:, cron: or acp:");
		return false;
	}
	if (!wanted && !user) return true;
	char *key = wanted ? oc_strdup(wanted) : key_of_user(kind, user);
	enum oc_rc rc = oc_session_key_canonical(&gw->snapshot->config, key, agent, out, &e);

	free(key);
	if (rc != OC_OK) oc_route_fail(x, 400, "invalid_request_error", "%s", e.msg);
	return rc == OC_OK;
}

/* ---- ends ---- */

bool oc_outcome_ok(const struct oc_run_outcome *o)
{
	return !strcmp(o->status, "ok");
}

static const char *message_of(const struct oc_run_outcome *o)
{
	if (o->error && *o->error) return o->error;
	return !strcmp(o->status, "aborted") ? "the run was aborted" : "the run failed";
}

static const char *type_of(const struct oc_run_outcome *o)
{
	if (!strcmp(o->status, "aborted")) return "aborted";
	if (!strcmp(o->status, "timeout")) return "timeout_error";
	return "upstream_error";
}

json_t *oc_outcome_error(const struct oc_run_outcome *o)
{
	json_t *error = json_object();

	oc_json_put(error, "message", oc_json_new_str(oc_str(message_of(o))));
	oc_json_put(error, "type", json_string(type_of(o)));
	oc_json_put(error, "code",
		    o->error_class ? json_string(oc_error_class_name(o->error_class))
				   : json_null());
	return error;
}

void oc_outcome_refuse(struct oc_exchange *x, const struct oc_run_outcome *o)
{
	int status = !strcmp(o->status, "timeout") ? 504 : 502;

	oc_route_json(x, status, json_pack("{s:o}", "error", oc_outcome_error(o)));
}

void oc_sse_write(struct oc_buf *out, const char *name, json_t *body)
{
	char *text = oc_json_compact(body);

	if (name) oc_buf_addf(out, "event: %s\n", name);
	oc_buf_adds(out, "data: ");
	oc_buf_adds(out, text);
	oc_buf_adds(out, "\n\n");
	free(text);
	json_decref(body);
}
