/* When a reply is asked for again because there was nothing in it. */
#include "model/call/second_try.h"

#include "base/str.h"

static bool has_words(const struct oc_buf *b)
{
	return oc_str_trim(oc_buf_view(b)).n > 0;
}

bool oc_reply_is_blank(const struct oc_reply *r)
{
	if (has_words(&r->text) || r->n_calls) return false;
	return r->outcome == OC_OUTCOME_EMPTY || r->outcome == OC_OUTCOME_OK;
}

bool oc_reply_only_reasoned(const struct oc_reply *r)
{
	return oc_reply_is_blank(r) && has_words(&r->reasoning);
}

struct oc_second_try oc_second_try(const struct oc_reply *r, int64_t max_tokens, int64_t room)
{
	bool thought = oc_reply_only_reasoned(r), cut = r->finish == OC_FINISH_LENGTH;
	struct oc_second_try again = { .due = oc_reply_is_blank(r), .max_tokens = max_tokens };

	again.thinking_off = thought || cut;
	if (thought && cut && room > max_tokens)
		again.max_tokens = 2 * max_tokens < room ? 2 * max_tokens : room;
	return again;
}
