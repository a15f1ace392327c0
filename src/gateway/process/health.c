/* What health says, cached. */
#include "gateway/process/health.h"

#include <stdlib.h>

#include "base/mem.h"
#include "gateway/methods/method.h"
#include "gateway/wire/connection.h"

struct oc_health {
	struct oc_gateway *gw;
	json_t *value;
	uint64_t made_ms;
	struct oc_wait *sleeper;
	bool wanted;
};

static json_t *ask_wait(struct oc_gateway *gw)
{
	const struct oc_method *m = oc_method_find("health");
	struct oc_rpc rpc = { .gw = gw, .id = "health", .method = m, .received_ms = oc_now_ms() };
	struct oc_rpc_error e = { 0 };
	json_t *value = NULL;

	rpc.params = json_object();
	if (!m || m->run_wait(&rpc, &value, &e) || !value) {
		json_decref(value);
		value = json_pack("{s:b, s:I}", "ok", 1, "ts", (json_int_t)oc_wall_ms());
	}
	json_decref(e.details);
	json_decref(rpc.params);
	return value;
}

static void renew_wait(struct oc_health *h)
{
	json_t *value = ask_wait(h->gw);

	json_decref(h->value);
	h->value = value;
	h->made_ms = oc_now_ms();
	oc_broker_health_changed(h->gw->broker);
}

static bool is_old(const struct oc_health *h)
{
	return !h->value || oc_now_ms() - h->made_ms >= OC_HEALTH_EVERY_MS;
}

json_t *oc_health_get_wait(struct oc_health *h)
{
	if (!h->value) renew_wait(h);
	return json_incref(h->value);
}

void oc_health_wanted(struct oc_health *h)
{
	if (!is_old(h)) return;
	h->wanted = true;
	if (h->sleeper) oc_wait_end(h->sleeper, OC_OK);
}

static void tell(struct oc_health *h)
{
	json_t *value = json_incref(h->value);

	oc_broker_send(
	    h->gw->broker,
	    &(struct oc_event){ .name = "health", .payload = value, .state_version = true });
	json_decref(value);
}

static void keep_fresh(void *arg)
{
	struct oc_health *h = arg;
	enum oc_rc rc;

	do {
		struct oc_wait w = { 0 };

		h->sleeper = &w;
		rc = h->wanted ? OC_OK : oc_wait_park(&w, oc_deadline_in(OC_HEALTH_EVERY_MS));
		h->sleeper = NULL;
		h->wanted = false;
		if (rc == OC_CANCELLED || oc_scope_cancelled(oc_scope_current())) return;
		if (!oc_broker_clients(h->gw->broker)) continue;
		renew_wait(h);
		tell(h);
	} while (rc != OC_CANCELLED);
}

struct oc_health *oc_health_start(struct oc_gateway *gw)
{
	struct oc_health *h = oc_new(struct oc_health);

	h->gw = gw;
	oc_scope_spawn(gw->scope, keep_fresh, h);
	return h;
}

void oc_health_free(struct oc_health *h)
{
	if (!h) return;
	json_decref(h->value);
	free(h);
}
