#ifndef OC_TEXT_TOOLS_H
#define OC_TEXT_TOOLS_H
#include "model/codec/reply.h"
/*
 * Tool requests written as text (spec 01 §6, D5, D35): the grammar of one block, read
 * incrementally, the decision what becomes a call, and the warning about texts that only look like
 * one. Pure.
 *
 *   named    [NAME] {json} [END_TOOL_REQUEST]      or closed by [/NAME]; at the start of a line
 *   request  [TOOL_REQUEST] {"name":…,"arguments":{…}} [END_TOOL_REQUEST]      anywhere
 */
enum oc_block_verdict {
	OC_BLOCK_NO,	    /* not a block: at says up to where that is certain */
	OC_BLOCK_MORE,	    /* cannot be decided yet */
	OC_BLOCK_COMPLETE,  /* [0, at) is a block, its JSON is [object, object + object_n) */
	OC_BLOCK_MALFORMED, /* [0, at) is a broken block: hidden, never a call */
};
struct oc_block_scan {
	bool request;  /* else named */
	size_t name_n; /* of the named form, after the bracket */
	size_t at;     /* scanned so far */
	size_t object, object_n;
	unsigned depth;
	bool in_string, escaped;
	enum {
		OC_BLOCK_HEAD,
		OC_BLOCK_OBJECT,
		OC_BLOCK_TAIL,
		OC_BLOCK_JUNK,	/* of a block that was JSON so far */
		OC_BLOCK_PROSE, /* behind [TOOL_REQUEST], no JSON */
	} phase;
};
/* s begins with '['. COMPLETE means: an opening was recognised, go on with oc_block_scan. */
enum oc_block_verdict oc_block_begin(struct oc_block_scan *b, struct oc_str s, bool line_start);
/* s begins at the block and may have grown since the last call; each byte is looked at once. */
enum oc_block_verdict oc_block_scan(struct oc_block_scan *b, struct oc_str s,
				    const struct oc_strv *tools);
/* The input ends and the block did not. COMPLETE = hide it all, MALFORMED = hide [0, at), NO = show
 * it. */
enum oc_block_verdict oc_block_end(struct oc_block_scan *b, struct oc_str s,
				   const struct oc_strv *tools);
/* The value of "name" in JSON that may be cut or broken; empty when there is none to read. */
struct oc_str oc_text_tool_loose_name(struct oc_str json);

/* Blocks taken out of the text of one reply. */
struct oc_text_block {
	bool request, native; /* else named */
	char *name;	      /* "?" when it cannot be read */
	json_t *args; /* NULL = cannot become a call; of a native form, one that cannot be read */
	char *arguments;
};
struct oc_text_blocks {
	struct oc_text_block *v;
	size_t n;
	bool dropped; /* there were more than are kept: nothing of the named form is promoted */
};
/* Remembers the block that b found in s. complete: its JSON is well placed and may become a call.
 */
void oc_text_blocks_add(struct oc_text_blocks *l, const struct oc_block_scan *b, struct oc_str s,
			bool complete);
/* Remembers a call of a native form (native_tools.h) of an offered tool. args is borrowed, NULL
 * when raw, the text of them, is not to be read: the model is told so. */
void oc_text_blocks_add_call(struct oc_text_blocks *l, const char *name, json_t *args,
			     struct oc_str raw);
void oc_text_blocks_clear(struct oc_text_blocks *l);
/* Turns blocks into calls of the reply when allowed, else notes that they are hidden. Returns
 * whether calls were made. */
bool oc_text_blocks_resolve(const struct oc_text_blocks *l, struct oc_reply *r,
			    const struct oc_strv *tools, bool allowed);

/*
 * Text that looks like a tool call of a family that is not promoted (spec 01 §6.2): the kind
 * ("xml_tool_call" …), or NULL. *name (may be NULL) gets the tool's name when one can be read; free
 * with free().
 */
const char *oc_text_tool_suspect(struct oc_str text, char **name);
#endif
