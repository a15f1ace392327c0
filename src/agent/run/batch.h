#ifndef OC_AGENT_BATCH_H
#define OC_AGENT_BATCH_H
#include "agent/run/loop.h"
/*
 * Answers every call of the reply, whose message was just appended, in call order and with exactly
 * one result each (spec 03 §1.5). Reads that stand together run at the same time, four at most;
 * whatever writes runs alone, after all that stands before it. None is run when the reply hit the
 * output limit. Fails with OC_CANCELLED, or as the conversation does.
 */
OC_MUST_USE enum oc_rc oc_batch_wait(struct oc_run *run, const struct oc_reply *reply,
				     struct oc_err *e);
#endif
