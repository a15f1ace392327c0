/* A model call with a limit, in a task that can be stopped. */
#include "agent/run/bounded_call.h"

/* Speeds of a model of which nothing is known: a slow one. */
static const double SLOW_READ = 100, SLOW_WRITE = 5;
/* Also a fast server answers late now and then. */
enum { TIMES = 3, LEAST_MS = 10000, LOOK_MS = 500 };

uint64_t oc_bounded_limit_ms(double read_per_second, double write_per_second, int64_t read,
			     int64_t write)
{
	double seconds = (double)read / (read_per_second > 0 ? read_per_second : SLOW_READ) +
			 (double)write / (write_per_second > 0 ? write_per_second : SLOW_WRITE);
	uint64_t ms = (uint64_t)(seconds * 1000 * TIMES);

	return ms > LEAST_MS ? ms : LEAST_MS;
}

struct bounded {
	const struct oc_model_port *port;
	struct oc_turn_request request;
	const struct oc_reply_sink *sink; /* who is told */
	struct oc_reply *reply;
	struct oc_err *e;
	enum oc_rc rc;
	struct oc_wait *waiting;
	bool done;
	uint64_t begun_ms; /* the server is at it since; 0 = it is not */
};

static void text_came(void *arg, struct oc_str delta)
{
	const struct bounded *b = arg;

	if (b->sink->text) b->sink->text(b->sink->arg, delta);
}

static void reasoning_came(void *arg, struct oc_str delta)
{
	const struct bounded *b = arg;

	if (b->sink->reasoning) b->sink->reasoning(b->sink->arg, delta);
}

static void progress_came(void *arg, const struct oc_progress *p)
{
	struct bounded *b = arg;

	if (p->phase != OC_PHASE_READING)
		b->begun_ms = 0;
	else if (!b->begun_ms)
		b->begun_ms = oc_now_ms();
	if (b->sink->progress) b->sink->progress(b->sink->arg, p);
}

static void ask(void *arg)
{
	struct bounded *b = arg;

	b->rc = b->port->call_wait(b->port->arg, &b->request, b->reply, b->e);
	b->done = true;
	if (b->waiting) oc_wait_end(b->waiting, OC_OK);
}

/* Parks until it is done, or looks again in a second. False: the time is over, or the caller is
 * stopped. */
static bool go_on_wait(struct bounded *b, uint64_t limit_ms)
{
	struct oc_wait w = { 0 };
	enum oc_rc rc;

	if (b->begun_ms && oc_now_ms() - b->begun_ms >= limit_ms) return false;
	b->waiting = &w;
	rc = oc_wait_park(&w, oc_deadline_in(LOOK_MS));
	b->waiting = NULL;
	return rc != OC_CANCELLED;
}

enum oc_rc oc_bounded_call_wait(const struct oc_model_port *port, const struct oc_turn_request *r,
				uint64_t limit_ms, struct oc_reply *reply, struct oc_err *e)
{
	struct oc_reply_sink sink = { .text = text_came,
				      .reasoning = reasoning_came,
				      .progress = progress_came };
	struct bounded b = { .port = port,
			     .request = *r,
			     .sink = r->sink,
			     .reply = reply,
			     .e = e,
			     .begun_ms = oc_now_ms() };
	struct oc_scope *scope = oc_scope_new();
	bool over = false;

	sink.arg = &b;
	b.request.sink = &sink;
	oc_scope_spawn(scope, ask, &b);
	while (!b.done && !over) over = !go_on_wait(&b, limit_ms) && !b.done;
	if (over) oc_scope_cancel(scope);
	oc_scope_join_wait(scope);
	oc_scope_free(scope);
	if (b.rc != OC_CANCELLED || oc_scope_cancelled(oc_scope_current())) return b.rc;
	return oc_fail(e, OC_E_TIMEOUT, "no answer within %llu s",
		       (unsigned long long)(limit_ms / 1000));
}
