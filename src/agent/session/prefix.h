#ifndef OC_PREFIX_H
#define OC_PREFIX_H
#include "model/codec/message.h"
/*
 * How much of a request repeats the one before it in its session (spec 03 §3.3): a server that
 * keeps the prompt of the last request reads only the rest. What is compared is what was sent: one
 * hash of the bytes of each part of the body, tools and system text first, then every message.
 * Pure.
 */
struct oc_prefix {
	struct oc_prefix_part {
		uint64_t hash;
		uint64_t said; /* without reasoning, which is sent inside a tool loop alone */
		size_t bytes;
		enum oc_role role;
		bool thought; /* nothing else */
	} * parts;
	size_t n;
};
/* What of a request the next one is expected to repeat: its tools and its whole conversation. body:
 * of any API that is spoken. */
void oc_prefix_of(struct oc_prefix *p, const json_t *body);
void oc_prefix_deinit(struct oc_prefix *p); /* accepts a zeroed struct */

struct oc_prefix_result {
	size_t shared, before; /* bytes: repeated, and of the whole request before */
	/* Why it is not all: "reasoning" was left out, "trimmed" tool result, "instruction" of the
	 * program taken back, "tools" taken away for a last try; NULL = it is all of it, or nothing
	 * explains it. Static. */
	const char *reason;
};
struct oc_prefix_result oc_prefix_compare(const struct oc_prefix *before,
					  const struct oc_prefix *now);

/* ---- the last of them, for who looks ---- */
enum { OC_PREFIXES_KEPT = 20, OC_PREFIX_SESSIONS = 64 };
struct oc_prefix_check {
	char *session_key;
	int64_t at_ms, shared, before;
	const char *reason; /* static; NULL = whole, or unexplained */
};
struct oc_prefix_log {
	struct oc_prefix_check checks[OC_PREFIXES_KEPT]; /* a ring */
	size_t n_checks;				 /* ever */
	struct oc_prefix_last {
		char *session_id;
		int64_t epoch;
		uint64_t used; /* the least recently used one goes */
		struct oc_prefix prefix;
	} last[OC_PREFIX_SESSIONS];
	uint64_t uses;
};
/* Takes over now. epoch_reason: why the epoch of this request began; static. The first request of a
 * session is no check: NULL. */
const struct oc_prefix_check *oc_prefix_note(struct oc_prefix_log *l, const char *session_key,
					     const char *session_id, int64_t epoch,
					     const char *epoch_reason, struct oc_prefix *now,
					     int64_t wall_ms);
/* The newest first. [{at, sessionKey, sharedBytes, previousBytes, percent, reason?}]; session_key
 * NULL = all. */
json_t *oc_prefix_log_json(const struct oc_prefix_log *l, const char *session_key);
void oc_prefix_log_deinit(struct oc_prefix_log *l);
#endif
