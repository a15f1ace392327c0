/*
 * Request heads. The text is copied once and cut in place; lines end in CR LF alone, a line that
 * goes on in the next one is refused, and so is every length that is said twice.
 */
#include "net/server/http_head.h"

#include <stdlib.h>
#include <strings.h>

#include "base/limits.h"
#include "base/mem.h"

enum { MAX_METHOD = 32, MAX_EMPTY_LINES = 4 };

/* A part of the text that is being cut into strings. */
struct cut {
	char *p, *end;
};

bool oc_http_is_token_char(char c)
{
	if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) return true;
	return c && strchr("!#$%&'*+-.^_`|~", c);
}

static bool is_token(const char *s)
{
	size_t n = 0;

	while (oc_http_is_token_char(s[n])) n++;
	return n && !s[n];
}

static bool is_forbidden(struct oc_str in, size_t at)
{
	return in.p[at] == '\0' || (in.p[at] == '\n' && (at == 0 || in.p[at - 1] != '\r'));
}

size_t oc_http_head_size(struct oc_str in, size_t from, int *status)
{
	size_t begin = 0;

	*status = 0;
	while (begin + 1 < in.n && in.p[begin] == '\r' && in.p[begin + 1] == '\n') begin += 2;
	if (begin > 2 * MAX_EMPTY_LINES) {
		*status = 400;
		return 0;
	}
	from = from > 3 ? from - 3 : 0;
	for (size_t i = from > begin ? from : begin; i < in.n; i++) {
		if (is_forbidden(in, i)) {
			*status = 400;
			return 0;
		}
		if (i >= begin + 3 && !memcmp(in.p + i - 3, "\r\n\r\n", 4)) return i + 1;
	}
	if (in.n >= OC_MAX_SERVER_HEAD_BYTES) *status = 431;
	return 0;
}

/* The next line without its end, NUL-terminated; NULL at the end of the text. */
static char *next_line(struct cut *c)
{
	char *line = c->p, *end = memmem(c->p, (size_t)(c->end - c->p), "\r\n", 2);

	if (!end) return NULL;
	*end = '\0';
	c->p = end + 2;
	return line;
}

static bool has_control(const char *s)
{
	for (; *s; s++)
		if (((unsigned char)*s < ' ' && *s != '\t') || *s == 0x7f) return true;
	return false;
}

/* ---- the request line ---- */

static bool is_target(const char *s)
{
	for (; *s; s++)
		if (*s <= ' ' || *s >= 0x7f) return false; /* signed: bytes above 0x7f are < 0 */
	return true;
}

/* An absolute URL is what clients send to a proxy; servers have to take it (RFC 9112
 * section 3.2.2).
 */
static char *cut_origin(char *target)
{
	static char root[] = "/";
	bool https = !strncasecmp(target, "https://", 8);

	if (!https && strncasecmp(target, "http://", 7) != 0) return target;
	char *rest = target + (https ? 8 : 7);
	char *path = rest + strcspn(rest, "/?");
	if (*path == '/' || path == rest) return path;
	return *path ? NULL : root;
}

static int parse_target(char *target, struct oc_http_head *out)
{
	if (!is_target(target)) return 400;
	target = cut_origin(target);
	if (!target || (*target != '/' && strcmp(target, "*") != 0)) return 400;
	char *query = strpbrk(target, "?#");
	out->path = target;
	out->query = "";
	if (!query) return 0;
	if (*query == '#') return 400; /* a fragment is never sent */
	*query = '\0';
	out->query = query + 1;
	return strchr(out->query, '#') ? 400 : 0;
}

static int parse_version(const char *s, struct oc_http_head *out)
{
	if (strncmp(s, "HTTP/", 5) != 0 || s[5] < '0' || s[5] > '9' || s[6] != '.' || s[7] < '0' ||
	    s[7] > '9' || s[8])
		return 400;
	if (s[5] != '1' || s[7] > '1') return 505;
	out->minor = s[7] - '0';
	return 0;
}

static int parse_request_line(char *line, struct oc_http_head *out)
{
	char *target = strchr(line, ' ');
	char *version = target ? strchr(target + 1, ' ') : NULL;

	if (!version) return 400;
	*target++ = '\0';
	*version++ = '\0';
	if (!is_token(line) || strlen(line) > MAX_METHOD) return 400;
	out->method = line;
	int status = parse_version(version, out);
	return status ? status : parse_target(target, out);
}

/* ---- fields ---- */

static char *trim(char *s)
{
	s += strspn(s, " \t");
	size_t n = strlen(s);
	while (n && (s[n - 1] == ' ' || s[n - 1] == '\t')) n--;
	s[n] = '\0';
	return s;
}

static int add_field(char *line, struct oc_http_head *out)
{
	char *colon = strchr(line, ':');

	if (out->n_fields == OC_MAX_SERVER_HEADERS) return 431;
	if (!colon) return 400;
	*colon = '\0';
	/* White space at the begin would be a folded line, before the colon a hidden name. */
	if (!is_token(line) || has_control(colon + 1)) return 400;
	out->fields[out->n_fields++] = (struct oc_http_field){ line, trim(colon + 1) };
	return 0;
}

const char *oc_http_head_get(const struct oc_http_head *h, const char *name)
{
	for (size_t i = 0; i < h->n_fields; i++)
		if (!strcasecmp(h->fields[i].name, name)) return h->fields[i].value;
	return NULL;
}

unsigned oc_http_head_count(const struct oc_http_head *h, const char *name)
{
	unsigned n = 0;

	for (size_t i = 0; i < h->n_fields; i++) n += !strcasecmp(h->fields[i].name, name);
	return n;
}

static bool list_has(const char *list, struct oc_str token)
{
	while (*list) {
		size_t n = strcspn(list, ",");
		if (oc_str_ieq(oc_str_trim((struct oc_str){ list, n }), token)) return true;
		list += n + (list[n] == ',');
	}
	return false;
}

bool oc_http_head_has_token(const struct oc_http_head *h, const char *name, const char *token)
{
	for (size_t i = 0; i < h->n_fields; i++)
		if (!strcasecmp(h->fields[i].name, name) &&
		    list_has(h->fields[i].value, oc_str(token)))
			return true;
	return false;
}

/* ---- what the fields mean ---- */

static int decide_coding(struct oc_http_head *h, const char **why)
{
	const char *coding = oc_http_head_get(h, "Transfer-Encoding");
	bool sized = oc_http_head_get(h, "Content-Length");

	if (sized || h->minor == 0 || oc_http_head_count(h, "Transfer-Encoding") > 1) {
		*why = sized ? "both Content-Length and Transfer-Encoding" : "Transfer-Encoding";
		return 400;
	}
	if (strcasecmp(coding, "chunked") != 0) {
		*why = "only the transfer coding \"chunked\" is understood";
		return list_has(coding, OC_LIT("chunked")) ? 400 : 501;
	}
	h->body = OC_HTTP_CHUNKED;
	return 0;
}

static int decide_size(struct oc_http_head *h, const char **why)
{
	const char *size = oc_http_head_get(h, "Content-Length");
	int64_t n;

	if (oc_http_head_count(h, "Content-Length") > 1) {
		*why = "Content-Length is given more than once";
		return 400;
	}
	if (*size < '0' || *size > '9' || !oc_parse_int(oc_str(size), 0, INT64_MAX, &n)) {
		*why = "Content-Length is not a number";
		return 400;
	}
	h->body = n ? OC_HTTP_SIZED : OC_HTTP_NO_BODY;
	h->body_size = (uint64_t)n;
	return 0;
}

static int decide_body(struct oc_http_head *h, const char **why)
{
	if (oc_http_head_get(h, "Transfer-Encoding")) return decide_coding(h, why);
	return oc_http_head_get(h, "Content-Length") ? decide_size(h, why) : 0;
}

static int decide(struct oc_http_head *h, const char **why)
{
	unsigned hosts = oc_http_head_count(h, "Host");
	const char *expect = oc_http_head_get(h, "Expect");

	if (hosts > 1 || (hosts == 0 && h->minor > 0)) {
		*why = hosts ? "Host is given more than once" : "Host is missing";
		return 400;
	}
	h->keep_alive = h->minor > 0 ? !oc_http_head_has_token(h, "Connection", "close")
				     : oc_http_head_has_token(h, "Connection", "keep-alive");
	h->expects_continue = expect && h->minor > 0;
	if (expect && strcasecmp(expect, "100-continue") != 0) {
		*why = "only \"Expect: 100-continue\" is understood";
		return 417;
	}
	return decide_body(h, why);
}

static int parse_fields(struct cut *c, struct oc_http_head *out, const char **why)
{
	char *line;

	out->fields = oc_realloc_array(NULL, OC_MAX_SERVER_HEADERS, sizeof *out->fields);
	while ((line = next_line(c)) && *line) {
		int status = add_field(line, out);
		if (status) {
			*why = status == 431 ? "too many headers" : "malformed header";
			return status;
		}
	}
	out->fields = oc_realloc_array(out->fields, out->n_fields, sizeof *out->fields);
	return 0;
}

static int parse(struct cut c, struct oc_http_head *out, const char **why)
{
	char *line;

	while ((line = next_line(&c)) && !*line) continue;
	int status = line ? parse_request_line(line, out) : 400;
	if (status) {
		*why = status == 505 ? "only HTTP/1.0 and HTTP/1.1 are spoken"
				     : "malformed request line";
		return status;
	}
	status = parse_fields(&c, out, why);
	return status ? status : decide(out, why);
}

int oc_http_head_parse(struct oc_str in, struct oc_http_head *out, const char **why)
{
	char *text = oc_strndup(in.p, in.n);

	*out = (struct oc_http_head){ .text = text };
	*why = "malformed head";
	int status =
	    memchr(text, '\0', in.n) ? 400 : parse((struct cut){ text, text + in.n }, out, why);
	if (status) oc_http_head_deinit(out);
	return status;
}

void oc_http_head_deinit(struct oc_http_head *h)
{
	free(h->fields);
	free(h->text);
	*h = (struct oc_http_head){ 0 };
}
