#ifndef OC_SPLITTER_H
#define OC_SPLITTER_H
#include "model/codec/native_tools.h"
/*
 * The one splitter of model text (spec 03 §7.4): what a person may see, hidden thought, and tool
 * requests written as text. A streaming state machine; any split of the same text gives the same
 * result. Text goes out as soon as it cannot become part of a tag or of a block any more; a byte
 * that went out as text is never taken back, but for the two cases that only the end can tell: an
 * orphan closing tag makes what came before it thought.
 *
 * Tags count at the start of the text or of a line, outside code; white space next to them is
 * dropped.
 */
struct oc_splitter_out {
	struct oc_reply *reply; /* text and reasoning are appended to it, unterminated blocks noted
				   as warnings */
	void (*text)(void *arg, struct oc_str delta);	   /* may be NULL */
	void (*reasoning)(void *arg, struct oc_str delta); /* may be NULL */
	void *arg;
};
struct oc_splitter_options {
	bool think_tags;
	bool think_open_in_prompt; /* the text begins inside a block */
	bool text_tools;
	const struct oc_strv *tools; /* names offered; borrowed, may be NULL */
	bool native_tools;	     /* beside text_tools: the forms of native_tools.h as well */
	bool tainted;		     /* these three as in struct oc_native_rules */
	const char *model;
	const json_t *schemas;
	bool may_be_silent; /* text that may become NO_REPLY alone is held back, and at the end
			       reply->silent tells */
	bool final_tags;    /* <final> at the start of a line and </final> are dropped */
};
struct oc_splitter {
	struct oc_splitter_options opt;
	struct oc_splitter_out out;
	struct oc_text_blocks blocks;
	bool native_left; /* a native form stayed text: its tool is not offered, or it is broken */

	/* private */
	enum { OC_SPLIT_TEXT, OC_SPLIT_THOUGHT, OC_SPLIT_BLOCK, OC_SPLIT_NATIVE } mode;
	struct oc_buf pending; /* undecided input */
	struct oc_buf lead;    /* white space at the start of the text, dropped if a tag follows */
	struct oc_buf trail;   /* white space of thought, dropped if the block ends */
	struct oc_block_scan scan;
	struct oc_native_scan native;
	size_t native_off;    /* bytes to come in which native forms were looked for in vain */
	bool spoke;	      /* more than white space was shown */
	unsigned family;      /* of the open tag; 0 = any closing tag will do */
	unsigned prose_opens; /* opening tags passed as prose, which may have a closing one */
	bool at_text_start, skip_space, thought_begins, by_prompt, line_start;
	char run_char; /* back-ticks or tildes being counted */
	size_t run_n;
	bool run_at_line_start;
	char fence_char;
	size_t fence_n, inline_n; /* open code fence, inline code span; 0 = none */
	bool fence_info, fence_closing;
	struct oc_buf held; /* text that may be the word for silence */
	bool spoken;	    /* it is not: nothing is held any more */
	bool in_final;	    /* a <final> was dropped */
	bool harmony;	    /* the text is in OpenAI's channel format */
};
void oc_splitter_init(struct oc_splitter *s, const struct oc_splitter_options *opt,
		      const struct oc_splitter_out *out);
void oc_splitter_deinit(struct oc_splitter *s);
void oc_splitter_feed(struct oc_splitter *s, struct oc_str text);
/* Thought that came in a field of its own: the server splits, so the text did not begin inside a
 * block. */
void oc_splitter_native_thought(struct oc_splitter *s, struct oc_str thought);
/* End of the text: what is still undecided is decided. */
void oc_splitter_finish(struct oc_splitter *s);
#endif
