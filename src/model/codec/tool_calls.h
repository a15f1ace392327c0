#ifndef OC_TOOL_CALLS_H
#define OC_TOOL_CALLS_H
#include "model/codec/reply.h"
/*
 * Structured tool calls, assembled from the fragments of a stream (spec 04 §3.2 rule 5, 01 §5.3).
 * Pure but for the fresh ids.
 */
struct oc_call_slot;
struct oc_call_slots {
	struct oc_call_slot *v;
	size_t n, cap;
	size_t last; /* touched last, valid when n > 0 */
	bool index_missing, index_reused, legacy, args_object;
	bool over_limit; /* too many calls, or arguments beyond OC_MAX_TOOL_ARGS_BYTES */
};
/* An entry of delta.tool_calls. whole: it comes from a complete message, where every entry is a
 * call of its own. */
void oc_call_slots_add(struct oc_call_slots *s, const json_t *fragment, bool whole);
/* The older delta.function_call. */
void oc_call_slots_add_legacy(struct oc_call_slots *s, const json_t *function);

/* For APIs that say where a call begins: its slot, for the functions below. false: too many. */
bool oc_call_slots_open(struct oc_call_slots *s, size_t *slot);
/* Sets what is not known yet. */
void oc_call_slots_name(struct oc_call_slots *s, size_t slot, struct oc_str id, struct oc_str name);
void oc_call_slots_append(struct oc_call_slots *s, size_t slot, struct oc_str args);
/* What came so far, borrowed until the next change. */
struct oc_str oc_call_slots_args(const struct oc_call_slots *s, size_t slot);
/* Replaces what came so far: a string, or an object, which is noted as a warning. */
void oc_call_slots_replace(struct oc_call_slots *s, size_t slot, const json_t *args);
/* Arguments of an API where objects are the rule. */
void oc_call_slots_append_object(struct oc_call_slots *s, size_t slot, const json_t *args);

/* Appends the calls to the reply, with arguments judged, ids made unique and warnings noted. */
void oc_call_slots_seal(struct oc_call_slots *s, struct oc_reply *r, const struct oc_strv *tools);
void oc_call_slots_deinit(struct oc_call_slots *s);

/* Replaces the id of call i by one that no other call of the reply has: "c" and 8 characters (spec
 * 03 §5.5). */
void oc_tool_call_fresh_id(struct oc_reply *r, size_t i);
/* Integers that a double cannot hold become strings of their digits. */
void oc_args_keep_big_integers(json_t *args);
#endif
