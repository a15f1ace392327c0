/*
 * http and https URLs as the WHATWG standard reads them (spec 01 §7.1): what a browser would
 * connect to is what the guard judges. The parser walks one cleaned copy of the text; hosts are in
 * host.c.
 */
#include "url.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "base/mem.h"
#include "host.h"

static const char not_http[] = "Invalid URL: must be http or https";

static bool is_slash(char c)
{
	return c == '/' || c == '\\';
}

static bool is_alpha(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool in_scheme(char c)
{
	return is_alpha(c) || (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.';
}

/* Control characters and spaces at the ends, tabs and line ends anywhere do not count. */
static char *cleaned(struct oc_str s, struct oc_str *out)
{
	while (s.n && (unsigned char)s.p[0] <= ' ') s = oc_str_from(s, 1);
	while (s.n && (unsigned char)s.p[s.n - 1] <= ' ') s.n--;
	char *copy = oc_alloc(s.n + 1);
	size_t n = 0;
	for (size_t i = 0; i < s.n; i++)
		if (!memchr("\t\r\n", s.p[i], 3)) copy[n++] = s.p[i];
	*out = (struct oc_str){ copy, n };
	return copy;
}

/* Cuts "scheme:" off *s. False when there is none, *s is untouched then. */
static bool cut_scheme(struct oc_str *s, struct oc_str *scheme)
{
	size_t n = 0;

	if (!s->n || !is_alpha(s->p[0])) return false;
	while (n < s->n && in_scheme(s->p[n])) n++;
	if (n == s->n || s->p[n] != ':') return false;
	*scheme = oc_str_head(*s, n);
	*s = oc_str_from(*s, n + 1);
	return true;
}

static bool is_http(struct oc_str scheme, bool *https)
{
	*https = oc_str_ieq(scheme, OC_LIT("https"));
	return *https || oc_str_ieq(scheme, OC_LIT("http"));
}

/* ---- authority ------------------------------------------------------- */
/* The colon before the port, or the end. Colons in brackets do not count. */
static size_t port_colon(struct oc_str s)
{
	bool bracket = false;

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '[') bracket = true;
		if (s.p[i] == ']') bracket = false;
		if (s.p[i] == ':' && !bracket) return i;
	}
	return s.n;
}

static enum oc_rc parse_port(struct oc_str s, struct oc_url *u, struct oc_err *e)
{
	int64_t port = 0;

	u->port = u->https ? 443 : 80;
	if (s.n == 0) return OC_OK;
	/* A sign would pass oc_parse_int. Port 0 is legal in a URL, but nothing listens there. */
	if (s.p[0] < '0' || s.p[0] > '9' || !oc_parse_int(s, 1, UINT16_MAX, &port))
		return oc_fail(e, OC_E_INPUT,
			       "Invalid URL: the port is not a number from 1 to 65535");
	u->port = (uint16_t)port;
	return OC_OK;
}

/* Consumes "user:password@host:port" up to the path. */
static enum oc_rc parse_authority(struct oc_str *s, struct oc_url *u, struct oc_err *e)
{
	size_t n = 0, at = SIZE_MAX;

	while (s->n && is_slash(s->p[0])) *s = oc_str_from(*s, 1);
	for (; n < s->n && !is_slash(s->p[n]) && s->p[n] != '?' && s->p[n] != '#'; n++)
		if (s->p[n] == '@') at = n; /* the last one counts */
	struct oc_str authority = oc_str_head(*s, n);
	*s = oc_str_from(*s, n);
	if (at != SIZE_MAX) {
		u->had_userinfo = true;
		authority = oc_str_from(authority, at + 1);
	}

	size_t colon = port_colon(authority);
	enum oc_rc rc = oc_host_parse(oc_str_head(authority, colon), u, e);
	return rc ? rc : parse_port(oc_str_from(authority, colon + 1), u, e);
}

/* ---- path ------------------------------------------------------------ */
static void add_encoded(struct oc_buf *out, struct oc_str s, const char *also)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c <= ' ' || c >= 0x7f || strchr(also, c))
			oc_buf_addf(out, "%%%02X", c);
		else
			oc_buf_addc(out, (char)c);
	}
}

/* A dot of a path may be written "%2e". Counts the dots when s is nothing else, at most 3. */
static unsigned dots(struct oc_str s)
{
	unsigned n = 0;

	while (s.n && n < 3) {
		size_t len = s.p[0] == '.' ? 1 : oc_str_istarts(s, OC_LIT("%2e")) ? 3 : 0;
		if (!len) return 0;
		s = oc_str_from(s, len);
		n++;
	}
	return s.n ? 0 : n;
}

/* Cuts the last segment: "/a/b" -> "/a". */
static void pop_segment(struct oc_buf *path)
{
	while (path->n && path->p[path->n - 1] != '/') path->n--;
	if (path->n) path->n--;
}

static void add_segments(struct oc_buf *path, struct oc_str s)
{
	for (bool last = false; !last;) {
		size_t n = 0;

		while (n < s.n && !is_slash(s.p[n])) n++;
		last = n == s.n;
		struct oc_str segment = oc_str_head(s, n);
		s = oc_str_from(s, n + 1);

		unsigned up = dots(segment);
		if (up == 2) pop_segment(path);
		if (up == 1 || up == 2) {
			if (last) oc_buf_addc(path, '/');
			continue;
		}
		oc_buf_addc(path, '/');
		add_encoded(path, segment, "\"#<>?`{}");
	}
}

/* The directory that a relative path starts from: base without query and last segment. */
static struct oc_str directory(const char *path)
{
	size_t n = strcspn(path, "?");

	while (n && path[n - 1] != '/') n--;
	return (struct oc_str){ path, n ? n - 1 : 0 };
}

/* s is what follows the authority, or a reference without one; base may be NULL. */
static void set_path(struct oc_url *u, const struct oc_url *base, struct oc_str s)
{
	struct oc_buf out;
	size_t hash = oc_str_find(s, OC_LIT("#"), 0);

	oc_buf_init(&out, SIZE_MAX / 4);
	s = oc_str_head(s, hash);
	size_t question = oc_str_find(s, OC_LIT("?"), 0);
	struct oc_str path = oc_str_head(s, question);

	if (path.n && is_slash(path.p[0])) {
		add_segments(&out, oc_str_from(path, 1));
	} else if (path.n && base) {
		oc_buf_add(&out, directory(base->path));
		add_segments(&out, path);
	} else if (base) {
		bool keep_query = question == SIZE_MAX;
		oc_buf_add(&out, oc_str_head(oc_str(base->path),
					     keep_query ? SIZE_MAX : strcspn(base->path, "?")));
	} else {
		oc_buf_addc(&out, '/');
	}
	if (question != SIZE_MAX) {
		oc_buf_addc(&out, '?');
		add_encoded(&out, oc_str_from(s, question + 1), "\"#<>'");
	}
	u->path = oc_buf_take(&out);
}

/* ---- whole URLs ------------------------------------------------------ */
static void copy_origin(const struct oc_url *from, struct oc_url *u)
{
	*u = *from;
	u->host = oc_strdup(from->host);
	u->path = NULL;
	u->had_userinfo = false;
}

static bool has_authority(struct oc_str s)
{
	return s.n >= 2 && is_slash(s.p[0]) && is_slash(s.p[1]);
}

static enum oc_rc parse(struct oc_str s, const struct oc_url *base, struct oc_url *u,
			struct oc_err *e)
{
	struct oc_str scheme;
	bool has_scheme = cut_scheme(&s, &scheme);

	if (has_scheme ? !is_http(scheme, &u->https) : !base)
		return oc_fail(e, OC_E_INPUT, not_http);
	/* "http:path" is relative to an http base, "http:host" an authority to any other. */
	if (base && !has_authority(s) && (!has_scheme || u->https == base->https)) {
		copy_origin(base, u);
		set_path(u, base, s);
		return OC_OK;
	}
	if (!has_scheme) u->https = base->https;
	enum oc_rc rc = parse_authority(&s, u, e);
	if (!rc) set_path(u, NULL, s);
	return rc;
}

static enum oc_rc parse_text(struct oc_str s, const struct oc_url *base, struct oc_url *out,
			     struct oc_err *e)
{
	struct oc_url u = { 0 };
	struct oc_str text;

	if (s.n > OC_MAX_URL_CHARS)
		return oc_fail(e, OC_E_INPUT, "Invalid URL: longer than %d characters",
			       OC_MAX_URL_CHARS);
	char *copy = cleaned(s, &text);
	enum oc_rc rc = parse(text, base, &u, e);
	free(copy);
	if (rc)
		oc_url_deinit(&u);
	else
		*out = u;
	return rc;
}

enum oc_rc oc_url_parse(struct oc_str s, struct oc_url *out, struct oc_err *e)
{
	return parse_text(s, NULL, out, e);
}

enum oc_rc oc_url_resolve(const struct oc_url *base, struct oc_str ref, struct oc_url *out,
			  struct oc_err *e)
{
	return parse_text(ref, base, out, e);
}

void oc_url_deinit(struct oc_url *u)
{
	free(u->host);
	free(u->path);
	*u = (struct oc_url){ 0 };
}

bool oc_url_same_origin(const struct oc_url *a, const struct oc_url *b)
{
	return a->https == b->https && a->port == b->port && strcmp(a->host, b->host) == 0;
}

char *oc_url_origin(const struct oc_url *u)
{
	bool v6 = u->is_ip && u->ip.v6;
	char port[8] = "";

	if (u->port != (u->https ? 443 : 80)) snprintf(port, sizeof port, ":%u", u->port);
	return oc_asprintf("%s://%s%s%s%s", u->https ? "https" : "http", v6 ? "[" : "", u->host,
			   v6 ? "]" : "", port);
}

char *oc_url_text(const struct oc_url *u)
{
	char *origin = oc_url_origin(u), *text = oc_asprintf("%s%s", origin, u->path);

	free(origin);
	return text;
}
