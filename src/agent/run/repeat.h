#ifndef OC_AGENT_REPEAT_H
#define OC_AGENT_REPEAT_H
#include "base/str.h"
/*
 * Brakes on a model that goes in circles (spec 03 §1.8): the same call with the same result, or one
 * tool that fails and fails. Pure bookkeeping within one run.
 */
enum { OC_REPEAT_REMEMBERED = 64 };
struct oc_repeat {
	struct {
		uint64_t call, result;
		unsigned same; /* how often this call gave this result, one after the other */
	} seen[OC_REPEAT_REMEMBERED];
	size_t n, next;
	uint64_t failing_tool; /* hash of its name */
	unsigned failures;     /* of that tool in a row */
	uint64_t words;	       /* hash of what the model said last beside its calls */
	unsigned same_words;   /* how often in a row */
};
enum oc_repeat_verdict {
	OC_REPEAT_FINE,
	OC_REPEAT_SAME,	   /* the same call gives the same result again and again: say so */
	OC_REPEAT_FAILING, /* the tool keeps failing: say so */
	OC_REPEAT_END	   /* enough: no more tools in this run */
};
/* The call was made so often with one result that it is not worth running. */
bool oc_repeat_blocks(const struct oc_repeat *r, struct oc_str tool, struct oc_str args);
/* What the model said beside its calls; short words are no sign of anything. SAME: it has said just
 * that before, END: for the third time in a row. */
enum oc_repeat_verdict oc_repeat_words(struct oc_repeat *r, struct oc_str words);
/* A call and how it ended. args in canonical form. */
enum oc_repeat_verdict oc_repeat_note(struct oc_repeat *r, struct oc_str tool, struct oc_str args,
				      struct oc_str result, bool failed);
#endif
