/* MCP over the pipes of a child. */
#include "tool/mcp/stdio.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "rt/child.h"
#include "tool/mcp/parse.h"

enum {
	QUEUE_BYTES = 1048576, /* then it has to wait */
	NOISE_PER_S = 65536,   /* that nobody asked for and that is borne for ever */
	TURN = 16,	       /* messages between two looks at the loop */
	LEAVE_MS = 500,	       /* to end by itself when its input is closed */
	AFTER_EXIT_MS = 50,    /* for what is still in the pipe */
	MAX_ERROR_LINE = 600,
	LOG_LINES_PER_MIN = 200,
	MINUTE_MS = 60000,
};

struct line {
	struct line *next;
	size_t n;
	char bytes[];
};
struct oc_mcp_stdio {
	const struct oc_mcp_config *config;
	struct oc_mcp_hooks hooks;
	struct oc_child *child;
	struct oc_scope *scope;
	struct oc_mcp_lines lines;
	struct line *first, **last;
	size_t queued;
	struct oc_wait *reader; /* parked */
	struct oc_err why;	/* why it is given up */
	bool paused, ended;
	/* ---- what nobody asked for ---- */
	uint64_t noise, noise_ms;
	/* ---- its errors ---- */
	struct oc_buf errors;
	char last_words[MAX_ERROR_LINE];
	unsigned logged;
	uint64_t logged_ms;
};

static void wake(struct oc_mcp_stdio *s)
{
	if (s->reader) oc_wait_end(s->reader, OC_OK);
}

/* ---- its errors ---- */

/* A server may print what it was given. */
static void mask_secrets(const struct oc_mcp_config *c, char *text)
{
	for (size_t i = 0; i < c->secrets.n; i++) {
		size_t n = strlen(c->secrets.v[i]);
		for (char *at = text; (at = strstr(at, c->secrets.v[i])); at += n)
			memset(at, '*', n);
	}
}

static void log_line(struct oc_mcp_stdio *s, struct oc_str line)
{
	uint64_t now = oc_now_ms();
	struct oc_buf clean;

	line = oc_str_trim(line);
	if (!line.n) return;
	oc_buf_init(&clean, 4 * MAX_ERROR_LINE);
	oc_utf8_clean(oc_str_head(line, MAX_ERROR_LINE), &clean);
	char *text = oc_buf_take(&clean);
	text[oc_utf8_floor(text, strlen(text) < MAX_ERROR_LINE ? strlen(text)
							       : MAX_ERROR_LINE - 1)] = '\0';
	mask_secrets(s->config, text);
	snprintf(s->last_words, sizeof s->last_words, "%s", text);
	if (now - s->logged_ms > MINUTE_MS) {
		s->logged = 0;
		s->logged_ms = now;
	}
	if (s->logged++ < LOG_LINES_PER_MIN)
		oc_log(OC_LOG_INFO, "mcp", "%s: %s", s->config->id, text);
	else if (s->logged == LOG_LINES_PER_MIN + 1)
		oc_log(OC_LOG_WARN, "mcp", "%s writes too much to its errors; not all is logged",
		       s->config->id);
	free(text);
}

static void on_errors(void *arg, struct oc_str bytes)
{
	struct oc_mcp_stdio *s = arg;

	while (bytes.n) {
		size_t lf = oc_str_find(bytes, OC_LIT("\n"), 0);

		oc_buf_add(&s->errors, oc_str_head(bytes, lf));
		if (lf == SIZE_MAX && !s->errors.bad) return;
		log_line(s, oc_buf_view(&s->errors));
		oc_buf_clear(&s->errors);
		bytes = lf == SIZE_MAX ? OC_LIT("") : oc_str_from(bytes, lf + 1);
	}
}

/* ---- its output ---- */

static enum oc_rc take_line(void *arg, struct oc_str text)
{
	struct oc_mcp_stdio *s = arg;
	struct line *l = oc_alloc(sizeof *l + text.n);

	l->n = text.n;
	memcpy(l->bytes, text.p, text.n);
	*s->last = l;
	s->last = &l->next;
	s->queued += text.n;
	return OC_OK;
}

static void on_output(void *arg, struct oc_str bytes)
{
	struct oc_mcp_stdio *s = arg;

	if (s->why.rc) return;
	if (oc_mcp_lines_feed(&s->lines, bytes, take_line, s) != OC_OK)
		oc_fail(&s->why, OC_E_LIMIT, "it sent a message of more than %d MB",
			OC_MAX_MCP_MESSAGE_BYTES >> 20);
	if (s->queued > QUEUE_BYTES || s->why.rc) {
		s->paused = true;
		oc_child_pause(s->child, true);
	}
	wake(s);
}

static struct line *next_line(struct oc_mcp_stdio *s)
{
	struct line *l = s->first;

	if (!l) return NULL;
	s->first = l->next;
	if (!s->first) s->last = &s->first;
	s->queued -= l->n;
	return l;
}

/* A little is borne for ever, a flood is not. */
static void count_noise(struct oc_mcp_stdio *s, size_t n)
{
	uint64_t now = oc_now_ms(), gone = (now - s->noise_ms) * NOISE_PER_S / 1000;

	s->noise_ms = now;
	s->noise = (s->noise > gone ? s->noise - gone : 0) + n;
	if (s->noise > OC_MAX_MCP_NOISE_BYTES)
		oc_fail(&s->why, OC_E_LIMIT,
			"it floods its output with what is no answer to anything");
}

/* Each message costs its server something, however short it is. */
static void take_message_wait(struct oc_mcp_stdio *s, struct line *l)
{
	enum { LEAST = 256 };
	json_t *value = oc_mcp_parse_wait((struct oc_str){ l->bytes, l->n });

	if (!value || !s->hooks.message(s->hooks.arg, value))
		count_noise(s, l->n < LEAST ? LEAST : l->n);
	json_decref(value);
}

static enum oc_rc read_queue_wait(struct oc_mcp_stdio *s)
{
	struct line *l;

	for (unsigned n = 1; !s->why.rc && (l = next_line(s)); n++) {
		take_message_wait(s, l);
		free(l);
		if (s->paused && s->queued < QUEUE_BYTES / 2) {
			s->paused = false;
			oc_child_pause(s->child, false);
		}
		if (n % TURN == 0 && oc_sleep_wait(1)) return OC_CANCELLED;
	}
	return OC_OK;
}

static void read_all(void *arg)
{
	struct oc_mcp_stdio *s = arg;
	enum oc_rc rc = OC_OK;

	while (!rc) {
		struct oc_wait w = { 0 };

		rc = read_queue_wait(s);
		if (rc || s->why.rc || (s->ended && !s->first)) break;
		if (s->first) continue;
		s->reader = &w;
		rc = oc_wait_park(&w, OC_NO_DEADLINE);
		s->reader = NULL;
	}
	if (!rc) s->hooks.broken(s->hooks.arg, &s->why);
}

static void watch_end(void *arg)
{
	struct oc_mcp_stdio *s = arg;

	if (oc_child_wait(s->child, OC_NO_DEADLINE) || oc_sleep_wait(AFTER_EXIT_MS)) return;
	s->ended = true;
	wake(s);
}

/* ---- its life ---- */

enum oc_rc oc_mcp_stdio_open(const struct oc_mcp_config *config, const struct oc_mcp_hooks *hooks,
			     struct oc_scope *scope, struct oc_mcp_stdio **out, struct oc_err *e)
{
	struct oc_mcp_stdio *s = oc_new(struct oc_mcp_stdio);
	const struct oc_child_spec spec = { .file = config->command,
					    .args = config->args.v,
					    .env = config->env.v,
					    .cwd = config->cwd,
					    .input = true,
					    .on_output = on_output,
					    .on_errors = on_errors,
					    .arg = s };
	enum oc_rc rc;

	s->config = config;
	s->hooks = *hooks;
	s->last = &s->first;
	s->noise_ms = oc_now_ms();
	oc_mcp_lines_init(&s->lines, OC_MAX_MCP_MESSAGE_BYTES);
	oc_buf_init(&s->errors, 4 * MAX_ERROR_LINE);
	rc = oc_child_start(&spec, &s->child, e);
	if (rc) {
		free(s);
		return rc;
	}
	s->scope = oc_scope_new_in(scope);
	oc_scope_spawn(s->scope, watch_end, s);
	oc_scope_spawn(s->scope, read_all, s);
	*out = s;
	return OC_OK;
}

enum oc_rc oc_mcp_stdio_send(struct oc_mcp_stdio *s, const char *text, struct oc_err *e)
{
	char *line = oc_asprintf("%s\n", text);
	enum oc_rc rc = oc_child_write(s->child, oc_str(line), e);

	free(line);
	return rc;
}

const char *oc_mcp_stdio_last_words(const struct oc_mcp_stdio *s)
{
	return s->last_words;
}

int oc_mcp_stdio_pid(const struct oc_mcp_stdio *s)
{
	return oc_child_pid(s->child);
}

void oc_mcp_stdio_close_wait(struct oc_mcp_stdio *s, char *how, size_t n)
{
	int exit_code = 0, signum = 0;
	struct line *l;

	if (!s) return;
	oc_scope_cancel(s->scope);
	oc_scope_join_wait(s->scope);
	oc_scope_free(s->scope);
	oc_child_close_input(s->child);
	oc_child_leave_wait(s->child, LEAVE_MS);
	oc_child_end_wait(s->child);
	oc_child_finish_wait(s->child, &exit_code, &signum);
	if (s->errors.n) log_line(s, oc_buf_view(&s->errors));
	if (signum)
		snprintf(how, n, "signal %d", signum);
	else
		snprintf(how, n, "exit code %d", exit_code);
	while ((l = next_line(s))) free(l);
	oc_mcp_lines_deinit(&s->lines);
	oc_buf_deinit(&s->errors);
	free(s);
}
