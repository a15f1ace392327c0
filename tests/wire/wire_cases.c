/*
 * Runs a folder of wire cases: usage: wire-cases DIR. Each case is fed in every way that it names
 * and in a few random ones, and each time the result must be the same. Format and policy:
 * tests/wire/README.md.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/rand.h"
#include "rt/task.h"
#include "wire.h"

/* Cases where libcurl decides otherwise, and rightly so. */
static const struct {
	const char *name, *reason;
} waivers[] = {
	{ NULL, NULL },
};

struct wire_case {
	const char *name, *protocol;
	json_t *spec, *expected;
	const json_t *context;
	json_t *headers;
	struct oc_buf payload;
	struct oc_strv tools;
	bool http;
	int status;
};

static size_t passed, failed;

/* ---- cutting ------------------------------------------------------------------ */

static size_t random_piece(const struct wire_way *way, uint64_t *state)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return 1 + (size_t)(*state >> 33) % way->max_piece;
}

size_t wire_piece(const struct wire_way *way, size_t at, size_t n, uint64_t *random)
{
	size_t piece = n - at, i;
	const json_t *v;

	if (way->step) piece = way->step;
	if (way->seed) piece = random_piece(way, random);
	json_array_foreach (way->splits, i, v) {
		size_t split = (size_t)json_integer_value(v);

		if (split > at && split - at < piece) piece = split - at;
	}
	return piece < n - at ? piece : n - at;
}

/* ---- protocols ------------------------------------------------------------------- */

static const struct {
	const char *name;
	enum oc_protocol value;
} protocols[] = {
	{ "openai.chat", OC_PROTO_OPENAI_CHAT },
	{ "openai.responses", OC_PROTO_OPENAI_RESPONSES },
	{ "anthropic.messages", OC_PROTO_ANTHROPIC_MESSAGES },
	{ "lmstudio.chat", OC_PROTO_LMSTUDIO_CHAT },
	{ "ollama.chat", OC_PROTO_OLLAMA_CHAT },
};

/* OC_PROTOCOLS = none of a reply. */
static enum oc_protocol reply_protocol(const char *name)
{
	for (size_t i = 0; i < sizeof protocols / sizeof *protocols; i++)
		if (!strcmp(name, protocols[i].name)) return protocols[i].value;
	return OC_PROTOCOLS;
}

static bool known_protocol(const char *protocol)
{
	static const char *const documents[] = { "models", "ps", "props", "show", "lms.load" };

	for (size_t i = 0; i < sizeof documents / sizeof *documents; i++)
		if (!strcmp(protocol, documents[i])) return true;
	return reply_protocol(protocol) != OC_PROTOCOLS;
}

/* ---- feeding ------------------------------------------------------------------- */

static const char *case_header(void *arg, const char *name)
{
	const char *key;
	json_t *v;

	json_object_foreach (arg, key, v)
		if (oc_str_ieq(oc_str(key), oc_str(name))) return json_string_value(v);
	return NULL;
}

static struct oc_decoder *new_decoder(const struct wire_case *c)
{
	struct oc_decode_context ctx = {
		.tools = &c->tools,
		.stream = oc_json_bool(c->context, "stream", false),
		.think_tags = oc_json_bool(c->context, "think_tags", false),
		.think_open_in_prompt = oc_json_bool(c->context, "think_open_in_prompt", false),
		.text_tools = oc_json_bool(c->context, "text_tools", false) ? OC_TEXT_TOOLS_BRACKET
									    : OC_TEXT_TOOLS_OFF,
		.server = oc_json_cstr(c->context, "server"),
	};

	return oc_decoder_new(reply_protocol(c->protocol), &ctx, NULL);
}

static void feed(const struct wire_case *c, const struct wire_way *way, struct oc_decoder *d)
{
	struct oc_str in = oc_buf_view(&c->payload);
	uint64_t random = way->seed;

	oc_decoder_head(d, c->status, case_header, c->headers);
	for (size_t at = 0; at < in.n;) {
		size_t n = wire_piece(way, at, in.n, &random);
		/* A copy of its own: reading beyond a piece is found out. */
		char *piece = malloc(n);

		if (!piece) abort();
		memcpy(piece, in.p + at, n);
		(void)!oc_decoder_feed(d, (struct oc_str){ piece, n });
		free(piece);
		at += n;
	}
	oc_decoder_finish(d, OC_END_CLEAN, false, false);
}

static json_t *run_reply(const struct wire_case *c, const struct wire_way *way, struct oc_err *e)
{
	struct oc_decoder *d = new_decoder(c);
	json_t *got = NULL;
	int status = 0;

	if (!c->http)
		feed(c, way, d);
	else if (!wire_exchange(way, oc_buf_view(&c->payload), d, &status, NULL, e))
		goto out;
	got = wire_reply_json(oc_decoder_reply(d));
out:
	oc_decoder_free(d);
	return got;
}

static json_t *run_document(const struct wire_case *c, const struct wire_way *way, struct oc_err *e)
{
	struct oc_buf body;
	json_t *got = NULL;
	int status = c->status;

	oc_buf_init(&body, OC_MAX_JSON_BODY_BYTES);
	if (!c->http)
		oc_buf_add(&body, oc_buf_view(&c->payload));
	else if (!wire_exchange(way, oc_buf_view(&c->payload), NULL, &status, &body, e))
		goto out;
	got = wire_document_json(c->protocol, status, oc_buf_view(&body));
out:
	oc_buf_deinit(&body);
	return got;
}

/* libcurl does not report bytes beyond Content-Length, so nobody can be asked for the warning. */
static void forget_extra_bytes(json_t *expected)
{
	json_t *warnings = json_object_get(expected, "warnings"), *v;
	size_t i;

	json_array_foreach (warnings, i, v)
		if (oc_str_eq(oc_json_text(v), OC_LIT("http_extra_bytes"))) {
			json_array_remove(warnings, i);
			return;
		}
}

static bool run_way(const struct wire_case *c, const struct wire_way *way)
{
	struct oc_err e = { 0 };
	struct oc_buf diff;
	bool reply = reply_protocol(c->protocol) != OC_PROTOCOLS;
	json_t *got = reply ? run_reply(c, way, &e) : run_document(c, way, &e);

	oc_buf_init(&diff, 1 << 20);
	if (got)
		wire_compare(c->expected, got, &diff);
	else
		oc_buf_addf(&diff, "    no result: %s\n", e.msg);
	bool ok = diff.n == 0;

	if (!ok) printf("failed %s (%s)\n%s", c->name, way->name, oc_buf_cstr(&diff));
	oc_buf_deinit(&diff);
	json_decref(got);
	return ok;
}

static bool run_ways(const struct wire_case *c)
{
	const json_t *how = json_object_get(c->spec, "feed");
	const struct wire_way ways[] = {
		{ .name = "whole" },
		{ .name = "every byte", .step = 1 },
		{ .name = "splits", .splits = json_object_get(how, "splits") },
		{ .name = "random, small", .seed = 1, .max_piece = 7 },
		{ .name = "random, 1 to 64", .seed = 2, .max_piece = 64 },
		{ .name = "random, large", .seed = 3, .max_piece = 1500 },
	};

	for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
		if (i == 2 && !json_array_size(ways[i].splits)) continue;
		if (c->http && i == 3) continue; /* the same as the next, for a socket */
		if (!run_way(c, &ways[i])) return false;
	}
	return true;
}

/* ---- cases ---------------------------------------------------------------------- */

static bool read_file(const char *path, struct oc_buf *out)
{
	char chunk[65536];
	size_t n;
	FILE *f = fopen(path, "rb");

	oc_buf_init(out, OC_MAX_REPLY_BYTES);
	if (!f) return false;
	while ((n = fread(chunk, 1, sizeof chunk, f)) > 0)
		oc_buf_add(out, (struct oc_str){ chunk, n });
	bool ok = !ferror(f) && !out->bad;

	fclose(f);
	return ok;
}

static const char *waived(const char *name)
{
	for (size_t i = 0; waivers[i].name; i++)
		if (!strcmp(waivers[i].name, name)) return waivers[i].reason;
	return NULL;
}

static void read_context(struct wire_case *c)
{
	const json_t *http = json_object_get(c->spec, "http"), *v;
	size_t i;

	c->context = json_object_get(c->spec, "context");
	c->headers = json_object_get(http, "headers");
	c->status = (int)oc_json_int(http, "status", 200);
	json_array_foreach (json_object_get(c->context, "tools"), i, v)
		oc_strv_add(&c->tools, oc_json_text(v));
}

static bool run_payload(struct wire_case *c, const char *dir, const char *file)
{
	char *path = oc_asprintf("%s/%s", dir, file);
	bool ok = read_file(path, &c->payload);

	c->http = oc_str_ends(oc_str(file), OC_LIT(".http"));
	if (!ok) {
		printf("failed %s\n    cannot read %s\n", c->name, path);
	} else if (oc_json_int(c->spec, "bytes", -1) != (int64_t)c->payload.n) {
		printf("failed %s\n    bytes: expected %lld, got %zu\n", c->name,
		       (long long)oc_json_int(c->spec, "bytes", -1), c->payload.n);
		ok = false;
	} else {
		read_context(c);
		if (c->http) forget_extra_bytes(c->expected);
		ok = run_ways(c);
	}
	free(path);
	return ok;
}

static void run_case(const char *dir, const char *file)
{
	char *path = oc_asprintf("%s/%s", dir, file);
	char *name = oc_strndup(file, strlen(file) - strlen(".expect.json"));
	struct wire_case c = { .name = name };
	json_error_t where;

	c.spec = json_load_file(path, JSON_ALLOW_NUL, &where);
	c.protocol = oc_json_cstr(c.spec, "protocol");
	c.expected = json_object_get(c.spec, "normalised");
	const char *payload = oc_json_cstr(c.spec, "file");

	if (!c.protocol || !c.expected || !payload) {
		printf("failed %s\n    %s is no case: %s\n", name, path,
		       c.spec ? "a member is missing" : where.text);
		failed++;
	} else if (!known_protocol(c.protocol)) {
		printf("skipped %s\n", name);
	} else if (waived(name)) {
		printf("waived %s: %s\n", name, waived(name));
	} else if (run_payload(&c, dir, payload)) {
		passed++;
	} else {
		failed++;
	}
	oc_buf_deinit(&c.payload);
	oc_strv_deinit(&c.tools);
	json_decref(c.spec);
	free(name);
	free(path);
}

static void run_folder(void *arg)
{
	const char *dir = arg;
	struct oc_strv files = { 0 };
	struct dirent *entry;
	DIR *d = opendir(dir);

	if (!d) {
		printf("cannot open %s\n", dir);
		failed++;
		return;
	}
	while ((entry = readdir(d)))
		if (oc_str_ends(oc_str(entry->d_name), OC_LIT(".expect.json")))
			oc_strv_add(&files, oc_str(entry->d_name));
	closedir(d);
	oc_strv_sort(&files);
	for (size_t i = 0; i < files.n; i++) run_case(dir, files.v[i]);
	oc_strv_deinit(&files);
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: wire-cases DIR\n");
		return 2;
	}
	oc_rand_seed(1);
	oc_rt_run(run_folder, argv[1]);
	printf("%zu passed, %zu failed\n", passed, failed);
	return failed != 0 || passed == 0;
}
