/*
 * Runs a table of SSRF decisions through the real guard with a stub resolver: ssrf-vectors
 * FILE.tsv. The header line tells the two kinds of table apart; tests/vectors/README.md describes
 * them. Prints each row that fails and a summary; exit 0 when all pass, 1 when one fails, 2 when
 * the file cannot be used.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "base/mem.h"
#include "net/client/redirects.h"

enum { MAX_COLUMNS = 32, MAX_FILE_BYTES = 16777216 };

struct table {
	struct oc_str names[MAX_COLUMNS];
	size_t n_names;
};
struct row {
	const struct table *table;
	struct oc_str cells[MAX_COLUMNS];
	size_t n;
};
/* What happened, in the words of the table. */
struct outcome {
	const char *verdict, *detail; /* detail: stage or reason */
	char *text;		      /* for people; owned */
	char *last_request;	      /* owned, NULL unless FOLLOW */
	bool last_body, last_auth;
	unsigned requests;
	struct oc_ip connect; /* ALLOW: where to */
};

static struct oc_str cell(const struct row *row, const char *name)
{
	for (size_t i = 0; i < row->table->n_names && i < row->n; i++)
		if (oc_str_eq(row->table->names[i], oc_str(name))) return row->cells[i];
	return OC_LIT("");
}

static bool cell_is(const struct row *row, const char *name, const char *want)
{
	return oc_str_eq(cell(row, name), oc_str(want));
}

/* Cuts the part before the first sep off *rest. False when nothing is left. */
static bool cut(struct oc_str *rest, char sep, struct oc_str *part)
{
	if (rest->n == 0) return false;
	const char *at = memchr(rest->p, sep, rest->n);
	size_t n = at ? (size_t)(at - rest->p) : rest->n;
	*part = oc_str_head(*rest, n);
	*rest = oc_str_from(*rest, n + 1);
	return true;
}

/* Fields may be empty, so a line with n tabs has n + 1 of them. */
static size_t split_fields(struct oc_str line, struct oc_str *out)
{
	size_t n = 0;

	for (bool last = false; !last && n < MAX_COLUMNS; n++) {
		size_t tab = oc_str_find(line, OC_LIT("\t"), 0);
		last = tab == SIZE_MAX;
		out[n] = oc_str_trim(oc_str_head(line, tab));
		if (!last) line = oc_str_from(line, tab + 1);
	}
	return n;
}

static enum oc_tri allow_private(const struct row *row)
{
	if (cell_is(row, "allow_private_network", "true")) return OC_TRUE;
	return cell_is(row, "allow_private_network", "false") ? OC_FALSE : OC_UNSET;
}

static void settle(struct outcome *o, const char *verdict, const char *detail,
		   const struct oc_err *e)
{
	o->verdict = verdict;
	o->detail = detail;
	free(o->text);
	o->text = oc_strdup(e ? e->msg : "");
}

/* ---- the stub resolver ------------------------------------------------ */
static size_t add_address(struct oc_str text, struct oc_ip *out, size_t n)
{
	text = oc_str_head(
	    text, oc_str_find(text, OC_LIT("%"), 0)); /* a zone is no part of the address */
	if (n < OC_MAX_RESOLVED_ADDRESSES && oc_ip_parse(text, &out[n])) return n + 1;
	return n;
}

/* "1.2.3.4 ::1", "-" = none. */
static size_t addresses_of_list(struct oc_str list, struct oc_ip *out)
{
	struct oc_str part;
	size_t n = 0;

	while (cut(&list, ' ', &part)) n = add_address(part, out, n);
	return n;
}

/* "host=1.2.3.4 other=::1". A host may stand there more than once, or with commas between its
 * addresses; localhost needs no entry. */
static size_t addresses_of_host(struct oc_str pairs, const char *host, struct oc_ip *out)
{
	struct oc_str pair, name, address;
	size_t n = 0;

	while (cut(&pairs, ' ', &pair)) {
		if (!cut(&pair, '=', &name) || !oc_str_ieq(name, oc_str(host))) continue;
		while (cut(&pair, ',', &address)) n = add_address(address, out, n);
	}
	if (n == 0 && strcmp(host, "localhost") == 0) n = add_address(OC_LIT("127.0.0.1"), out, 0);
	return n;
}

/* ---- ssrf.tsv --------------------------------------------------------- */
static void decide_call(const struct oc_guard *g, const struct oc_url *url, const struct row *row,
			struct outcome *o)
{
	struct oc_ip addr[OC_MAX_RESOLVED_ADDRESSES] = { url->ip };
	struct oc_err e = { 0 };

	if (oc_guard_check_host(g, url, &e)) {
		settle(o, "BLOCK", "host", &e);
		return;
	}
	size_t n = url->is_ip ? 1 : addresses_of_list(cell(row, "resolves_to"), addr);
	enum oc_rc rc = oc_guard_check_addrs(g, url, addr, n, &e);
	if (rc == OC_E_DENIED)
		settle(o, "BLOCK", "dns", &e);
	else if (rc)
		settle(o, "INVALID", "resolve", &e);
	else {
		settle(o, "ALLOW", "", NULL);
		o->connect = addr[0];
	}
}

static void run_call(const struct row *row, struct outcome *o)
{
	struct oc_guard g;
	struct oc_url url = { 0 };
	struct oc_err e = { 0 };

	if (oc_guard_init(&g, cell(row, "base_url"), allow_private(row), &e) ||
	    oc_url_parse(cell(row, "request_url"), &url, &e))
		settle(o, "INVALID", "scheme", &e);
	else
		decide_call(&g, &url, row, o);
	oc_url_deinit(&url);
	oc_guard_deinit(&g);
}

static struct oc_str wanted_stage(const struct row *row)
{
	struct oc_str note = cell(row, "note"), stage;

	if (!oc_str_starts(note, OC_LIT("stage="))) return OC_LIT("");
	note = oc_str_from(note, 6);
	return cut(&note, ';', &stage) ? oc_str_trim(stage) : OC_LIT("");
}

/* The first IPv4 address of the list, or else its first address. */
static bool connects_to_first(const struct row *row, const struct oc_ip *to)
{
	struct oc_ip addr[OC_MAX_RESOLVED_ADDRESSES];
	size_t n = addresses_of_list(cell(row, "resolves_to"), addr);

	for (size_t i = 0; i < n; i++)
		if (!addr[i].v6) return oc_ip_eq(&addr[i], to);
	return n == 0 || oc_ip_eq(&addr[0], to); /* "-": the literal of the URL */
}

static const char *judge_call(const struct row *row, const struct outcome *o)
{
	struct oc_str stage = wanted_stage(row);

	if (!cell_is(row, "verdict", o->verdict)) return "verdict";
	if (stage.n && !oc_str_eq(stage, oc_str(o->detail))) return "stage";
	if (strcmp(o->verdict, "ALLOW") == 0 && !connects_to_first(row, &o->connect))
		return "address";
	return NULL;
}

/* ---- ssrf-redirect.tsv ------------------------------------------------ */
struct chain {
	struct oc_guard guard;
	struct oc_redirects redirects;
	struct oc_hop_request request; /* the next to send */
	struct oc_str hops;	       /* responses that are left */
};

static void settle_refusal(const struct oc_redirects *r, struct outcome *o, const struct oc_err *e)
{
	static const struct {
		const char *verdict, *reason;
	} names[] = {
		[OC_REDIRECT_NOT_REFUSED] = { "ERROR", "resolve" },
		[OC_REDIRECT_PRIVATE] = { "BLOCK", "private" },
		[OC_REDIRECT_UNNAMED_HOST] = { "BLOCK", "unnamed_host" },
		[OC_REDIRECT_TOO_MANY] = { "ERROR", "too_many_redirects" },
		[OC_REDIRECT_LOOP] = { "ERROR", "redirect_loop" },
		[OC_REDIRECT_NO_LOCATION] = { "ERROR", "missing_location" },
		[OC_REDIRECT_BAD_URL] = { "ERROR", "invalid_scheme" },
	};

	settle(o, names[r->refusal].verdict, names[r->refusal].reason, e);
}

static bool addresses_pass(struct chain *c, const struct row *row, struct oc_err *e)
{
	const struct oc_url *url = &c->request.url;
	struct oc_ip addr[OC_MAX_RESOLVED_ADDRESSES] = { url->ip };
	size_t n = url->is_ip ? 1 : addresses_of_host(cell(row, "resolver"), url->host, addr);

	return oc_redirects_check_addrs(&c->redirects, &c->guard, url, addr, n, e) == OC_OK;
}

/* "302>http://host/", "200". False when no response is left. */
static bool next_response(struct chain *c, int *status, char **location)
{
	struct oc_str hop, code;
	int64_t v = 0;

	do {
		if (!cut(&c->hops, ' ', &hop)) return false;
	} while (hop.n == 0);
	if (!cut(&hop, '>', &code) || !oc_parse_int(code, 100, 599, &v)) return false;
	*status = (int)v;
	*location = hop.n ? oc_strndup(hop.p, hop.n) : NULL;
	return true;
}

static void settle_answer(const struct chain *c, int status, struct outcome *o)
{
	char *url = oc_url_text(&c->request.url);
	bool plain_3xx = status >= 300 && status <= 399;

	settle(o, plain_3xx ? "STATUS" : "FOLLOW", "-", NULL);
	o->last_request = oc_asprintf("%s %s", c->request.method, url);
	o->last_body = c->request.body;
	o->last_auth = !c->request.strip_headers;
	free(url);
}

/* Sends one request and judges its response. False when the chain has ended. */
static bool step(struct chain *c, const struct row *row, struct outcome *o)
{
	struct oc_hop_request next;
	struct oc_err e = { 0 };
	enum oc_hop hop;
	int status;
	char *location = NULL;

	if (!addresses_pass(c, row, &e)) {
		settle_refusal(&c->redirects, o, &e);
		return false;
	}
	o->requests++;
	if (!next_response(c, &status, &location)) {
		settle(o, "ERROR", "the row has no response for this request", NULL);
		return false;
	}
	enum oc_rc rc =
	    oc_redirects_next(&c->redirects, &c->guard, c->request.method, &c->request.url,
			      c->request.body, status, location, &hop, &next, &e);
	free(location);
	if (rc)
		settle_refusal(&c->redirects, o, &e);
	else if (hop == OC_HOP_NONE)
		settle_answer(c, status, o);
	if (rc || hop == OC_HOP_NONE) return false;
	oc_hop_request_deinit(&c->request);
	c->request = next;
	return true;
}

static void run_redirects(const struct row *row, struct outcome *o)
{
	struct chain c = { .hops = cell(row, "hops") };
	struct oc_str method = cell(row, "method");
	struct oc_err e = { 0 };

	c.request.method = oc_strndup(method.p, method.n);
	c.request.body = oc_str_eq(method, OC_LIT("POST"));
	if (oc_guard_init(&c.guard, cell(row, "base_url"), allow_private(row), &e) ||
	    oc_url_parse(cell(row, "start_url"), &c.request.url, &e))
		settle(o, "ERROR", "invalid_scheme", &e);
	else if (oc_guard_check_host(&c.guard, &c.request.url, &e))
		settle(o, "BLOCK", "private", &e);
	else
		while (step(&c, row, o)) continue;
	oc_hop_request_deinit(&c.request);
	oc_redirects_deinit(&c.redirects);
	oc_guard_deinit(&c.guard);
}

static bool yes_no(const struct row *row, const char *column, bool value)
{
	return cell_is(row, column, "-") || cell_is(row, column, value ? "yes" : "no");
}

static const char *judge_redirects(const struct row *row, const struct outcome *o)
{
	int64_t requests = o->requests;
	bool counted = oc_parse_int(cell(row, "requests"), 0, 99, &requests);

	if (!cell_is(row, "verdict", o->verdict)) return "verdict";
	if (!cell_is(row, "reason", "-") && !cell_is(row, "reason", o->detail)) return "reason";
	if (counted && requests != o->requests) return "requests";
	if (strcmp(o->verdict, "FOLLOW") != 0) return NULL;
	if (!cell_is(row, "last_request", "-") && !cell_is(row, "last_request", o->last_request))
		return "last_request";
	if (!yes_no(row, "last_body", o->last_body)) return "last_body";
	return yes_no(row, "last_auth", o->last_auth) ? NULL : "last_auth";
}

/* ---- tables ----------------------------------------------------------- */
struct kind {
	const char *mark; /* a column that only this kind has */
	const char *const *columns;
	void (*run)(const struct row *row, struct outcome *o);
	const char *(*judge)(const struct row *row,
			     const struct outcome *o); /* the column that is wrong */
};

static const char *const call_columns[] = {
	"id", "base_url", "request_url", "allow_private_network", "resolves_to", "verdict", NULL
};
static const char *const redirect_columns[] = { "id",
						"base_url",
						"allow_private_network",
						"method",
						"start_url",
						"hops",
						"resolver",
						"verdict",
						"reason",
						"requests",
						"last_request",
						"last_body",
						"last_auth",
						NULL };
static const struct kind kinds[] = {
	{ "request_url", call_columns, run_call, judge_call },
	{ "hops", redirect_columns, run_redirects, judge_redirects },
};

static bool has_column(const struct table *t, const char *name)
{
	for (size_t i = 0; i < t->n_names; i++)
		if (oc_str_eq(t->names[i], oc_str(name))) return true;
	return false;
}

static const struct kind *kind_of(const struct table *t)
{
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (has_column(t, kinds[i].mark)) return &kinds[i];
	return NULL;
}

static bool run_row(const struct kind *kind, const struct row *row)
{
	struct outcome o = { 0 };
	bool short_row = row->n + 1 < row->table->n_names; /* the remark may be missing */

	kind->run(row, &o);
	const char *wrong = short_row ? "number of columns" : kind->judge(row, &o);
	if (wrong) {
		printf("FAIL %.*s: wrong %s: expected %.*s, got %s %s after %u requests",
		       OC_FMT(row->cells[0]), wrong, OC_FMT(cell(row, "verdict")), o.verdict,
		       o.detail, o.requests);
		if (o.last_request)
			printf(", last %s body=%d auth=%d", o.last_request, o.last_body,
			       o.last_auth);
		printf("%s%s\n", o.text[0] ? ": " : "", o.text);
	}
	free(o.last_request);
	free(o.text);
	return !wrong;
}

static bool next_line(struct oc_str *rest, struct oc_str *line)
{
	if (!cut(rest, '\n', line)) return false;
	if (oc_str_ends(*line, OC_LIT("\r"))) line->n--;
	return true;
}

static int run_table(const char *file, struct oc_str text)
{
	struct table t = { 0 };
	struct oc_str line;
	unsigned passed = 0, failed = 0;

	if (oc_str_starts(text, OC_LIT("\xEF\xBB\xBF"))) text = oc_str_from(text, 3);
	if (next_line(&text, &line)) t.n_names = split_fields(line, t.names);
	const struct kind *kind = kind_of(&t);
	if (!kind) {
		fprintf(stderr, "%s: line 1 names no known columns\n", file);
		return 2;
	}
	for (const char *const *c = kind->columns; *c; c++) {
		if (has_column(&t, *c)) continue;
		fprintf(stderr, "%s: line 1 lacks the column %s\n", file, *c);
		return 2;
	}
	while (next_line(&text, &line)) {
		struct row row = { .table = &t };

		if (oc_str_trim(line).n == 0) continue;
		row.n = split_fields(line, row.cells);
		if (run_row(kind, &row))
			passed++;
		else
			failed++;
	}
	printf("%u passed, %u failed\n", passed, failed);
	return failed != 0;
}

static bool read_file(const char *name, struct oc_buf *out)
{
	char chunk[65536];
	size_t n;
	FILE *f = fopen(name, "rb");

	if (!f) return false;
	while ((n = fread(chunk, 1, sizeof chunk, f)) > 0)
		oc_buf_add(out, (struct oc_str){ chunk, n });
	bool ok = !ferror(f);
	if (out->bad) errno = EFBIG;
	fclose(f);
	return ok && !out->bad;
}

int main(int argc, char **argv)
{
	struct oc_buf text;
	int status = 2;

	if (argc != 2) {
		fprintf(stderr, "usage: ssrf-vectors FILE.tsv\n");
		return 2;
	}
	oc_buf_init(&text, MAX_FILE_BYTES);
	if (read_file(argv[1], &text))
		status = run_table(argv[1], oc_buf_view(&text));
	else
		fprintf(stderr, "%s: %s\n", argv[1], strerror(errno));
	oc_buf_deinit(&text);
	return status;
}
