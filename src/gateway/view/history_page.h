#ifndef OC_HISTORY_PAGE_H
#define OC_HISTORY_PAGE_H
#include "gateway/methods/method.h"
/* chat.history (spec 02 §2.7): a page of a conversation with what a client needs beside it. */
struct oc_history_ask {
	const char *session_key; /* canonical */
	int64_t limit;		 /* 0 = 200 */
	int64_t offset;		 /* newest messages that are left out */
	int64_t max_chars;	 /* of one text, 0 = not cut */
	int64_t max_bytes;	 /* of all messages as JSON, 0 = OC_MAX_HISTORY_BYTES */
	const char *message_id;	 /* the page ends somewhat after this one; NULL */
	bool rendered;		 /* answers come with their HTML (text_blocks.h) */
	bool had_cursor;	 /* the client hoped for a difference: it is told to begin anew */
};
/* An unknown session is an empty page. New reference. */
OC_MUST_USE enum oc_rc oc_history_page_wait(struct oc_gateway *gw, const struct oc_history_ask *ask,
					    json_t **out, struct oc_err *e);
#endif
