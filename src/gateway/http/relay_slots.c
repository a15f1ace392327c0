/*
 * Slots of a model's server for the relay. Agents ask a server for its window before each run and
 * note its slots on the way; where none has run yet, the relay asks, so that a parallel server is
 * not throttled to one stream.
 */
#include <stdio.h>
#include <stdlib.h>

#include "gateway/http/relay.h"
#include "model/provider/context.h"
#include "model/provider/learned.h"

enum { ASK_EVERY_MS = 300000, REMEMBERED = 32, MAX_NAME = 200 };

/* Not again soon: most servers do not tell. */
static bool asked_lately(const struct oc_selection *t)
{
	static struct {
		char name[MAX_NAME];
		uint64_t at_ms;
	} asked[REMEMBERED];
	static size_t next;
	char name[MAX_NAME];

	snprintf(name, sizeof name, "%s %s", t->provider->base_url, t->model_id);
	for (size_t i = 0; i < REMEMBERED; i++)
		if (!strcmp(asked[i].name, name) && oc_now_ms() - asked[i].at_ms < ASK_EVERY_MS)
			return true;
	memcpy(asked[next].name, name, sizeof name);
	asked[next].at_ms = oc_now_ms();
	next = (next + 1) % REMEMBERED;
	return false;
}

/* Ollama tells none, and asking it would load the model. */
static bool may_tell(const struct oc_provider *p)
{
	return p->local && !p->kind->hosted && p->kind != oc_custom_kind &&
	       p->kind->load != OC_LOAD_KEEP_ALIVE;
}

enum oc_rc oc_relay_slots_wait(const struct oc_catalog *c, const struct oc_selection *t,
			       int64_t *told)
{
	const char *agent_dir = c->config->paths.agent_dir;
	json_t *facts = oc_learned_get(agent_dir, t->provider->base_url, t->model_id);
	struct oc_context found;

	*told = oc_json_positive(json_object_get(facts, "context"), "slots");
	json_decref(facts);
	if (*told || oc_json_positive(json_object_get(t->provider->entry, "params"), "slots"))
		return OC_OK;
	if (!may_tell(t->provider) || asked_lately(t)) return OC_OK;
	enum oc_rc rc = oc_context_read_wait(c, t->provider, t->model_id, &found);

	*told = found.slots;
	return rc;
}
