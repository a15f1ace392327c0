#ifndef OC_AGENT_BATCH_H
#define OC_AGENT_BATCH_H
#include "agent/loop.h"
/*
 * Answers every call of the last assistant message, in call order, with exactly one result each
 * (spec 03 §1.5). cut: the reply hit the output limit, so none of its calls is run. OC_CANCELLED or
 * OC_OK.
 */
OC_MUST_USE enum oc_rc oc_batch_wait(struct oc_run *run, bool cut);
#endif
