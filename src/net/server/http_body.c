/* Bodies of requests, whole or in chunks (RFC 9112 section 7.1). */
#include "net/server/http_body.h"

#include "base/limits.h"

enum { MAX_SIZE_DIGITS = 15 }; /* leaves room below 2^63 */

void oc_http_body_init(struct oc_http_body *b, const struct oc_http_head *h)
{
	*b = (struct oc_http_body){ .kind = h->body,
				    .left = h->body_size,
				    .done = h->body == OC_HTTP_NO_BODY };
}

static enum oc_rc take_data(struct oc_http_body *b, struct oc_str in, struct oc_buf *out,
			    size_t *used)
{
	struct oc_str part = oc_str_head(in, b->left < in.n ? (size_t)b->left : in.n);

	if (out) oc_buf_add(out, part);
	b->left -= part.n;
	*used = part.n;
	return out && out->bad ? OC_E_LIMIT : OC_OK;
}

/* Finds the line that in begins with. OC_EOF: it is not complete yet. */
static enum oc_rc find_line(struct oc_str in, size_t max, struct oc_str *line, size_t *used)
{
	const char *lf = in.n ? memchr(in.p, '\n', in.n) : NULL;
	size_t n = lf ? (size_t)(lf - in.p) : in.n;

	if (n > max) return OC_E_PROTO;
	if (!lf) return OC_EOF;
	if (n == 0 || in.p[n - 1] != '\r') return OC_E_PROTO;
	*line = oc_str_head(in, n - 1);
	*used = n + 1;
	for (size_t i = 0; i < line->n; i++)
		if (((unsigned char)line->p[i] < ' ' && line->p[i] != '\t') || line->p[i] == 0x7f)
			return OC_E_PROTO;
	return OC_OK;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9') return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static enum oc_rc take_size_line(struct oc_http_body *b, struct oc_str in, size_t *used)
{
	struct oc_str line;
	enum oc_rc rc = find_line(in, OC_MAX_CHUNK_LINE_BYTES, &line, used);
	size_t n = 0;

	if (rc) return rc;
	b->left = 0;
	for (; n < line.n && hex_digit(line.p[n]) >= 0; n++) {
		if (n == MAX_SIZE_DIGITS) return OC_E_PROTO;
		b->left = b->left * 16 + (unsigned)hex_digit(line.p[n]);
	}
	struct oc_str rest = oc_str_trim(oc_str_from(line, n));
	if (n == 0 || (rest.n && rest.p[0] != ';')) return OC_E_PROTO;
	b->state = b->left ? OC_CHUNK_DATA : OC_CHUNK_TRAILER;
	return OC_OK;
}

static enum oc_rc take_data_end(struct oc_http_body *b, struct oc_str in, size_t *used)
{
	if (in.p[0] != '\r' || (in.n > 1 && in.p[1] != '\n')) return OC_E_PROTO;
	if (in.n < 2) return OC_EOF;
	*used = 2;
	b->state = OC_CHUNK_SIZE_LINE;
	return OC_OK;
}

static enum oc_rc take_trailer(struct oc_http_body *b, struct oc_str in, size_t *used)
{
	struct oc_str line;
	enum oc_rc rc = find_line(in, OC_MAX_TRAILER_BYTES - b->trailer, &line, used);

	if (rc) return rc;
	b->done = line.n == 0;
	if (b->done) return OC_OK;
	b->trailer +=
	    *used < OC_MAX_TRAILER_BYTES - b->trailer ? *used : OC_MAX_TRAILER_BYTES - b->trailer;
	size_t name = 0;
	while (name < line.n && oc_http_is_token_char(line.p[name])) name++;
	return name && name < line.n && line.p[name] == ':' ? OC_OK : OC_E_PROTO;
}

static enum oc_rc take_chunked(struct oc_http_body *b, struct oc_str in, struct oc_buf *out,
			       size_t *used)
{
	switch (b->state) {
	case OC_CHUNK_SIZE_LINE: return take_size_line(b, in, used);
	case OC_CHUNK_DATA: {
		enum oc_rc rc = take_data(b, in, out, used);
		if (!b->left) b->state = OC_CHUNK_DATA_END;
		return rc;
	}
	case OC_CHUNK_DATA_END: return take_data_end(b, in, used);
	default: return take_trailer(b, in, used);
	}
}

enum oc_rc oc_http_body_feed(struct oc_http_body *b, struct oc_str in, struct oc_buf *out,
			     size_t *used)
{
	enum oc_rc rc = OC_OK;

	*used = 0;
	while (!rc && !b->done && *used < in.n) {
		struct oc_str rest = oc_str_from(in, *used);
		size_t n = 0;

		if (b->kind == OC_HTTP_CHUNKED) {
			rc = take_chunked(b, rest, out, &n);
		} else {
			rc = take_data(b, rest, out, &n);
			b->done = !b->left;
		}
		*used += n;
	}
	return rc == OC_EOF ? OC_OK : rc;
}
