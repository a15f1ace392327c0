/*
 * Which failures of a model call are worth the same request again (D7, D69, spec 03 §1.6). Rows,
 * because every class has its own patience; whether anything was visible decides for those that
 * come after the first byte.
 */
#include "base/rand.h"
#include "model/call/internal.h"
#include "rt/task.h"

struct patience {
	unsigned local, hosted; /* retries */
	uint32_t first_ms, cap_ms;
	uint32_t window_ms, hosted_window_ms; /* all tries together */
	bool even_visible;		      /* the failure comes before any byte of an answer */
};

static const struct patience table[OC_ERR_CLASSES] = {
	[OC_ERR_NO_RESPONSE] = { 3, 8, 1000, 30000, 90000, 90000, true },
	/* No network is soon clear, and the next candidate may be on this machine. */
	[OC_ERR_UPSTREAM_UNREACHABLE] = { 3, 3, 1000, 30000, 90000, 90000, true },
	[OC_ERR_MODEL_LOADING] = { 10000, 8, 1000, 5000, 600000, 90000, true },
	[OC_ERR_STREAM_TRUNCATED] = { 1, 8, 500, 30000, 90000, 90000, false },
	[OC_ERR_SERVER_ERROR] = { 2, 8, 1000, 30000, 90000, 90000, false },
	[OC_ERR_RATE_LIMITED] = { 4, 9, 1000, 30000, 60000, 90000, true },
	[OC_ERR_OVERLOADED] = { 4, 8, 1000, 30000, 60000, 90000, true },
	[OC_ERR_TIMEOUT] = { 0, 8, 1000, 30000, 90000, 90000, false },
};

enum { MAX_RETRY_AFTER_MS = 60000, LOADING_HOLDS_MS = 60000 };

/* Doubling from the first delay, times 0.5 to 1.5, so that several clients do not return together.
 */
static uint64_t backoff_ms(const struct patience *p, unsigned tries)
{
	uint64_t ms = p->first_ms;

	for (unsigned i = 0; i < tries && ms < p->cap_ms; i++) ms *= 2;
	if (ms > p->cap_ms) ms = p->cap_ms;
	return ms / 2 + oc_rand_u64() % (ms + 1);
}

/* It would fail again, and the machine suffers each time. */
static bool out_of_memory(const struct oc_call_error *e)
{
	static const char *const words[] = { "out of memory", "failed to allocate",
					     "insufficient memory" };

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (oc_str_ihas(oc_str(e->message), words[i])) return true;
	return false;
}

/* A server that said it loads may be gone for a moment while it does (spec 03 §1.6). */
static enum oc_error_class class_of(struct oc_retry *r, const struct oc_reply *reply, uint64_t now)
{
	enum oc_error_class class = reply->error.class;
	bool down = class == OC_ERR_UPSTREAM_UNREACHABLE || class == OC_ERR_NO_RESPONSE;

	if (class == OC_ERR_MODEL_LOADING) r->loading_ms = now;
	if (down && r->loading_ms && now - r->loading_ms < LOADING_HOLDS_MS)
		return OC_ERR_MODEL_LOADING;
	return class;
}

static uint64_t window_of(const struct oc_retry *r, enum oc_error_class class, bool local)
{
	if (class == OC_ERR_MODEL_LOADING && r->load_limit_ms) return r->load_limit_ms;
	return local ? table[class].window_ms : table[class].hosted_window_ms;
}

bool oc_retry_allowed(struct oc_retry *r, const struct oc_reply *reply, bool local, bool visible,
		      uint64_t *delay_ms)
{
	uint64_t now = oc_now_ms();
	enum oc_error_class class = class_of(r, reply, now);
	const struct patience *p = &table[class];
	unsigned allowed = local ? p->local : p->hosted;

	if (!reply->error.retryable || (visible && !p->even_visible)) return false;
	if (out_of_memory(&reply->error) || r->tries[class] >= allowed) return false;
	if (!r->began_ms) r->began_ms = now;
	uint64_t wait = backoff_ms(p, r->tries[class]);
	if (reply->error.retry_after_ms > MAX_RETRY_AFTER_MS) return false;
	if (reply->error.retry_after_ms >= 0) wait = (uint64_t)reply->error.retry_after_ms;
	if (now - r->began_ms + wait > window_of(r, class, local)) return false;
	r->tries[class]++;
	*delay_ms = wait;
	return true;
}
