#ifndef OC_RUN_LIVE_H
#define OC_RUN_LIVE_H
#include "gateway/events/run_events.h"
#include "gateway/events/run_payload.h"
#include "markdown/growing.h"
/*
 * Between the files that make events of runs: run_events.c (what happens), run_live.c (runs under
 * way, their texts and the pace of these), run_outbox.c (what is sent in which order).
 */
struct oc_live_stream {	    /* text that grows: what of it was sent, and when */
	struct oc_buf text; /* of this segment, whole */
	size_t sent;
	uint64_t at_ms; /* of the last event; 0 = none yet */
};
struct oc_live_call {
	struct oc_live_call *next;
	char *id, *name;
	struct oc_live_stream output;
};
struct oc_live_run {
	struct oc_live_run *next;
	char *id, *session_key, *session_id, *agent, *origin;
	int64_t seq; /* last one used; chat and agent share it */
	bool started;
	unsigned segment;
	bool preamble_told; /* of this segment */
	struct oc_live_stream text, thinking;
	struct oc_md_growing *blocks; /* of the text; NULL = nobody wanted them yet */
	struct oc_live_call *calls;
	json_t *row; /* of its session as it was read last; NULL */
};
struct oc_run_events {
	struct oc_run_events_spec spec;
	struct oc_scope *scope;
	struct oc_live_run *runs;
	struct oc_recent_keys *commands;
	struct oc_run_waiting *first, **last;
	bool pacing, telling; /* the tasks are there */
	bool reading; /* the row of the first that waits: what changes now comes too late for it */
};

/* ---- run_live.c ---- */
/* make: unless it is there. */
struct oc_live_run *oc_live_run_of(struct oc_run_events *re, const struct oc_run_info *info,
				   bool make);
void oc_live_run_forget(struct oc_run_events *re, struct oc_live_run *r);
struct oc_run_names oc_live_names(const struct oc_live_run *r);
void oc_live_call_free(struct oc_live_call *c);
/* The next segment of the answer. */
void oc_live_next_segment(struct oc_live_run *r, unsigned segment);
/* Payloads are stolen; lean and rendered (what struct oc_event adds) may be NULL. */
void oc_live_send(struct oc_run_events *re, const struct oc_live_run *r, const char *event,
		  json_t *payload, json_t *lean, json_t *rendered);
bool oc_live_wants_blocks(const struct oc_run_events *re);
/* {blocks, blockCount, itemId} of the text so far, NULL when nobody wants them. at_end: of an
 * answer that is all there, `answer`. */
json_t *oc_live_rendered(struct oc_run_events *re, struct oc_live_run *r);
json_t *oc_live_rendered_end(struct oc_run_events *re, struct oc_live_run *r, struct oc_str answer);
void oc_live_send_agent(struct oc_run_events *re, struct oc_live_run *r, const char *stream,
			json_t *data);
/* To who started the run, and under another name to who watches all sessions. */
void oc_live_send_tool(struct oc_run_events *re, struct oc_live_run *r, json_t *data);
/* Everything that waits for its pace, now. */
void oc_live_flush(struct oc_run_events *re, struct oc_live_run *r);
void oc_live_flush_thinking(struct oc_run_events *re, struct oc_live_run *r);
/* The stream grew: it is sent now when it may be, else when it may. */
void oc_live_speak(struct oc_run_events *re, const struct oc_live_stream *s);

/* ---- run_outbox.c ---- */
/* Sends now, or in its turn when something of this session waits. */
void oc_run_post(struct oc_run_events *re, const struct oc_event *e);
/* sessions.changed, as soon as the row was read; what is posted meanwhile for this session waits.
 * agent may be NULL. */
void oc_run_change(struct oc_run_events *re, const char *session_key, const char *reason,
		   const char *agent);
void oc_run_outbox_clear(struct oc_run_events *re);
#endif
