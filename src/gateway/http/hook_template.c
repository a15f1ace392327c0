/* Templates of mapped hooks. */
#include "gateway/http/hook_template.h"

#include <stdlib.h>

#include "json/path.h"

static void add_value(const json_t *v, struct oc_buf *out)
{
	if (!v || json_is_null(v)) return;
	if (json_is_string(v)) {
		oc_buf_add(out, oc_json_text(v));
		return;
	}
	char *text = oc_json_compact(v);

	oc_buf_adds(out, text);
	free(text);
}

static void add_path(struct oc_str name, json_t *payload, struct oc_buf *out)
{
	struct oc_path path;

	if (oc_str_starts(name, OC_LIT("payload."))) name = oc_str_from(name, 8);
	if (oc_path_parse(name, &path, NULL) != OC_OK) return;
	add_value(oc_path_get(payload, &path), out);
	oc_path_deinit(&path);
}

void oc_hook_render(struct oc_str text, json_t *payload, struct oc_buf *out)
{
	for (;;) {
		size_t open = oc_str_find(text, OC_LIT("{{"), 0);
		size_t end = open == SIZE_MAX ? open : oc_str_find(text, OC_LIT("}}"), open);

		if (end == SIZE_MAX) break;
		oc_buf_add(out, oc_str_head(text, open));
		add_path(oc_str_trim((struct oc_str){ text.p + open + 2, end - open - 2 }), payload,
			 out);
		text = oc_str_from(text, end + 2);
	}
	oc_buf_add(out, text);
}
