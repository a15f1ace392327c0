/* The conversation of a run that leaves nothing behind. */
#include <stdlib.h>

#include "agent/run/conversation.h"
#include "agent/run/transcript.h"

static enum oc_rc view_wait(void *arg, struct oc_messages *out, struct oc_err *e)
{
	const struct oc_messages *m = arg;

	(void)e;
	for (size_t i = 0; i < m->n; i++) oc_transcript_copy(&m->v[i], out);
	return OC_OK;
}

static enum oc_rc append_wait(void *arg, const struct oc_message *m, const struct oc_said *said,
			      struct oc_err *e)
{
	(void)said, (void)e;
	oc_transcript_copy(m, arg);
	return OC_OK;
}

struct oc_conversation oc_memory_conversation(struct oc_messages *messages)
{
	return (struct oc_conversation){ .view_wait = view_wait,
					 .append_wait = append_wait,
					 .arg = messages };
}

void oc_frozen_deinit(struct oc_frozen *f)
{
	free(f->system);
	free(f->tools);
	*f = (struct oc_frozen){ 0 };
}
