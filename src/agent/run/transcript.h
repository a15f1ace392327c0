#ifndef OC_AGENT_TRANSCRIPT_H
#define OC_AGENT_TRANSCRIPT_H
#include "model/codec/reply.h"
/*
 * What is written into a conversation, so that it can be replayed as it stands (spec 03 §5.5):
 * every call has its result, ids are ours, arguments are a JSON object, no two user messages stand
 * together.
 */

/* Appends the reply as an assistant message. Its calls get ids of our own and arguments that can be
 * replayed (D40). Copies what it needs. A reply without text and calls appends nothing: NULL. */
struct oc_message *oc_transcript_add_reply(struct oc_messages *m, const struct oc_reply *reply);
/* An id for a call: "c" and eight characters (spec 03 §5.5). Free with free(). */
char *oc_transcript_call_id(void);
/* The words that stand for an answer where none came (D46). Appends. */
void oc_transcript_no_answer(const char *reason, struct oc_buf *out);
/* The line that stands for a tool result that was dropped. Returns whether the text is worth it. */
bool oc_transcript_forget(const struct oc_message *result, struct oc_buf *out);
/* Words in place of its images. */
void oc_transcript_drop_images(struct oc_message *m);
/* Control words of templates in text are made harmless (spec 03 §6.2). */
void oc_transcript_add_result(struct oc_messages *m, const char *call_id, const char *tool,
			      struct oc_str text);
/* Appends to out a result with this text for each call of the last assistant message that has none.
 */
void oc_transcript_open_calls(const struct oc_messages *m, struct oc_str text,
			      struct oc_messages *out);
/* Marks the text of an answer that is not whole. */
void oc_transcript_mark_partial(struct oc_buf *text);
/* Makes an unfinished conversation replayable: unanswered calls of the last assistant message are
 * answered with "interrupted", and when nothing of the assistant ends it, "[no answer: <reason>]"
 * is appended (D46). */
void oc_transcript_close(struct oc_messages *m, const char *reason);
/* Replaces the oldest tool results, but not those after the last assistant message, by one line
 * each, until at least `chars` characters are saved or none is left. Returns how many were saved.
 * This breaks the prefix of earlier requests: only when the context is full (spec 03 §5.4 step 1).
 */
size_t oc_transcript_trim_results(struct oc_messages *m, size_t chars);
/* Appends a copy. */
struct oc_message *oc_transcript_copy(const struct oc_message *from, struct oc_messages *to);
#endif
