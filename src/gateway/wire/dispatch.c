/* Requests of a client: each is checked and run in a task of its own, started in the order of the
 * frames. */
#include <stdlib.h>

#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "gateway/methods/method.h"
#include "gateway/wire/connection.h"
#include "gateway/wire/shape.h"

struct oc_request {
	struct oc_connection *connection;
	json_t *frame;
	size_t bytes;
	uint64_t received_ms;
};

/* ---- one request ---- */

static json_t *simple_error(const char *code, const char *message)
{
	json_t *error = json_pack("{s:s}", "code", code);

	oc_json_put(error, "message", oc_json_new_str(oc_str(message)));
	return error;
}

static json_t *missing_scope(enum oc_client_scope scope)
{
	const char *name = oc_scope_name(scope);
	char *message = oc_asprintf("missing scope: %s", name);
	json_t *error = json_pack("{s:s, s:s, s:{s:s, s:s, s:[s]}}", "code", "FORBIDDEN", "message",
				  message, "details", "code", "MISSING_SCOPE", "missingScope", name,
				  "requiredScopes", name);

	free(message);
	return error;
}

/* Why the request is not run at all; NULL = it is. New reference. */
static json_t *refusal(const struct oc_connection *c, const char *name, const struct oc_method *m,
		       const json_t *params)
{
	struct oc_buf text;
	json_t *error = NULL;

	oc_buf_init(&text, 65536);
	if (!strcmp(name, "connect")) {
		error =
		    simple_error("INVALID_REQUEST", "connect is only valid as the first request");
	} else if (!m) {
		oc_buf_addf(&text, "unknown method: %s", name);
		error = simple_error("INVALID_REQUEST", oc_buf_cstr(&text));
	} else if (!oc_scopes_allow(&c->scopes, m->scope)) {
		error = missing_scope(m->scope);
	} else if (m->params) {
		oc_buf_addf(&text, "invalid %s params: ", name);
		if (!oc_shape_check(m->params, params, &text))
			error = simple_error("INVALID_REQUEST", oc_buf_cstr(&text));
	}
	oc_buf_deinit(&text);
	return error;
}

static void log_result(const struct oc_request *r, const char *name, const json_t *error)
{
	if (!r->connection->gw->verbose) return;
	oc_log(OC_LOG_INFO, "ws", "⇄ res %s %s %llums%s%s conn=%s id=%.80s", error ? "✗" : "✓",
	       name, (unsigned long long)(oc_now_ms() - r->received_ms), error ? " errorCode=" : "",
	       error ? oc_json_cstr(error, "code") : "", r->connection->id,
	       oc_json_cstr(r->frame, "id"));
}

static json_t *run_wait(struct oc_request *r, const struct oc_method *m, json_t *params,
			json_t **result)
{
	struct oc_rpc rpc = { .gw = r->connection->gw,
			      .connection = r->connection,
			      .id = oc_json_cstr(r->frame, "id"),
			      .method = m,
			      .params = params,
			      .received_ms = r->received_ms };
	struct oc_rpc_error e = { 0 };
	enum oc_rc rc = m->run_wait(&rpc, result, &e);

	if (!rc) {
		json_decref(e.details);
		return NULL;
	}
	json_decref(*result);
	*result = NULL;
	return oc_rpc_error_take(&e, rc);
}

static void request_done(struct oc_request *r)
{
	struct oc_connection *c = r->connection;

	c->in_flight--;
	c->bytes_in_flight -= r->bytes;
	if (c->room) oc_wait_end(c->room, OC_OK);
	json_decref(r->frame);
	free(r);
}

static void serve(void *arg)
{
	struct oc_request *r = arg;
	struct oc_connection *c = r->connection;
	const char *id = oc_json_cstr(r->frame, "id"), *name = oc_json_cstr(r->frame, "method");
	const struct oc_method *m = oc_method_find(name);
	json_t *params = json_incref(json_object_get(r->frame, "params")), *result = NULL;

	if (!params) params = json_object();
	json_t *error = refusal(c, name, m, params);
	if (!error) error = run_wait(r, m, params, &result);
	if (error)
		oc_connection_refuse(c, id, error);
	else
		oc_connection_respond(c, id, result);
	log_result(r, name, error);
	json_decref(params);
	json_decref(result);
	json_decref(error);
	request_done(r);
}

/* ---- taking them in ---- */

/* Names the request where it has a name that can be repeated. */
static void refuse_frame(struct oc_connection *c, const json_t *frame, const char *code,
			 const char *message, bool retryable)
{
	const char *id = oc_json_cstr(frame, "id");
	json_t *error = simple_error(code, message);

	if (retryable) {
		json_object_set_new(error, "retryable", json_true());
		json_object_set_new(error, "retryAfterMs", json_integer(500));
	}
	oc_connection_refuse(c, id && strlen(id) <= 256 ? id : "invalid", error);
	json_decref(error);
}

/* What many and large requests may take is bounded: too many are refused, too large ones are not
 * read until there is room. */
static bool wait_for_room(struct oc_connection *c, size_t bytes)
{
	while (c->in_flight && c->bytes_in_flight + bytes > OC_MAX_CLIENT_REQUEST_BYTES) {
		struct oc_wait w = { 0 };

		c->room = &w;
		enum oc_rc rc = oc_wait_park(&w, OC_NO_DEADLINE);
		c->room = NULL;
		if (rc) return false;
	}
	return true;
}

void oc_dispatch_wait(struct oc_connection *c, json_t *frame, size_t bytes)
{
	struct oc_buf problems;

	oc_buf_init(&problems, 65536);
	oc_buf_adds(&problems, "invalid request frame: ");
	bool ok = oc_frame_check(frame, &problems);
	if (!ok) refuse_frame(c, frame, "INVALID_REQUEST", oc_buf_cstr(&problems), false);
	oc_buf_deinit(&problems);
	if (ok && c->in_flight >= OC_MAX_CLIENT_REQUESTS) {
		refuse_frame(c, frame, "UNAVAILABLE", "too many requests under way", true);
		ok = false;
	}
	if (!ok || !wait_for_room(c, bytes)) {
		json_decref(frame);
		return;
	}
	struct oc_request *r = oc_new(struct oc_request);
	*r = (struct oc_request){ c, frame, bytes, oc_now_ms() };
	c->in_flight++;
	c->bytes_in_flight += bytes;
	oc_scope_spawn(c->requests, serve, r);
}
