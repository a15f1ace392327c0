/*
 * Each command runs in a task that waits for its end, for its deadline and for too much use of the
 * machine, and that sees to it that nothing of it is left when it has ended.
 */
#include "tool/processes.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/mem.h"
#include "rt/child.h"
#include "tool/sandbox/command.h"

enum {
	LOOK_MS = 100,	      /* between two counts of a command without a control group */
	SLACK_BYTES = 262144, /* of output above the limit, so that not every chunk moves it */
	MAX_FINISHED = 16,    /* kept for `process` */
	KEEP_MS = 1800000,    /* that long */
	MAX_RUNNING = 32,
};

struct waiter {
	struct oc_wait wait;
	struct waiter *next;
};
struct oc_command_state {
	struct oc_command *self, *next;
	struct oc_processes *owner; /* NULL when it was forgotten */
	unsigned refs;
	struct oc_scope *scope; /* NULL when its task has ended */
	struct oc_child *child;
	struct oc_confine confine;
	char *mark;
	struct waiter *waiters;
	bool detached;
	void (*output)(void *arg, struct oc_str bytes);
	void *output_arg;
};
struct oc_processes {
	struct oc_scope *scope;
	struct oc_command *first; /* newest last */
	unsigned last_id;
	void (*ended)(void *arg, const struct oc_process_end *end);
	void *ended_arg;
};

/* ---- the list ---- */

struct oc_processes *oc_processes_new(void)
{
	struct oc_processes *p = oc_new(struct oc_processes);

	p->scope = oc_scope_new();
	return p;
}

void oc_command_ref(struct oc_command *c)
{
	c->state->refs++;
}

void oc_command_unref(struct oc_command *c)
{
	if (--c->state->refs) return;
	free(c->state->mark);
	free(c->state);
	oc_buf_deinit(&c->output);
	free(c->command);
	free(c->session_key);
	free(c);
}

void oc_command_forget(struct oc_processes *p, struct oc_command *c)
{
	struct oc_command **at = &p->first;

	while (*at && *at != c) at = &(*at)->state->next;
	if (!*at) return;
	*at = c->state->next;
	c->state->owner = NULL;
	oc_command_unref(c);
}

static void add(struct oc_processes *p, struct oc_command *c)
{
	struct oc_command **at = &p->first;

	while (*at) at = &(*at)->state->next;
	*at = c;
	c->state->owner = p;
	oc_command_ref(c);
}

static bool same_session(const struct oc_command *c, const char *key)
{
	return !strcmp(c->session_key, key ? key : "");
}

struct oc_command *oc_command_at(struct oc_processes *p, const char *session_key, size_t n)
{
	for (struct oc_command *c = p->first; c; c = c->state->next)
		if (c->state->detached && same_session(c, session_key) && n-- == 0) return c;
	return NULL;
}

struct oc_command *oc_command_find(struct oc_processes *p, const char *session_key,
				   struct oc_str id)
{
	struct oc_command *c;

	for (size_t i = 0; (c = oc_command_at(p, session_key, i)); i++)
		if (oc_str_ieq(oc_str(c->id), id)) return c;
	return NULL;
}

/* The oldest of those that have ended, when there are too many or they are too old. */
static void forget_old(struct oc_processes *p)
{
	size_t finished = 0;

	for (struct oc_command *c = p->first; c; c = c->state->next) finished += c->ended;
	for (struct oc_command *c = p->first, *next; c; c = next) {
		next = c->state->next;
		if (!c->ended) continue;
		if (finished <= MAX_FINISHED && oc_now_ms() - c->ended_ms < KEEP_MS) continue;
		oc_command_forget(p, c);
		finished--;
	}
}

size_t oc_processes_running(const struct oc_processes *p, const char *session_key)
{
	size_t n = 0;

	for (const struct oc_command *c = p->first; c; c = c->state->next)
		n += !c->ended && (!session_key || same_session(c, session_key));
	return n;
}

void oc_processes_end_wait(struct oc_processes *p, const char *session_key)
{
	struct oc_command *c = p->first;

	while (c) {
		bool meant = !session_key || same_session(c, session_key);

		if (!meant) {
			c = c->state->next;
			continue;
		}
		oc_command_ref(c);
		oc_command_stop_wait(c);
		oc_command_forget(p, c);
		oc_command_unref(c);
		c = p->first; /* the list may have changed in between */
	}
}

void oc_processes_free_wait(struct oc_processes *p)
{
	if (!p) return;
	oc_processes_end_wait(p, NULL);
	oc_scope_join_wait(p->scope);
	oc_scope_free(p->scope);
	free(p);
}

/* ---- output ---- */

static void keep_output(void *arg, struct oc_str bytes)
{
	struct oc_command *c = arg;

	oc_buf_add(&c->output, bytes);
	if (c->output.n > OC_MAX_EXEC_OUTPUT_BYTES + SLACK_BYTES) {
		size_t excess = c->output.n - OC_MAX_EXEC_OUTPUT_BYTES;

		oc_buf_drop(&c->output, excess);
		c->dropped += excess;
	}
	if (c->state->output) c->state->output(c->state->output_arg, bytes);
}

void oc_command_detach(struct oc_command *c)
{
	c->state->detached = true;
	c->state->output = NULL;
}

/* ---- the task ---- */

static struct oc_deadline next_look(const struct oc_command *c, struct oc_deadline end)
{
	if (oc_confine_has_group(&c->state->confine)) return end;
	return oc_deadline_min(end, oc_deadline_in(LOOK_MS));
}

static const char *excess_wait(const struct oc_command *c)
{
	const struct oc_confine *limits = &c->state->confine;
	struct oc_confine_use use;

	if (oc_confine_has_group(limits)) return NULL;
	use = oc_confine_use_wait(oc_child_pid(c->state->child));
	if (use.processes > OC_CONFINE_PROCESSES) return "too many processes";
	return use.bytes > limits->max_bytes ? "too much memory" : NULL;
}

static void end_tree_wait(struct oc_command *c)
{
	oc_child_end_wait(c->state->child);
	oc_confine_kill(&c->state->confine);
	if (c->state->mark) oc_confine_kill_marked_wait(c->state->mark);
}

static void watch_wait(struct oc_command *c)
{
	struct oc_deadline end = oc_deadline_in(c->timeout_s * 1000ull);

	for (;;) {
		enum oc_rc rc = oc_child_wait(c->state->child, next_look(c, end));

		if (rc == OC_OK) return;
		c->stopped = rc == OC_CANCELLED;
		c->timed_out = rc == OC_E_TIMEOUT && oc_deadline_passed(end);
		if (!c->stopped && !c->timed_out) c->excess = excess_wait(c);
		if (!c->stopped && !c->timed_out && !c->excess) continue;
		end_tree_wait(c);
		return;
	}
}

void oc_processes_watch(struct oc_processes *p,
			void (*fn)(void *arg, const struct oc_process_end *end), void *arg)
{
	p->ended = fn;
	p->ended_arg = arg;
}

static void tell_end(const struct oc_command *c)
{
	const struct oc_processes *p = c->state->owner;
	char how[40];

	if (!p || !p->ended || !c->state->detached || c->stopped || c->state->waiters) return;
	if (c->timed_out || c->excess)
		snprintf(how, sizeof how, "stopped: %s", c->timed_out ? "time limit" : c->excess);
	else if (c->signum)
		snprintf(how, sizeof how, "signal %d", c->signum);
	else
		snprintf(how, sizeof how, "exit %d", c->exit_code);
	const struct oc_process_end end = {
		.id = c->id, .session_key = c->session_key, .how = how, .notify = c->notify
	};
	p->ended(p->ended_arg, &end);
}

static void run(void *arg)
{
	struct oc_command *c = arg;
	struct oc_command_state *s = c->state;

	watch_wait(c);
	oc_child_finish_wait(s->child, &c->exit_code, &c->signum);
	s->child = NULL;
	/* A sandbox ends with its first process; on the host, what was put into the background on
	 * purpose stays, unless a control group knows it. */
	if (!s->mark) oc_confine_kill(&s->confine);
	oc_confine_deinit_wait(&s->confine);
	c->ended = true;
	c->ended_ms = oc_now_ms();
	s->scope = NULL;
	tell_end(c);
	for (struct waiter *w = s->waiters, *next; w; w = next) {
		next = w->next;
		oc_wait_end(&w->wait, OC_OK);
	}
	s->waiters = NULL;
	oc_command_unref(c);
}

static struct oc_command *make(struct oc_processes *p, struct oc_command_spec *spec)
{
	struct oc_command *c = oc_new(struct oc_command);

	c->state = oc_new(struct oc_command_state);
	c->state->refs = 1;
	c->state->self = c;
	c->state->confine = spec->confine;
	c->state->mark = spec->mark ? oc_strdup(spec->mark) : NULL;
	c->state->output = spec->output;
	c->state->output_arg = spec->output_arg;
	snprintf(c->id, sizeof c->id, "p%u", ++p->last_id);
	c->command = oc_strdup(spec->command);
	c->session_key = oc_strdup(spec->session_key ? spec->session_key : "");
	c->timeout_s = spec->timeout_s;
	c->notify = spec->notify;
	c->exit_code = -1;
	c->began_ms = oc_now_ms();
	oc_buf_init(&c->output, OC_MAX_EXEC_OUTPUT_BYTES + 2 * SLACK_BYTES);
	spec->confine = (struct oc_confine){ 0 };
	return c;
}

enum oc_rc oc_command_start_wait(struct oc_processes *p, struct oc_command_spec *spec,
				 struct oc_command **out, struct oc_err *e)
{
	struct oc_command *c;
	enum oc_rc rc;

	forget_old(p);
	if (oc_processes_running(p, NULL) >= MAX_RUNNING) {
		oc_confine_deinit_wait(&spec->confine);
		return oc_fail(e, OC_E_LIMIT,
			       "%d commands are running already; end one with process",
			       MAX_RUNNING);
	}
	c = make(p, spec);
	const struct oc_child_spec child = { .file = spec->argv[0],
					     .args = spec->argv,
					     .env = spec->env,
					     .cwd = spec->cwd,
					     .input = spec->input,
					     .on_output = keep_output,
					     .arg = c };
	rc = oc_child_start(&child, &c->state->child, e);
	if (rc) {
		oc_confine_deinit_wait(&c->state->confine);
		oc_command_unref(c);
		return rc;
	}
	add(p, c);
	oc_command_ref(c);
	c->state->scope = oc_scope_new_in(p->scope);
	oc_scope_spawn(c->state->scope, run, c);
	oc_scope_free_when_done(c->state->scope);
	*out = c;
	return OC_OK;
}

/* ---- waiting, writing, ending ---- */

static enum oc_rc park(struct oc_command *c, struct oc_deadline d, bool cancellable)
{
	struct waiter w = { .next = c->state->waiters }, **at;
	enum oc_rc rc;

	if (c->ended) return OC_OK;
	c->state->waiters = &w;
	rc = cancellable ? oc_wait_park(&w.wait, d) : oc_wait_park_uncancellable(&w.wait, d);
	for (at = &c->state->waiters; *at && *at != &w;) at = &(*at)->next;
	if (*at) *at = w.next;
	return rc;
}

enum oc_rc oc_command_wait(struct oc_command *c, struct oc_deadline d)
{
	return park(c, d, true);
}

void oc_command_stop_wait(struct oc_command *c)
{
	if (c->state->scope) oc_scope_cancel(c->state->scope);
	while (!c->ended) park(c, OC_NO_DEADLINE, false);
}

enum oc_rc oc_command_write(struct oc_command *c, struct oc_str bytes, bool eof, struct oc_err *e)
{
	enum oc_rc rc = OC_OK;

	if (!c->state->child) return oc_fail(e, OC_E_NOT_FOUND, "it has ended");
	if (bytes.n) rc = oc_child_write(c->state->child, bytes, e);
	if (!rc && eof) oc_child_close_input(c->state->child);
	return rc;
}
