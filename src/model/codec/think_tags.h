#ifndef OC_THINK_TAGS_H
#define OC_THINK_TAGS_H
#include "base/str.h"
/* Marks that split a model's text (spec 03 §7.4). Pure. */
enum oc_tag_verdict {
	OC_TAG_NO,
	OC_TAG_MORE, /* s may become a tag */
	OC_TAG_OPEN, /* these three: *len bytes long, of *family; a family's tags close each other
		      */
	OC_TAG_CLOSE,
	OC_TAG_DROP, /* the header of an answer: neither thought nor text */
};
enum { OC_TAG_HARMONY = 6 }; /* the family of OpenAI's channel format */
/* The tag that s, which is not empty, begins with. */
enum oc_tag_verdict oc_tag_match(struct oc_str s, size_t *len, unsigned *family);
/* Tokens that end a turn (<|im_end|> …) and that a server left in the text because its template and
 * its model do not fit: how many bytes of them, with white space behind them, s begins with. *more:
 * the rest of the text may turn out to be such. */
size_t oc_end_tokens(struct oc_str s, bool *more);
#endif
