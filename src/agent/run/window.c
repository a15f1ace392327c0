/* Windows of loaded models, for a minute. */
#include "agent/run/window.h"

enum { HELD = 16 };

/* A hash of the server and the model, which may collide for a minute at worst. */
static struct {
	uint64_t server, model;
	const struct oc_catalog *catalog; /* compared alone, never followed */
	uint64_t at_ms;
	struct oc_context context;
} held[HELD];
static unsigned next;

static uint64_t hash(const char *s)
{
	uint64_t h = 14695981039346656037u; /* FNV-1a */

	for (; s && *s; s++) h = (h ^ (unsigned char)*s) * 1099511628211u;
	return h;
}

static unsigned find(const struct oc_catalog *c, const struct oc_provider *p, const char *model)
{
	uint64_t server = hash(p->base_url), id = hash(model);
	unsigned i = 0;

	while (i < HELD && !(held[i].at_ms && held[i].catalog == c && held[i].server == server &&
			     held[i].model == id))
		i++;
	return i;
}

bool oc_window_held(const struct oc_catalog *c, const struct oc_provider *p, const char *model,
		    struct oc_context *out)
{
	unsigned i = find(c, p, model);

	if (i == HELD || oc_now_ms() - held[i].at_ms >= OC_WINDOW_HELD_MS) return false;
	*out = held[i].context;
	return true;
}

void oc_window_hold(const struct oc_catalog *c, const struct oc_provider *p, const char *model,
		    const struct oc_context *context)
{
	unsigned i = find(c, p, model);

	if (i == HELD) i = next++ % HELD;
	held[i].server = hash(p->base_url);
	held[i].model = hash(model);
	held[i].catalog = c;
	held[i].at_ms = oc_now_ms();
	held[i].context = *context;
}

void oc_window_forget(const struct oc_provider *p)
{
	uint64_t server = hash(p->base_url);

	for (unsigned i = 0; i < HELD; i++)
		if (held[i].server == server) held[i].at_ms = 0;
}
