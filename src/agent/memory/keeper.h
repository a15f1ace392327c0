#ifndef OC_MEMORY_KEEPER_H
#define OC_MEMORY_KEEPER_H
#include "agent/run/snapshot.h"
#include "agent/session/sessions.h"
/*
 * Keeps the memory of all agents ready while a gateway runs: when no run is under way it looks at
 * the notes, and gives what is new its vectors where an embedding model is at hand. A run that
 * begins meanwhile waits for one batch at most.
 */
struct oc_memory_keeper;
struct oc_memory_keeper_spec {
	struct oc_snapshot *(*snapshot)(void *arg); /* a reference */
	const struct oc_sessions *sessions;
	void *arg;
};
struct oc_memory_keeper *oc_memory_keeper_start(const struct oc_memory_keeper_spec *spec);
void oc_memory_keeper_stop_wait(struct oc_memory_keeper *k); /* accepts NULL */
#endif
