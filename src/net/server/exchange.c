/*
 * One request and its answer, as handlers see it. Answers are written to the socket at once; what
 * the kernel does not take waits in the connection.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <time.h>

#include "base/limits.h"
#include "base/mem.h"
#include "net/server/http_connection.h"

static const struct {
	int status;
	const char *reason;
} reasons[] = {
	{ 100, "Continue" },
	{ 101, "Switching Protocols" },
	{ 200, "OK" },
	{ 201, "Created" },
	{ 202, "Accepted" },
	{ 204, "No Content" },
	{ 206, "Partial Content" },
	{ 301, "Moved Permanently" },
	{ 302, "Found" },
	{ 303, "See Other" },
	{ 304, "Not Modified" },
	{ 307, "Temporary Redirect" },
	{ 308, "Permanent Redirect" },
	{ 400, "Bad Request" },
	{ 401, "Unauthorized" },
	{ 403, "Forbidden" },
	{ 404, "Not Found" },
	{ 405, "Method Not Allowed" },
	{ 406, "Not Acceptable" },
	{ 408, "Request Timeout" },
	{ 409, "Conflict" },
	{ 410, "Gone" },
	{ 411, "Length Required" },
	{ 413, "Content Too Large" },
	{ 414, "URI Too Long" },
	{ 415, "Unsupported Media Type" },
	{ 417, "Expectation Failed" },
	{ 421, "Misdirected Request" },
	{ 422, "Unprocessable Content" },
	{ 426, "Upgrade Required" },
	{ 429, "Too Many Requests" },
	{ 431, "Request Header Fields Too Large" },
	{ 499, "Client Closed Request" },
	{ 500, "Internal Server Error" },
	{ 501, "Not Implemented" },
	{ 502, "Bad Gateway" },
	{ 503, "Service Unavailable" },
	{ 504, "Gateway Timeout" },
	{ 505, "HTTP Version Not Supported" },
};

static const char *reason_of(int status)
{
	for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
		if (reasons[i].status == status) return reasons[i].reason;
	return "Unknown";
}

/* ---- life ---- */

struct oc_exchange *oc_exchange_new(struct oc_http_conn *c, struct oc_http_head *head)
{
	struct oc_exchange *x = oc_new(struct oc_exchange);

	x->conn = c;
	x->head = *head;
	x->begun_ms = oc_now_ms();
	x->head_only = !strcmp(head->method, "HEAD");
	x->scope = oc_scope_new_in(c->server->scope);
	oc_http_body_init(&x->body, head);
	return x;
}

void oc_exchange_free(struct oc_exchange *x)
{
	oc_http_head_deinit(&x->head);
	oc_strv_deinit(&x->headers);
	oc_scope_free_when_done(x->scope);
	free(x);
}

static bool is_open(const struct oc_exchange *x)
{
	return x->streaming && !x->ended && x->conn->fd >= 0;
}

static void end_stream(struct oc_exchange *x)
{
	static const struct oc_str last = OC_LIT("0\r\n\r\n");

	if (!is_open(x)) return;
	x->ended = true;
	if (x->chunked) oc_http_conn_send(x->conn, &last, 1);
}

static void finish(struct oc_exchange *x)
{
	static const struct oc_str body =
	    OC_LIT("{\"error\":{\"message\":\"internal error\",\"type\":\"api_error\"}}");

	if (!x->answered) oc_exchange_respond(x, 500, "application/json; charset=utf-8", body);
	end_stream(x);
}

void oc_exchange_run(void *arg)
{
	struct oc_exchange *x = arg;
	struct oc_http_server *s = x->conn->server;

	s->handle_wait(s->arg, x);
	finish(x);
	oc_http_conn_done(x->conn);
}

/* ---- the request ---- */

const char *oc_exchange_method(const struct oc_exchange *x)
{
	return x->head.method;
}

const char *oc_exchange_path(const struct oc_exchange *x)
{
	return x->head.path;
}

const char *oc_exchange_query(const struct oc_exchange *x)
{
	return x->head.query;
}

const char *oc_exchange_header(const struct oc_exchange *x, const char *name)
{
	return oc_http_head_get(&x->head, name);
}

unsigned oc_exchange_header_count(const struct oc_exchange *x, const char *name)
{
	return oc_http_head_count(&x->head, name);
}

const char *oc_exchange_peer(const struct oc_exchange *x)
{
	return x->conn->peer;
}

bool oc_exchange_peer_is_loopback(const struct oc_exchange *x)
{
	return x->conn->peer_is_loopback;
}

static enum oc_rc more_wait(struct oc_exchange *x, struct oc_deadline d)
{
	struct oc_wait w = { 0 };

	if (x->conn->fd < 0) return OC_CANCELLED;
	assert(!x->reading);
	x->reading = &w;
	oc_http_conn_watch(x->conn);
	enum oc_rc rc = oc_wait_park(&w, d);
	x->reading = NULL;
	oc_http_conn_watch(x->conn);
	return rc;
}

static void invite_body(struct oc_exchange *x)
{
	static const struct oc_str interim = OC_LIT("HTTP/1.1 100 Continue\r\n\r\n");

	if (!x->head.expects_continue || x->conn->in.n || x->answered) return;
	x->head.expects_continue = false;
	oc_http_conn_send(x->conn, &interim, 1);
}

enum oc_rc oc_exchange_body_wait(struct oc_exchange *x, struct oc_deadline d, struct oc_buf *out)
{
	struct oc_http_conn *c = x->conn;
	enum oc_rc rc = OC_OK;

	if (x->head.body == OC_HTTP_SIZED && x->head.body_size > out->max) return OC_E_LIMIT;
	if (!x->body.done) invite_body(x);
	while (!rc && !x->body.done) {
		size_t used;
		rc = oc_http_body_feed(&x->body, oc_buf_view(&c->in), out, &used);
		oc_buf_drop(&c->in, used);
		if (!rc && !x->body.done) rc = more_wait(x, d);
	}
	return rc;
}

/* ---- the answer ---- */

static bool has_line_break(const char *s)
{
	return strpbrk(s, "\r\n");
}

static bool is_named(const char *line, struct oc_str name)
{
	return oc_str_istarts(oc_str(line), name) && line[name.n] == ':';
}

void oc_exchange_set_header(struct oc_exchange *x, const char *name, const char *value)
{
	assert(!has_line_break(name) && !has_line_break(value));
	for (size_t i = 0; i < x->headers.n; i++) {
		if (!is_named(x->headers.v[i], oc_str(name))) continue;
		free(x->headers.v[i]);
		x->headers.v[i] = oc_asprintf("%s: %s", name, value);
		return;
	}
	oc_strv_addf(&x->headers, "%s: %s", name, value);
}

static void add_date(struct oc_buf *head)
{
	static char text[64];
	static time_t made;
	time_t now = (time_t)(oc_wall_ms() / 1000);
	struct tm tm;

	if (now != made && gmtime_r(&now, &tm)) {
		strftime(text, sizeof text, "Date: %a, %d %b %Y %H:%M:%S GMT\r\n", &tm);
		made = now;
	}
	oc_buf_adds(head, text);
}

static void add_connection(const struct oc_http_conn *c, struct oc_buf *head)
{
	if (c->close_after || c->server->quiescing)
		oc_buf_adds(head, "Connection: close\r\n");
	else
		oc_buf_addf(head, "Connection: keep-alive\r\nKeep-Alive: timeout=%llu\r\n",
			    (unsigned long long)c->server->idle_timeout_ms / 1000);
}

static void begin_head(struct oc_buf *head, int status, const char *content_type)
{
	oc_buf_init(head, SIZE_MAX - 1);
	oc_buf_addf(head, "HTTP/1.1 %d %s\r\n", status, reason_of(status));
	if (content_type) oc_buf_addf(head, "Content-Type: %s\r\n", content_type);
}

static void end_head(struct oc_http_conn *c, const struct oc_strv *headers, struct oc_buf *head)
{
	for (size_t i = 0; headers && i < headers->n; i++)
		oc_buf_addf(head, "%s\r\n", headers->v[i]);
	add_date(head);
	add_connection(c, head);
	oc_buf_adds(head, "\r\n");
}

static bool has_no_body(int status)
{
	return status < 200 || status == 204 || status == 304;
}

static void send_whole(struct oc_http_conn *c, const struct oc_strv *headers, int status,
		       const char *content_type, struct oc_str body, bool head_only)
{
	struct oc_buf head;

	begin_head(&head, status, content_type);
	if (!has_no_body(status)) oc_buf_addf(&head, "Content-Length: %zu\r\n", body.n);
	end_head(c, headers, &head);
	struct oc_str parts[] = { oc_buf_view(&head), body };
	oc_http_conn_send(c, parts, head_only || has_no_body(status) ? 1 : 2);
	oc_buf_deinit(&head);
}

void oc_exchange_refuse(struct oc_http_conn *c, int status, const char *why)
{
	char *body = oc_asprintf("%s: %s\n", reason_of(status), why);

	send_whole(c, NULL, status, "text/plain; charset=utf-8", oc_str(body), false);
	free(body);
}

void oc_exchange_respond(struct oc_exchange *x, int status, const char *content_type,
			 struct oc_str body)
{
	if (x->answered) return;
	x->answered = true;
	x->status = status;
	oc_http_conn_skip_body(x->conn);
	send_whole(x->conn, &x->headers, status, content_type, body, x->head_only);
}

int oc_exchange_status(const struct oc_exchange *x)
{
	return x->status;
}

/* ---- streams ---- */

void oc_exchange_stream_begin(struct oc_exchange *x, int status, const char *content_type)
{
	struct oc_buf head;

	if (x->answered) return;
	x->answered = x->streaming = true;
	x->status = status;
	x->chunked = x->head.minor > 0 && !x->head_only;
	if (x->head.minor == 0) x->conn->close_after = true;
	oc_http_conn_skip_body(x->conn);
	begin_head(&head, status, content_type);
	if (x->head.minor > 0) oc_buf_adds(&head, "Transfer-Encoding: chunked\r\n");
	end_head(x->conn, &x->headers, &head);
	struct oc_str part = oc_buf_view(&head);
	oc_http_conn_send(x->conn, &part, 1);
	oc_buf_deinit(&head);
}

static void send_piece(struct oc_exchange *x, struct oc_str bytes)
{
	char size[24];
	struct oc_str parts[] = { { size, 0 }, bytes, OC_LIT("\r\n") };

	if (!bytes.n || x->head_only) return; /* an empty chunk would be the last one */
	if (!x->chunked) {
		oc_http_conn_send(x->conn, &bytes, 1);
		return;
	}
	parts[0].n = (size_t)snprintf(size, sizeof size, "%zx\r\n", bytes.n);
	oc_http_conn_send(x->conn, parts, 3);
}

bool oc_exchange_stream_push(struct oc_exchange *x, struct oc_str bytes)
{
	size_t backlog = oc_http_conn_backlog(x->conn);

	if (!is_open(x)) return false;
	if (backlog &&
	    (bytes.n > OC_MAX_STREAM_BACKLOG || backlog > OC_MAX_STREAM_BACKLOG - bytes.n))
		return false;
	send_piece(x, bytes);
	return x->conn->fd >= 0;
}

/* Parks until at most backlog bytes wait for the kernel. */
static enum oc_rc drained_wait(struct oc_exchange *x, size_t backlog)
{
	struct oc_wait w = { 0 };

	if (x->conn->fd < 0) return OC_CANCELLED;
	if (oc_http_conn_backlog(x->conn) <= backlog) return OC_OK;
	assert(!x->writing);
	x->writing = &w;
	x->writing_below = backlog;
	/* No deadline: a client that takes nothing for long is dropped by the connection. */
	enum oc_rc rc = oc_wait_park(&w, OC_NO_DEADLINE);
	x->writing = NULL;
	return rc;
}

enum oc_rc oc_exchange_stream_wait(struct oc_exchange *x, struct oc_str bytes)
{
	enum oc_rc rc = is_open(x) ? OC_OK : OC_CANCELLED;

	while (!rc && bytes.n) {
		struct oc_str piece = oc_str_head(bytes, OC_MAX_STREAM_BACKLOG / 2);

		rc = drained_wait(x, OC_MAX_STREAM_BACKLOG / 2);
		if (rc) break;
		send_piece(x, piece);
		bytes = oc_str_from(bytes, piece.n);
	}
	return rc ? rc : drained_wait(x, OC_MAX_STREAM_BACKLOG / 2);
}

enum oc_rc oc_exchange_stream_end_wait(struct oc_exchange *x)
{
	if (!is_open(x)) return OC_CANCELLED;
	end_stream(x);
	return drained_wait(x, 0);
}

void oc_exchange_abort(struct oc_exchange *x)
{
	x->answered = true;
	oc_http_conn_drop(x->conn);
}

enum oc_rc oc_exchange_hand_over_wait(struct oc_exchange *x, struct oc_str head, int *fd,
				      struct oc_buf *early)
{
	x->answered = true;
	oc_http_conn_send(x->conn, &head, 1);
	enum oc_rc rc = drained_wait(x, 0);
	if (rc) return rc;
	*fd = oc_http_conn_detach(x->conn, early);
	return OC_OK;
}
