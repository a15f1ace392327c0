/* Writes the events of a model call. Whatever goes wrong here never touches the call itself. */
#include "model/call/diagnostics.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/rand.h"
#include "model/call/call.h"
#include "net/sha256.h"
#include "rt/file.h"
#include "rt/memory.h"

enum { MAX_FILE_BYTES = 104857600, ID_CHARS = 16, HASH_DIGITS = 12 };

/* ---- where events go ---- */

static bool level_shows(const struct oc_config *c)
{
	struct oc_str level = oc_json_str(json_object_get(c->value, "logging"), "level");

	return oc_log_on(OC_LOG_DEBUG) || oc_str_eq(level, OC_LIT("debug")) ||
	       oc_str_eq(level, OC_LIT("trace"));
}

static char *file_of(const struct oc_config *c)
{
	const char *path = c->env ? oc_env_get(c->env, "OPENCLAW_DIAGNOSTICS_FILE") : NULL;

	if (!path && level_shows(c))
		path = oc_json_cstr(json_object_get(c->value, "logging"), "file");
	if (!path || !*path) return NULL;
	if (!strncmp(path, "~/", 2) && c->paths.home)
		return oc_asprintf("%s%s", c->paths.home, path + 1);
	return oc_strdup(path);
}

static void make_room(const char *path, int64_t max_bytes)
{
	struct stat st;

	if (stat(path, &st) != 0 || st.st_size < max_bytes) return;
	char *old = oc_asprintf("%s.1", path);
	if (rename(path, old) != 0) oc_log(OC_LOG_DEBUG, "diagnostics", "%s stays long", path);
	free(old);
}

static void make_folder(const char *path)
{
	const char *slash = strrchr(path, '/');
	struct oc_err e = { 0 };

	if (!slash || slash == path) return;
	char *folder = oc_strndup(path, (size_t)(slash - path));
	(void)!oc_mkdirs(folder, &e); /* the open that follows tells */
	free(folder);
}

/* One write a line, so that the lines of several processes do not mix. */
static void append(const char *path, int64_t max_bytes, struct oc_str line)
{
	static bool told;
	const int flags = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY;
	bool written = false;

	make_room(path, max_bytes);
	int fd = open(path, flags, 0600);
	if (fd < 0 && errno == ENOENT) {
		make_folder(path);
		fd = open(path, flags, 0600);
	}
	if (fd >= 0) {
		written = write(fd, line.p, line.n) == (ssize_t)line.n;
		close(fd);
	}
	if (!written && !told)
		oc_log(OC_LOG_WARN, "diagnostics", "%s cannot be written: %s", path,
		       strerror(errno));
	told = !written;
}

static json_t *time_text(void)
{
	int64_t ms = oc_wall_ms();
	time_t seconds = (time_t)(ms / 1000);
	struct tm tm;
	char text[32];

	gmtime_r(&seconds, &tm);
	strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &tm);
	return json_sprintf("%s.%03dZ", text, (int)(ms % 1000));
}

/* news (stolen) is what this event adds to the facts. */
static void emit(const struct oc_observation *o, const char *type, json_t *news)
{
	json_t *event = json_object();

	oc_json_put(event, "type", json_string(type));
	oc_json_put(event, "time", time_text());
	json_object_update(event, o->facts);
	json_object_update(event, news);
	json_decref(news);
	char *text = oc_json_compact(event);
	char *line = oc_asprintf("%s\n", text);
	if (o->console) fputs(line, stderr);
	if (o->file) append(o->file, o->max_file_bytes, oc_str(line));
	free(line);
	free(text);
	json_decref(event);
}

/* ---- the start ---- */

static int64_t chars_of(struct oc_str s)
{
	int64_t n = 0;

	for (size_t i = 0; i < s.n; i++) n += ((unsigned char)s.p[i] & 0xC0) != 0x80;
	return n;
}

static json_t *prompt_stats(const struct oc_call_spec *s)
{
	int64_t count = 0, chars = 0, system = 0, tools = 0;

	for (size_t i = 0; s->messages && i < s->messages->n; i++) {
		const struct oc_message *m = &s->messages->v[i];
		int64_t n = chars_of(oc_buf_view(&m->text));

		if (m->role == OC_ROLE_SYSTEM) {
			system += n;
			continue;
		}
		count++;
		chars += n;
	}
	if (json_array_size(s->tools) > 0) {
		char *text = oc_json_compact(s->tools);
		tools = chars_of(oc_str(text));
		free(text);
	}
	return json_pack("{s:I,s:I,s:I,s:I,s:I,s:I}", "inputMessagesCount", (json_int_t)count,
			 "inputMessagesChars", (json_int_t)chars, "systemPromptChars",
			 (json_int_t)system, "toolDefinitionsCount",
			 (json_int_t)json_array_size(s->tools), "toolDefinitionsChars",
			 (json_int_t)tools, "totalChars", (json_int_t)(chars + system + tools));
}

/* A run that its starter did not name: one for the process. */
static const char *own_run_id(void)
{
	static char id[ID_CHARS + 1];

	if (!id[0]) oc_rand_id(id, ID_CHARS);
	return id;
}

static void put_text(json_t *o, const char *key, const char *value)
{
	if (value) oc_json_put(o, key, oc_json_new_str(oc_str(value)));
}

static void put_context(json_t *facts, const struct oc_model *m)
{
	int64_t window = m ? m->context_window : 0;
	int64_t budget = m && m->context_tokens ? m->context_tokens : window;

	if (!budget) return;
	oc_json_put(facts, "contextTokenBudget", json_integer(budget));
	put_text(facts, "contextWindowSource", m->configured ? "config" : "discovered");
	if (window) oc_json_put(facts, "contextWindowReferenceTokens", json_integer(window));
}

static json_t *facts_of(const struct oc_call_spec *s)
{
	const struct oc_selection *t = s->target;
	char call_id[ID_CHARS + 1];
	json_t *facts = json_object();

	oc_rand_id(call_id, ID_CHARS);
	put_text(facts, "runId", s->run_id ? s->run_id : own_run_id());
	put_text(facts, "callId", call_id);
	put_text(facts, "sessionKey", s->session_key);
	put_text(facts, "sessionId", s->session_id);
	put_text(facts, "provider", t->provider->id);
	put_text(facts, "model", t->model_id);
	put_text(facts, "api", t->provider->api);
	put_text(facts, "transport", "http");
	put_text(facts, "observationUnit", "request");
	put_context(facts, t->model);
	oc_json_put(facts, "promptStats", prompt_stats(s));
	return facts;
}

void oc_observe_start(struct oc_observation *o, const struct oc_call_spec *s, struct oc_str body)
{
	const struct oc_config *c = s->catalog->config;
	int64_t max = oc_json_positive(json_object_get(c->value, "logging"), "maxFileBytes");

	*o = (struct oc_observation){ .console = oc_log_on(OC_LOG_DEBUG),
				      .file = file_of(c),
				      .max_file_bytes = max ? max : MAX_FILE_BYTES,
				      .began_ms = oc_now_ms(),
				      .request_bytes = body.n };
	if (!o->console && !o->file) return;
	o->facts = facts_of(s);
	emit(o, "model.call.started", NULL);
}

/* ---- while it runs ---- */

void oc_observe_head(struct oc_observation *o, oc_header_fn *header, void *arg)
{
	static const char *const names[] = { "x-request-id", "request-id", "x-litellm-call-id" };
	char digits[OC_SHA256_HEX + 1];

	for (size_t i = 0; o->facts && i < sizeof names / sizeof *names; i++) {
		const char *id = header(arg, names[i]);
		if (!id || !*id) continue;
		oc_sha256_hex(oc_str(id), digits);
		snprintf(o->request_id, sizeof o->request_id, "sha256:%.*s", HASH_DIGITS, digits);
		return;
	}
}

void oc_observe_bytes(struct oc_observation *o, size_t n)
{
	if (!o->response_bytes && n) o->first_byte_ms = oc_now_ms();
	o->response_bytes += n;
}

/* ---- the end ---- */

static const char *kind_of_transport(enum oc_rc rc, enum oc_http_failure how)
{
	if (rc == OC_CANCELLED) return "aborted";
	switch (how) {
	case OC_HTTP_RESET: return "connection_reset";
	case OC_HTTP_NO_RESPONSE: return "connection_closed";
	case OC_HTTP_TIMEOUT: return "timeout";
	case OC_HTTP_TRUNCATED: return "terminated";
	default: return NULL;
	}
}

static const char *kind_of_message(struct oc_str message)
{
	static const struct {
		const char *word, *kind;
	} rows[] = {
		{ "terminated", "terminated" },
		{ "sigkill", "terminated" },
		{ "sigterm", "terminated" },
		{ "econnreset", "connection_reset" },
		{ "connection reset", "connection_reset" },
		{ "socket hang up", "connection_closed" },
		{ "premature close", "connection_closed" },
		{ "connection closed", "connection_closed" },
		{ "other side closed", "connection_closed" },
		{ "timed out", "timeout" },
		{ "timeout", "timeout" },
		{ "aborted", "aborted" },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (oc_str_ihas(message, rows[i].word)) return rows[i].kind;
	return NULL;
}

const char *oc_failure_kind(enum oc_rc rc, enum oc_http_failure how,
			    const struct oc_call_error *error)
{
	const char *kind = kind_of_transport(rc, how);

	if (kind) return kind;
	/* The body came to a clean end, the turn did not. */
	if (error->class == OC_ERR_STREAM_TRUNCATED) return "connection_closed";
	return kind_of_message(oc_str(error->message));
}

static json_t *memory_block(void)
{
	struct oc_memory m = oc_memory_now();

	return json_pack("{s:I,s:I,s:I,s:i,s:i}", "rssBytes", (json_int_t)m.rss, "heapTotalBytes",
			 (json_int_t)m.heap_total, "heapUsedBytes", (json_int_t)m.heap_used,
			 "externalBytes", 0, "arrayBuffersBytes", 0);
}

static json_t *usage_block(const struct oc_usage *u)
{
	if (!u->present) return NULL;
	json_t *out =
	    json_pack("{s:I,s:I}", "input", (json_int_t)u->input, "output", (json_int_t)u->output);
	if (u->cached >= 0) oc_json_put(out, "cacheRead", json_integer(u->cached));
	if (u->reasoning >= 0) oc_json_put(out, "reasoning", json_integer(u->reasoning));
	return out;
}

static json_t *completed_block(const struct oc_observation *o, const struct oc_reply *reply)
{
	json_t *news = json_object();

	oc_json_put(news, "requestPayloadBytes", json_integer((json_int_t)o->request_bytes));
	oc_json_put(news, "responseStreamBytes", json_integer((json_int_t)o->response_bytes));
	if (o->response_bytes)
		oc_json_put(news, "timeToFirstByteMs",
			    json_integer((json_int_t)(o->first_byte_ms - o->began_ms)));
	oc_json_put(news, "usage", usage_block(&reply->usage));
	return news;
}

static json_t *error_block(const struct oc_observation *o, const char *kind)
{
	json_t *news = json_object();

	put_text(news, "errorCategory", "Error");
	put_text(news, "failureKind", kind);
	if (kind) oc_json_put(news, "memory", memory_block());
	if (o->request_id[0]) put_text(news, "upstreamRequestIdHash", o->request_id);
	return news;
}

void oc_observe_end(struct oc_observation *o, enum oc_rc rc, enum oc_http_failure how,
		    const struct oc_reply *reply)
{
	bool failed = rc != OC_OK || reply->error.class != OC_ERR_NONE;

	if (o->facts) {
		json_t *news = failed ? error_block(o, oc_failure_kind(rc, how, &reply->error))
				      : completed_block(o, reply);
		oc_json_put(news, "durationMs",
			    json_integer((json_int_t)(oc_now_ms() - o->began_ms)));
		emit(o, failed ? "model.call.error" : "model.call.completed", news);
	}
	json_decref(o->facts);
	free(o->file);
	*o = (struct oc_observation){ 0 };
}
