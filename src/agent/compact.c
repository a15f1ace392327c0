/* Shortening a conversation that has become too long (spec 03 §5.4). */
#include "agent/trial.h"

enum oc_rc oc_compact_wait(const struct oc_trial *c, struct oc_run *run, struct oc_err *e)
{
	(void)c, (void)run, (void)e;
	return OC_OK;
}
