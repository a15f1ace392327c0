/* Blocks of HTML in events and history. */
#include "gateway/view/text_blocks.h"

#include "base/limits.h"

static void put_block(void *arg, size_t i, struct oc_str html)
{
	json_t *list = arg, *block = json_pack("{s:I}", "i", (json_int_t)i);

	oc_json_put(block, "html", oc_json_new_str(html));
	json_array_append_new(list, block);
}

json_t *oc_changed_blocks(struct oc_md_growing *g, struct oc_str text, bool final)
{
	json_t *list = json_array();
	size_t n = oc_md_growing_update(g, text, final, put_block, list);

	return json_pack("{s:o,s:I}", "blocks", list, "blockCount", (json_int_t)n);
}

json_t *oc_text_blocks(struct oc_str text)
{
	struct oc_md_growing *g = oc_md_growing_new();
	json_t *blocks = oc_changed_blocks(g, text, true);

	oc_md_growing_free(g);
	return blocks;
}

/* As the page reads a message: its texts, a line end between them. */
static void add_texts(const json_t *content, struct oc_buf *out)
{
	const json_t *part;
	size_t i;

	if (json_is_string(content)) oc_buf_add(out, oc_json_text(content));
	json_array_foreach (content, i, part) {
		if (!oc_str_eq(oc_json_str(part, "type"), OC_LIT("text"))) continue;
		if (out->n) oc_buf_addc(out, '\n');
		oc_buf_add(out, oc_json_str(part, "text"));
	}
}

json_t *oc_message_with_blocks(json_t *message)
{
	struct oc_buf text;

	if (!oc_str_eq(oc_json_str(message, "role"), OC_LIT("assistant")))
		return json_incref(message);
	oc_buf_init(&text, OC_MAX_REPLY_BYTES);
	add_texts(json_object_get(message, "content"), &text);
	json_t *copy = json_copy(message),
	       *meta = json_copy(json_object_get(message, "__openclaw"));
	json_t *blocks = oc_text_blocks(oc_buf_view(&text));

	if (!meta) meta = json_object();
	json_object_update(meta, blocks);
	json_decref(blocks);
	oc_json_put(copy, "__openclaw", meta);
	oc_buf_deinit(&text);
	return copy;
}
