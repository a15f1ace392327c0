#ifndef OC_BELL_H
#define OC_BELL_H
#include "rt/task.h"
/* Tasks that wait for something to happen once. */
struct oc_bell {
	struct oc_bell_wait *first;
};
/* OC_OK: rung. OC_E_TIMEOUT, OC_CANCELLED. */
OC_MUST_USE enum oc_rc oc_bell_wait(struct oc_bell *b, struct oc_deadline d);
/* Deaf to cancellation: what rings it is sure to come. */
void oc_bell_sure_wait(struct oc_bell *b);
void oc_bell_ring(struct oc_bell *b);
#endif
