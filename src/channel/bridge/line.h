#ifndef OC_BRIDGE_LINE_H
#define OC_BRIDGE_LINE_H
#include "channel/channel.h"
/*
 * The protocol between the gateway and a bridge, a program that speaks for a messenger
 * (docs/channels/bridge.md): one JSON object a line. Pure.
 */

/* ---- from bytes to lines ---- */
struct oc_bridge_lines {
	struct oc_buf rest; /* of a line whose end has not come */
};
typedef void oc_bridge_line_fn(void *arg, struct oc_str line);
void oc_bridge_lines_init(struct oc_bridge_lines *l);
void oc_bridge_lines_deinit(struct oc_bridge_lines *l);
/* Calls fn for every whole line that is not blank, in any split of the bytes the same. OC_E_LIMIT:
 * one is longer than OC_MAX_BRIDGE_LINE_BYTES. */
OC_MUST_USE enum oc_rc oc_bridge_lines_feed(struct oc_bridge_lines *l, struct oc_str bytes,
					    oc_bridge_line_fn *fn, void *arg);

/* ---- what a bridge says ---- */
enum oc_bridge_word {
	OC_BRIDGE_INBOUND, /* somebody wrote */
	OC_BRIDGE_RESULT,  /* what came of a send */
	OC_BRIDGE_STATUS,  /* how it is */
	OC_BRIDGE_RECEIPT, /* what became of a message later */
};
enum { OC_BRIDGE_MEDIA = 16 };
/* Views into the object that it was read from. */
struct oc_bridge_said {
	enum oc_bridge_word word;
	/* inbound */
	struct oc_msg_in in;
	struct oc_channel_media media[OC_BRIDGE_MEDIA];
	/* result */
	int64_t send; /* number of the send */
	bool ok, maybe_sent;
	uint64_t retry_ms;
	/* result, receipt: id that the messenger gave the message; NULL */
	const char *message_id;
	/* result, status, receipt: a reason; NULL */
	const char *text;
	/* status, receipt: "running" …, "delivered" … */
	const char *state;
	const char *name; /* status: of the bot; NULL */
};
/* OC_E_PROTO: e says what is wrong with it. */
OC_MUST_USE enum oc_rc oc_bridge_read(const json_t *line, struct oc_bridge_said *out,
				      struct oc_err *e);

/* ---- what it is told ---- */
/* New references. */
json_t *oc_bridge_start(const char *account, const json_t *settings);
json_t *oc_bridge_send(int64_t number, const struct oc_msg_out *m);
json_t *oc_bridge_typing(const struct oc_msg_out *m);
/* The event is on disk, or why it is not. error NULL = it is. */
json_t *oc_bridge_ack(const char *event_id, const char *error);
#endif
