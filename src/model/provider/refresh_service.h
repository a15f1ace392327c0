#ifndef OC_REFRESH_SERVICE_H
#define OC_REFRESH_SERVICE_H
#include "config/config.h"
#include "rt/task.h"
/*
 * Keeps the catalog in step with LM Studio while a gateway runs (spec 01 §13): asks its list every
 * ten seconds, not while a model works, and writes models.json once when the set of ids changed.
 * Whatever goes wrong costs one warning; the old list stays.
 */
enum { OC_REFRESH_INTERVAL_MS = 10000, OC_REFRESH_WARN_EVERY_MS = 300000 };

struct oc_refresh_hooks {
	/* The configuration as it is now; asked at each tick, borrowed until the tick has ended:
	 * a reload in between must keep the old one alive that long. */
	const struct oc_config *(*config)(void *arg);
	/* Runs and model calls under way; above 0 the tick is left out. NULL = none ever. */
	size_t (*active_tasks)(void *arg);
	/* The list changed. news: {"providers": {"lmstudio": {"baseUrl", "models", …}}}, what
	 * oc_provider_take wants; borrowed. Also called when the file could not be written. May
	 * be NULL. Must not park. */
	void (*changed)(void *arg, const json_t *news);
	void *arg;
};
struct oc_refresh_service;
/* Ticks at once and from then on by the monotonic clock, in a task of a child of the current scope.
 * hooks is copied. */
struct oc_refresh_service *oc_refresh_service_start(const struct oc_refresh_hooks *hooks);
/* Ends the request under way, waits for the task, frees s. Accepts NULL. */
void oc_refresh_service_stop_wait(struct oc_refresh_service *s);
/* One tick now. Left out (OC_OK, *looked false) while another one runs or a model works. Otherwise
 * the list is current, or e tells the failure (OC_CANCELLED too). */
OC_MUST_USE enum oc_rc oc_refresh_service_tick_wait(struct oc_refresh_service *s, bool *looked,
						    struct oc_err *e);
#endif
