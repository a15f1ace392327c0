#ifndef OC_AGENT_DELIVERY_H
#define OC_AGENT_DELIVERY_H
#include "base/buf.h"
/*
 * The last gate before a person sees what a model says (spec 03 §1.7, §7.4): <final> tags are taken
 * off, and NO_REPLY as the whole text means that nothing is to be said. Deltas are held back only
 * as long as they may still become one of these. Pure; any split gives the same text.
 */
struct oc_delivery_gate {
	void (*text)(void *arg, struct oc_str delta); /* may be NULL */
	void *arg;
	struct oc_buf held;
	bool spoke;  /* something went out */
	bool tagged; /* the text began with <final> */
};
void oc_delivery_init(struct oc_delivery_gate *d, void (*text)(void *arg, struct oc_str delta),
		      void *arg);
void oc_delivery_deinit(struct oc_delivery_gate *d);
void oc_delivery_feed(struct oc_delivery_gate *d, struct oc_str delta);
/* The text has ended: what was held goes out, unless it is silence. The next text may come. */
void oc_delivery_end(struct oc_delivery_gate *d);

/* The whole of it is NO_REPLY, perhaps repeated, in any case, between punctuation. */
bool oc_delivery_is_silence(struct oc_str text);
/* Takes the tags off a whole text. */
void oc_delivery_clean(struct oc_buf *text);
#endif
