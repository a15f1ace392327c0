/* Counts calls that lead nowhere. */
#include "agent/run/repeat.h"

enum {
	SAY_SAME = 3,
	BLOCK_SAME = 5,
	END_SAME = 8,
	SAY_FAILING = 3,
	END_FAILING = 8,
	MIN_WORDS = 40
};

static uint64_t hash(uint64_t h, struct oc_str s)
{
	for (size_t i = 0; i < s.n; i++) h = (h ^ (unsigned char)s.p[i]) * 0x100000001B3ull;
	return (h ^ 0xFF) * 0x100000001B3ull; /* parts do not run together */
}

static uint64_t hash_call(struct oc_str tool, struct oc_str args)
{
	return hash(hash(0xCBF29CE484222325ull, tool), args);
}

static size_t find(const struct oc_repeat *r, uint64_t call)
{
	for (size_t i = 0; i < r->n; i++)
		if (r->seen[i].call == call) return i;
	return SIZE_MAX;
}

bool oc_repeat_blocks(const struct oc_repeat *r, struct oc_str tool, struct oc_str args)
{
	size_t at = find(r, hash_call(tool, args));

	return at != SIZE_MAX && r->seen[at].same >= BLOCK_SAME;
}

/* How often this call has now given this result. */
static unsigned count_same(struct oc_repeat *r, uint64_t call, uint64_t result)
{
	size_t at = find(r, call);

	if (at == SIZE_MAX) {
		at = r->n < OC_REPEAT_REMEMBERED ? r->n++ : r->next++ % OC_REPEAT_REMEMBERED;
		r->seen[at].call = call;
		r->seen[at].same = 0;
	} else if (r->seen[at].result != result && r->seen[at].same < BLOCK_SAME)
		r->seen[at].same = 0;
	r->seen[at].result = result;
	return ++r->seen[at].same;
}

static unsigned count_failures(struct oc_repeat *r, uint64_t tool, bool failed)
{
	if (failed && r->failing_tool == tool) return ++r->failures;
	if (failed || r->failing_tool == tool) {
		r->failing_tool = tool;
		r->failures = failed;
	}
	return failed ? r->failures : 0;
}

enum oc_repeat_verdict oc_repeat_note(struct oc_repeat *r, struct oc_str tool, struct oc_str args,
				      struct oc_str result, bool failed)
{
	unsigned same = count_same(r, hash_call(tool, args), hash_call(result, OC_LIT("")));
	unsigned failures = count_failures(r, hash_call(tool, OC_LIT("")), failed);

	if (same >= END_SAME || failures >= END_FAILING) return OC_REPEAT_END;
	if (failures >= SAY_FAILING) return OC_REPEAT_FAILING;
	return same >= SAY_SAME ? OC_REPEAT_SAME : OC_REPEAT_FINE;
}

enum oc_repeat_verdict oc_repeat_words(struct oc_repeat *r, struct oc_str words)
{
	uint64_t h = hash_call(oc_str_trim(words), OC_LIT(""));

	r->same_words = r->words == h && oc_str_trim(words).n >= MIN_WORDS ? r->same_words + 1 : 0;
	r->words = h;
	if (!r->same_words) return OC_REPEAT_FINE;
	return r->same_words == 1 ? OC_REPEAT_SAME : OC_REPEAT_END;
}
