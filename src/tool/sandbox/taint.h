#ifndef OC_TOOL_TAINT_H
#define OC_TOOL_TAINT_H
#include "base/str.h"
/*
 * What may no longer happen unasked once foreign text entered a turn (spec 03 §6.1, §6.4), by how
 * far the model is trusted. One table; pure.
 */
/* By size: a small model follows orders that it finds in a page more easily. */
enum oc_trust_tier {
	OC_TRUST_T0, /* below 4 billion parameters, or unknown */
	OC_TRUST_T1, /* below 15 */
	OC_TRUST_T2, /* up to 80 */
	OC_TRUST_T3, /* above */
};
/* From the size that a model's id names: "qwen3-8b", "Mixtral-8x7B", "gemma-3n-e4b",
 * "smollm2-135m". What it does not name is unknown. */
enum oc_trust_tier oc_trust_tier_of(struct oc_str model_id);

enum oc_act {
	OC_ACT_READ,	     /* files, states, searches */
	OC_ACT_WRITE_INSIDE, /* the workspace */
	OC_ACT_WRITE_OUTSIDE,
	OC_ACT_EXEC_SANDBOX,
	OC_ACT_EXEC_HOST,     /* outside the sandbox */
	OC_ACT_FETCH,	      /* an address that carries nothing, or one that was read */
	OC_ACT_FETCH_DATA,    /* an address made up by the model that can carry data out */
	OC_ACT_MESSAGE_BACK,  /* to who is talking */
	OC_ACT_MESSAGE_OTHER, /* to a third party */
	OC_ACT_SCHEDULE,
	OC_ACT_SERVER, /* a tool of a server that is not where the foreign text came from */
	OC_ACTS,
};
struct oc_taint_facts {
	bool tainted;
	enum oc_trust_tier trust;
	bool full;	/* the operator chose tools.exec.mode "full" */
	bool read_only; /* a command that changes nothing (spec 03 §4.8) */
};
/* Whether the person has to be asked, whatever else is allowed. *why (may be NULL) gets a static
 * clause. */
bool oc_taint_asks(enum oc_act act, const struct oc_taint_facts *f, const char **why);
#endif
