#ifndef OC_FAILOVER_H
#define OC_FAILOVER_H
#include "model/provider/fail_reason.h"
#include "model/provider/select.h"
/*
 * Which models a request may go to, one after the other (spec 01 §9). Only those that the config
 * names (D16), in its order; a model that a person chose is the only one. What each failure leads
 * to stands in fail_reason.h. Shared by whoever makes model calls: agent and gateway.
 */
struct oc_candidate {
	struct oc_selection target;
	struct oc_strv warnings; /* of its selection, for when it is tried */
};
struct oc_candidate_wish {
	const char *requested;		 /* reference; NULL = the configured primary */
	bool strict;			 /* a person chose it: no other is tried */
	const struct oc_strv *fallbacks; /* references in order; NULL = none */
};
struct oc_candidates {
	struct oc_candidate *v;
	size_t n;
};
/* Requested, fallbacks, and the primary last when it was not the first. Fallbacks that cannot be
 * resolved are left out with a warning. Fails as oc_select does, for the first one only. */
OC_MUST_USE enum oc_rc oc_candidates_init(struct oc_candidates *out, const struct oc_catalog *c,
					  const struct oc_candidate_wish *wish, struct oc_err *e);
void oc_candidates_deinit(struct oc_candidates *l);

/* Of one conversation; zeroed = its selected model answers. */
struct oc_skipped_model {
	char *key;
	uint64_t until_ms; /* oc_now_ms */
};
struct oc_fallback_state {
	char *fallback; /* that answered last, NULL = the selected one */
	/* Fallbacks whose key was refused lately, for as long as OPENCLAW_FALLBACK_SKIP_TTL_MS
	 * says (off unless set, 1 s to 10 min). */
	struct oc_skipped_model *skipped;
	size_t n_skipped;
};

/* One walk along the candidates, and what became of each. */
struct oc_failed_attempt {
	char *key, *message;
	enum oc_fail_reason reason;
};
struct oc_failover {
	const struct oc_catalog *catalog;
	const struct oc_candidates *candidates;
	struct oc_failed_attempt *failed;
	size_t n_failed, n_tried;
	struct oc_strv probed;		 /* providers that were asked although they cool down */
	struct oc_fallback_state *state; /* of the conversation; set after init, NULL = none */
	int64_t soonest_free_ms; /* wall clock, of those that were passed over; 0 = none was */
};
void oc_failover_init(struct oc_failover *f, const struct oc_catalog *c,
		      const struct oc_candidates *candidates);
void oc_failover_deinit(struct oc_failover *f);
/* Whether candidate i is to be tried now (§9.4): not while its keys cool down, unless it is the
 * only one or a probe is due. A candidate that is passed over is noted as failed. */
bool oc_failover_admits(struct oc_failover *f, size_t i);
/* Notes and logs the failure of candidate i. message: what the server said, may be NULL. */
void oc_failover_failed(struct oc_failover *f, size_t i, const struct oc_call_error *error,
			const char *message);
/* Appends a line for each attempt, "provider/model: message (reason)"; nothing when only one was
 * tried: then its own error says more. */
void oc_failover_explain(const struct oc_failover *f, struct oc_buf *out);
/* Why the first candidate did not answer; OC_FAIL_NONE when nothing failed. */
enum oc_fail_reason oc_failover_first_reason(const struct oc_failover *f);

/* ---- what the person is told (§9.5) ---- */
void oc_fallback_state_deinit(struct oc_fallback_state *s);
/* A turn ended with an answer of `used`. The notice, when something changed, to be freed with
 * free(); else NULL. */
char *oc_fallback_notice(struct oc_fallback_state *s, const char *selected, const char *used,
			 enum oc_fail_reason reason);
#endif
