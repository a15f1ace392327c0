/*
 * libcurl's multi interface behind calls that park. The guard decides before every hop and the
 * addresses it checked are pinned; the socket callback looks once more at what curl is about to
 * connect to. One connection a call: with reuse a changed pin would go to the old address.
 */
#include "net/client/http_client.h"

#include "net/client/curl_api.h"
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <strings.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "net/client/curl_loop.h"
#include "net/client/redirects.h"
#include "rt/dns.h"

enum {
	CONNECT_TIMEOUT_MS = 5000,
	READ_AHEAD_BYTES = 262144, /* unread body above which the transfer pauses */
};

struct oc_http {
	CURL *easy;
	struct curl_slist *headers, *resolve;
	struct oc_ip addr[OC_MAX_RESOLVED_ADDRESSES];
	size_t n_addr;
	struct oc_buf body;  /* arrived, not yet read */
	struct oc_buf given; /* what the last read handed out */
	struct oc_strv head; /* "Name: value" lines of the final response */
	char *url;
	size_t head_bytes; /* of every head, informational ones and trailers included */
	int status;
	bool head_done, done, paused, blocked_socket, chunked, any_byte;
	CURLcode result;
	long os_errno;
	uint64_t idle_timeout_ms, last_byte_ms;
	enum oc_http_failure failure;
	struct oc_wait *wait;
	char error[CURL_ERROR_SIZE];
};

static void notify(struct oc_http *h)
{
	h->last_byte_ms = oc_now_ms();
	if (h->wait) oc_wait_end(h->wait, OC_OK);
}

/* ---- callbacks of curl ---- */

static void head_line(struct oc_http *h, struct oc_str line)
{
	if (oc_str_starts(line, OC_LIT("HTTP/"))) {
		oc_strv_deinit(&h->head); /* an earlier head was informational (1xx) */
		return;
	}
	if (line.n) {
		oc_strv_add(&h->head, line);
		if (oc_str_istarts(line, OC_LIT("transfer-encoding:")) &&
		    oc_str_ihas(line, "chunked"))
			h->chunked = true;
		return;
	}
	long status = 0;
	oc_curl()->easy_getinfo(h->easy, CURLINFO_RESPONSE_CODE, &status);
	if (status < 200 && status != 101) return;
	h->status = (int)status;
	h->head_done = true;
}

static size_t on_header(char *p, size_t size, size_t n, void *arg)
{
	struct oc_http *h = arg;
	struct oc_str line = { p, size * n };

	h->any_byte = true;
	h->head_bytes += line.n;
	if (h->head_bytes > OC_MAX_HEADER_BYTES) return 0; /* ends the transfer */
	while (line.n && (line.p[line.n - 1] == '\n' || line.p[line.n - 1] == '\r')) line.n--;
	if (!h->head_done) head_line(h, line); /* later ones are trailers */
	notify(h);
	return size * n;
}

static size_t on_body(char *p, size_t size, size_t n, void *arg)
{
	struct oc_http *h = arg;

	if (h->body.n >= READ_AHEAD_BYTES) {
		h->paused = true;
		return CURL_WRITEFUNC_PAUSE;
	}
	oc_buf_add(&h->body, (struct oc_str){ p, size * n });
	notify(h);
	return size * n;
}

static curl_socket_t on_open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct oc_http *h = arg;
	struct oc_ip ip;
	bool checked = false;

	(void)purpose;
	if (oc_ip_from_sockaddr(&address->addr, &ip))
		for (size_t i = 0; i < h->n_addr; i++) checked |= oc_ip_eq(&ip, &h->addr[i]);
	if (!checked) {
		h->blocked_socket = true;
		return CURL_SOCKET_BAD;
	}
	return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static void on_done(void *arg, CURLcode result)
{
	struct oc_http *h = arg;

	h->done = true;
	h->result = result;
	oc_curl()->easy_getinfo(h->easy, CURLINFO_OS_ERRNO, &h->os_errno);
	if (h->wait) oc_wait_end(h->wait, OC_OK);
}

/* ---- results ---- */

static bool is_tls_error(CURLcode c)
{
	return c == CURLE_SSL_CONNECT_ERROR || c == CURLE_PEER_FAILED_VERIFICATION ||
	       c == CURLE_SSL_CERTPROBLEM || c == CURLE_SSL_CIPHER ||
	       c == CURLE_SSL_CACERT_BADFILE || c == CURLE_SSL_ISSUER_ERROR ||
	       c == CURLE_SSL_INVALIDCERTSTATUS;
}

static enum oc_http_failure classify(const struct oc_http *h)
{
	if (h->blocked_socket) return OC_HTTP_BLOCKED;
	if (is_tls_error(h->result)) return OC_HTTP_TLS;
	switch (h->result) {
	/* Without a head it was cut inside it, which libcurl calls complete. */
	case CURLE_OK: return h->head_done ? OC_HTTP_OK : OC_HTTP_TRUNCATED;
	case CURLE_COULDNT_RESOLVE_HOST: return OC_HTTP_RESOLVE;
	case CURLE_COULDNT_CONNECT: return OC_HTTP_REFUSED;
	case CURLE_OPERATION_TIMEDOUT: return OC_HTTP_TIMEOUT;
	case CURLE_GOT_NOTHING: return h->any_byte ? OC_HTTP_TRUNCATED : OC_HTTP_NO_RESPONSE;
	case CURLE_UNSUPPORTED_PROTOCOL: /* HTTP/0.9: the first bytes are no status line */
	case CURLE_WEIRD_SERVER_REPLY: return OC_HTTP_NOT_HTTP;
	case CURLE_PARTIAL_FILE: return OC_HTTP_TRUNCATED;
	case CURLE_SEND_ERROR: return OC_HTTP_RESET;
	/* A reset and a bad chunk share a code; only the first one has an errno. */
	case CURLE_RECV_ERROR:
		return h->os_errno || !h->any_byte ? OC_HTTP_RESET : OC_HTTP_BAD_PAYLOAD;
	case CURLE_BAD_CONTENT_ENCODING:
	case CURLE_WRITE_ERROR: return OC_HTTP_BAD_PAYLOAD;
	default: return OC_HTTP_OTHER;
	}
}

static enum oc_rc fail_transfer(struct oc_http *h, struct oc_err *e)
{
	const char *detail = h->error[0] ? h->error : oc_curl()->easy_strerror(h->result);

	h->failure = classify(h);
	if (h->head_bytes > OC_MAX_HEADER_BYTES)
		return oc_fail(e, OC_E_LIMIT, "the response head is larger than %d bytes",
			       OC_MAX_HEADER_BYTES);
	switch (h->failure) {
	case OC_HTTP_BLOCKED:
		return oc_fail(e, OC_E_DENIED, "blocked: the address was not checked");
	case OC_HTTP_TIMEOUT: return oc_fail(e, OC_E_TIMEOUT, "timed out: %s", detail);
	case OC_HTTP_TRUNCATED:
		return oc_fail(e, OC_E_UPSTREAM,
			       h->head_done
				   ? "terminated: the body ended before its announced end"
				   : "terminated: the connection ended inside the response's head");
	case OC_HTTP_NO_RESPONSE:
		return oc_fail(e, OC_E_UPSTREAM,
			       "the server closed the connection without an answer");
	case OC_HTTP_RESET: return oc_fail(e, OC_E_UPSTREAM, "connection reset by the server");
	case OC_HTTP_NOT_HTTP: return oc_fail(e, OC_E_PROTO, "what answered does not speak HTTP");
	case OC_HTTP_BAD_PAYLOAD: return oc_fail(e, OC_E_PROTO, "damaged body: %s", detail);
	default: return oc_fail(e, OC_E_UPSTREAM, "%s", detail);
	}
}

/* Parks until something happens to h. The caller's deadline and the idle time-out both end it. */
static enum oc_rc activity_wait(struct oc_http *h, struct oc_deadline d, struct oc_err *e)
{
	struct oc_deadline idle = { h->idle_timeout_ms ? h->last_byte_ms + h->idle_timeout_ms : 0 };
	struct oc_wait w = { 0 };

	h->wait = &w;
	enum oc_rc rc = oc_wait_park(&w, oc_deadline_min(d, idle));
	h->wait = NULL;
	if (rc != OC_E_TIMEOUT) return rc;
	h->failure = OC_HTTP_TIMEOUT;
	if (oc_deadline_passed(idle))
		return oc_fail(e, rc, "no response for %llu s",
			       (unsigned long long)(h->idle_timeout_ms + 999) / 1000);
	return oc_fail(e, rc, "timed out");
}

/* ---- one hop ---- */

static enum oc_rc resolve_wait(struct oc_http *h, const struct oc_url *url, struct oc_deadline d,
			       struct oc_err *e)
{
	struct sockaddr_storage found[OC_MAX_RESOLVED_ADDRESSES];
	size_t n = 0;

	if (url->is_ip) {
		h->addr[0] = url->ip;
		h->n_addr = 1;
		return OC_OK;
	}
	enum oc_rc rc = oc_dns_wait(url->host, d, found, OC_MAX_RESOLVED_ADDRESSES, &n, e);
	if (rc != OC_OK) return rc;
	for (size_t i = 0; i < n; i++)
		h->n_addr +=
		    oc_ip_from_sockaddr((const struct sockaddr *)&found[i], &h->addr[h->n_addr]);
	return OC_OK;
}

/* "host:port:addr,addr": curl never resolves by itself. A literal host needs no pin. */
static void pin(struct oc_http *h, const struct oc_url *url)
{
	struct oc_buf line;

	if (url->is_ip) return;
	oc_buf_init(&line, SIZE_MAX - 1);
	oc_buf_addf(&line, "%s:%u:", url->host, url->port);
	for (size_t i = 0; i < h->n_addr; i++) {
		char text[OC_IP_TEXT];
		oc_ip_format(&h->addr[i], text);
		oc_buf_addf(&line, h->addr[i].v6 ? "%s[%s]" : "%s%s", i ? "," : "", text);
	}
	h->resolve = oc_curl()->slist_append(NULL, oc_buf_cstr(&line));
	oc_buf_deinit(&line);
	oc_curl()->easy_setopt(h->easy, CURLOPT_RESOLVE, h->resolve);
}

static struct oc_str header_name(const char *line)
{
	struct oc_str l = oc_str(line);
	return oc_str_head(l, oc_str_find(l, OC_LIT(":"), 0));
}

/* Is there a later line of the same name? */
static bool overridden(const struct oc_strv *lines, size_t i)
{
	for (size_t k = i + 1; k < lines->n; k++)
		if (oc_str_ieq(header_name(lines->v[i]), header_name(lines->v[k]))) return true;
	return false;
}

static void set_headers(struct oc_http *h, const struct oc_http_request *req, bool strip)
{
	struct curl_slist *list = NULL;

	for (size_t i = 0; req->headers && i < req->headers->n; i++) {
		const char *line = req->headers->v[i];
		if (strip && !oc_header_survives(header_name(line))) continue;
		if (!overridden(req->headers, i)) list = oc_curl()->slist_append(list, line);
	}
	list = oc_curl()->slist_append(list, "Expect:"); /* no waiting for 100 Continue */
	h->headers = list;
	oc_curl()->easy_setopt(h->easy, CURLOPT_HTTPHEADER, list);
}

static void set_method(struct oc_http *h, const char *method, bool body, struct oc_str bytes)
{
	if (!strcmp(method, "GET")) return;
	oc_curl()->easy_setopt(h->easy, CURLOPT_CUSTOMREQUEST, method);
	if (!body) bytes = OC_LIT("");
	oc_curl()->easy_setopt(h->easy, CURLOPT_POST, 1L);
	oc_curl()->easy_setopt(h->easy, CURLOPT_POSTFIELDS, bytes.p ? bytes.p : "");
	oc_curl()->easy_setopt(h->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)bytes.n);
}

static void set_options(struct oc_http *h, const struct oc_http_request *req, const char *url)
{
	CURL *c = h->easy;
	long connect_ms =
	    req->connect_timeout_ms ? (long)req->connect_timeout_ms : CONNECT_TIMEOUT_MS;

	oc_curl()->easy_setopt(c, CURLOPT_URL, url);
	oc_curl()->easy_setopt(c, CURLOPT_PRIVATE, h);
	oc_curl()->easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	oc_curl()->easy_setopt(c, CURLOPT_PROXY, "");
	oc_curl()->easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
	oc_curl()->easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
	oc_curl()->easy_setopt(c, CURLOPT_FRESH_CONNECT, 1L);
	oc_curl()->easy_setopt(c, CURLOPT_FORBID_REUSE, 1L);
	oc_curl()->easy_setopt(c, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	oc_curl()->easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, connect_ms);
	/* Asks for no coding, and decodes one that comes all the same. */
	oc_curl()->easy_setopt(c, CURLOPT_ACCEPT_ENCODING, "identity");
	oc_curl()->easy_setopt(c, CURLOPT_ERRORBUFFER, h->error);
	oc_curl()->easy_setopt(c, CURLOPT_HEADERFUNCTION, on_header);
	oc_curl()->easy_setopt(c, CURLOPT_HEADERDATA, h);
	oc_curl()->easy_setopt(c, CURLOPT_WRITEFUNCTION, on_body);
	oc_curl()->easy_setopt(c, CURLOPT_WRITEDATA, h);
	oc_curl()->easy_setopt(c, CURLOPT_OPENSOCKETFUNCTION, on_open_socket);
	oc_curl()->easy_setopt(c, CURLOPT_OPENSOCKETDATA, h);
}

static struct oc_http *http_new(const struct oc_http_request *req)
{
	struct oc_http *h = oc_new(struct oc_http);

	oc_buf_init(&h->body, SIZE_MAX - 1); /* bounded by READ_AHEAD_BYTES and one write of curl */
	oc_buf_init(&h->given, SIZE_MAX - 1);
	h->idle_timeout_ms = req->idle_timeout_ms;
	h->last_byte_ms = oc_now_ms();
	return h;
}

static void log_block(const struct oc_http_request *req, const struct oc_url *url,
		      const struct oc_err *e)
{
	char *origin = oc_url_origin(url);

	oc_log(OC_LOG_WARN, "security", "blocked URL fetch (%s) targetOrigin=%s reason=%s",
	       req->context ? req->context : "model call", origin, e->msg);
	free(origin);
}

/* allowPrivateNetwork: true reaches these too (D1); said once, because it is rarely meant. */
static void warn_of_metadata(const struct oc_http *h, const struct oc_guard *g)
{
	static bool said;

	for (size_t i = 0; i < h->n_addr && !said; i++) {
		if (g->allow_private != OC_TRUE || !oc_ip_is_metadata_or_link_local(&h->addr[i]))
			continue;
		oc_log(
		    OC_LOG_WARN, "security",
		    "allowPrivateNetwork: true lets a model call reach a metadata or link-local address");
		said = true;
	}
}

struct hop {
	const char *method;
	const struct oc_url *url;
	bool body, strip;
	struct oc_redirects *redirects;
};

static enum oc_rc check_wait(struct oc_http *h, const struct oc_http_request *req,
			     const struct hop *hop, struct oc_deadline d, struct oc_err *e)
{
	enum oc_rc rc = oc_guard_check_host(req->guard, hop->url, e);

	h->failure = OC_HTTP_BLOCKED;
	if (rc == OC_OK) {
		h->failure = OC_HTTP_RESOLVE;
		rc = resolve_wait(h, hop->url, d, e);
		if (rc == OC_OK) {
			rc = oc_redirects_check_addrs(hop->redirects, req->guard, hop->url, h->addr,
						      h->n_addr, e);
			if (rc == OC_E_DENIED) h->failure = OC_HTTP_BLOCKED;
		}
	}
	if (rc == OC_E_DENIED) log_block(req, hop->url, e);
	return rc;
}

static enum oc_rc send_wait(struct oc_http *h, const struct oc_http_request *req,
			    const struct hop *hop, struct oc_deadline d, struct oc_err *e)
{
	enum oc_rc rc = check_wait(h, req, hop, d, e);

	if (rc != OC_OK) return rc;
	h->failure = OC_HTTP_OTHER;
	warn_of_metadata(h, req->guard);
	char *url = oc_url_text(hop->url);
	h->easy = oc_curl_easy_new();
	set_options(h, req, url);
	set_method(h, hop->method, hop->body, req->body);
	set_headers(h, req, hop->strip);
	pin(h, hop->url);
	free(url);
	oc_curl_start(h->easy, on_done, h);
	while (!h->head_done && !h->done) {
		rc = activity_wait(h, d, e);
		if (rc != OC_OK) return rc;
	}
	if (!h->head_done) return fail_transfer(h, e);
	h->failure = OC_HTTP_OK;
	return OC_OK;
}

/* ---- redirects ---- */

/* A 307 of a POST to another origin would arrive without its body: better no request than a wrong
 * one. */
static enum oc_rc refuse_bodyless(const struct oc_hop_request *next, struct oc_err *e)
{
	char *origin = oc_url_origin(&next->url);

	oc_fail(
	    e, OC_E_PROTO,
	    "the server redirects the request to %s, which is another origin; use that as baseUrl",
	    origin);
	free(origin);
	return OC_E_PROTO;
}

/* Judges the answer h. kind says whether *next is to be sent. */
static enum oc_rc next_hop(const struct oc_http_request *req, const struct hop *hop,
			   const struct oc_http *h, enum oc_hop *kind, struct oc_hop_request *next,
			   enum oc_http_failure *why, struct oc_err *e)
{
	enum oc_rc rc =
	    oc_redirects_next(hop->redirects, req->guard, hop->method, hop->url, hop->body,
			      h->status, oc_http_header(h, "location"), kind, next, e);

	if (rc == OC_OK && *kind == OC_HOP_FOLLOW && next->body_dropped) {
		rc = refuse_bodyless(next, e);
		oc_hop_request_deinit(next);
	}
	if (rc == OC_OK) return rc;
	*why = rc == OC_E_DENIED ? OC_HTTP_BLOCKED : OC_HTTP_REDIRECT;
	struct oc_url target;
	if (rc == OC_E_DENIED && oc_url_resolve(hop->url, oc_str(oc_http_header(h, "location")),
						&target, NULL) == OC_OK) {
		log_block(req, &target, e);
		oc_url_deinit(&target);
	}
	return rc;
}

static enum oc_rc follow_wait(const struct oc_http_request *req, struct oc_deadline d,
			      struct hop hop, struct oc_http **out, enum oc_http_failure *why,
			      struct oc_err *e)
{
	struct oc_hop_request current = { 0 };
	enum oc_rc rc;

	for (;;) {
		enum oc_hop kind = OC_HOP_NONE;
		struct oc_hop_request next = { 0 };
		struct oc_http *h = http_new(req);

		rc = send_wait(h, req, &hop, d, e);
		*why = h->failure;
		if (rc == OC_OK && !req->no_redirects)
			rc = next_hop(req, &hop, h, &kind, &next, why, e);
		if (rc == OC_OK && kind == OC_HOP_NONE) {
			h->url = oc_url_text(hop.url);
			*out = h;
			break;
		}
		oc_http_close(h);
		if (rc != OC_OK) break;
		oc_hop_request_deinit(&current);
		current = next;
		hop.method = current.method;
		hop.url = &current.url;
		hop.body = current.body;
		hop.strip = current.strip_headers;
	}
	oc_hop_request_deinit(&current);
	return rc;
}

/* ---- public ---- */

enum oc_rc oc_http_open_wait(const struct oc_http_request *req, struct oc_deadline d,
			     struct oc_http **out, enum oc_http_failure *why, struct oc_err *e)
{
	enum oc_http_failure unused;
	struct oc_url url;
	enum oc_rc rc = oc_url_parse(oc_str(req->url), &url, e);

	if (!why) why = &unused;
	*why = OC_HTTP_OTHER;
	if (rc != OC_OK) return rc;
	struct oc_redirects redirects = { 0 };
	struct hop first = { req->method, &url, req->body.n > 0, false, &redirects };
	rc = follow_wait(req, d, first, out, why, e);
	oc_redirects_deinit(&redirects);
	oc_url_deinit(&url);
	return rc;
}

enum oc_rc oc_http_read_wait(struct oc_http *h, struct oc_deadline d, struct oc_str *out,
			     struct oc_err *e)
{
	while (h->body.n == 0) {
		if (h->paused) {
			h->paused = false;
			oc_curl()->easy_pause(
			    h->easy, CURLPAUSE_CONT); /* may bring bytes before it returns */
			continue;
		}
		if (h->done) return h->result == CURLE_OK ? OC_EOF : fail_transfer(h, e);
		enum oc_rc rc = activity_wait(h, d, e);
		if (rc != OC_OK) return rc;
	}
	struct oc_buf spare = h->given;
	h->given = h->body;
	h->body = spare;
	oc_buf_clear(&h->body);
	*out = oc_buf_view(&h->given);
	return OC_OK;
}

enum oc_rc oc_http_read_all_wait(struct oc_http *h, struct oc_deadline d, struct oc_buf *out,
				 struct oc_err *e)
{
	for (;;) {
		struct oc_str piece;
		enum oc_rc rc = oc_http_read_wait(h, d, &piece, e);
		if (rc == OC_EOF) return OC_OK;
		if (rc != OC_OK) return rc;
		oc_buf_add(out, piece);
		if (out->bad)
			return oc_fail(e, OC_E_LIMIT, "the answer is larger than %zu bytes",
				       out->max);
	}
}

void oc_http_close(struct oc_http *h)
{
	if (!h) return;
	if (h->easy) oc_curl_stop(h->easy);
	oc_curl()->slist_free_all(h->headers);
	oc_curl()->slist_free_all(h->resolve);
	oc_buf_deinit(&h->body);
	oc_buf_deinit(&h->given);
	oc_strv_deinit(&h->head);
	free(h->url);
	free(h);
}

int oc_http_status(const struct oc_http *h)
{
	return h->status;
}

const char *oc_http_url(const struct oc_http *h)
{
	return h->url;
}

const char *oc_http_header(const struct oc_http *h, const char *name)
{
	for (size_t i = 0; i < h->head.n; i++) {
		struct oc_str have = header_name(h->head.v[i]);
		if (!oc_str_ieq(have, oc_str(name)) || !h->head.v[i][have.n]) continue;
		const char *value = h->head.v[i] + have.n + 1;
		while (*value == ' ' || *value == '\t') value++;
		return value;
	}
	return NULL;
}

const struct oc_strv *oc_http_headers(const struct oc_http *h)
{
	return &h->head;
}

bool oc_http_unclean_end(const struct oc_http *h)
{
	return h->done && h->result == CURLE_PARTIAL_FILE && h->chunked;
}

enum oc_http_failure oc_http_failure(const struct oc_http *h)
{
	return h->failure;
}
