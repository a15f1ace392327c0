/* Native tool calls in arbitrary text: pieces of any size give what the whole gives, calls are of
 * offered tools, and what is shown is never taken back. The text begins with some form, so that the
 * bodies are reached soon. */
#include <stdlib.h>

#include "model/codec/splitter.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const openers[] = {
	"",
	"<tool_call>{\"name\":\"read\",\"arguments\":",
	"<tool_call>read<arg_key>",
	"<function=read>",
	"<invoke name=\"read\">",
	"[TOOL_CALLS][{\"name\":\"read\",",
	"[TOOL_CALLS]read[ARGS]{",
	"<|python_tag|>{\"name\":\"read\",",
	"<|channel|>commentary to=functions.read <|constrain|>json<|message|>{",
	"<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>read<｜tool▁sep｜>{",
	"<|tool_calls_section_begin|><|tool_call_begin|>read:0<|tool_call_argument_begin|>{",
	"[tool:read] {",
	"<｜DSML｜function_calls><｜DSML｜invoke name=\"read\"><｜DSML｜parameter name=\"",
	"<|python_tag|>{\"name\":\"read\",\"parameters\":{}}; {\"name\":\"",
	"{\"name\":\"read\",",
	"```tool_code\nread(",
	"```json\n{\"name\":\"read\",",
};

static void keep(void *arg, struct oc_str delta)
{
	oc_buf_add(arg, delta);
}

static void split(struct oc_str in, size_t step, int options, const struct oc_strv *tools,
		  struct oc_reply *r)
{
	struct oc_splitter_options opt = { .think_tags = options & 1,
					   .text_tools = true,
					   .native_tools = true,
					   .tainted = options & 2,
					   .model = "qwen3-8b",
					   .tools = tools };
	struct oc_buf shown;
	struct oc_splitter_out out = { .reply = r, .text = keep, .arg = &shown };
	struct oc_splitter s;

	oc_reply_init(r);
	oc_buf_init(&shown, 1 << 20);
	oc_splitter_init(&s, &opt, &out);
	for (size_t at = 0; at < in.n; at += step)
		oc_splitter_feed(&s, oc_str_head(oc_str_from(in, at), step));
	oc_splitter_finish(&s);
	oc_text_blocks_resolve(&s.blocks, r, tools, true);
	if (!s.opt.think_tags && !oc_str_eq(oc_buf_view(&shown), oc_buf_view(&r->text))) abort();
	oc_splitter_deinit(&s);
	oc_buf_deinit(&shown);
}

static void compare(const struct oc_reply *a, const struct oc_reply *b)
{
	if (!oc_str_eq(oc_buf_view(&a->text), oc_buf_view(&b->text)) ||
	    !oc_str_eq(oc_buf_view(&a->reasoning), oc_buf_view(&b->reasoning)) ||
	    a->n_calls != b->n_calls || a->n_calls > 8)
		abort();
	for (size_t i = 0; i < a->n_calls; i++)
		if (strcmp(a->calls[i].name, "read") ||
		    strcmp(a->calls[i].arguments, b->calls[i].arguments) ||
		    a->calls[i].valid != (a->calls[i].args != NULL))
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct oc_strv tools = { 0 };
	struct oc_reply whole, pieces;
	struct oc_buf in;

	if (size < 3) return 0;
	oc_buf_init(&in, 1 << 20);
	oc_buf_adds(&in, openers[data[2] % (sizeof openers / sizeof *openers)]);
	oc_buf_add(&in, (struct oc_str){ (const char *)data + 3, size - 3 });
	oc_strv_add(&tools, OC_LIT("read"));
	split(oc_buf_view(&in), in.n + 1, data[0], &tools, &whole);
	split(oc_buf_view(&in), 1 + data[1] % 32, data[0], &tools, &pieces);
	compare(&whole, &pieces);
	oc_reply_deinit(&whole);
	oc_reply_deinit(&pieces);
	oc_strv_deinit(&tools);
	oc_buf_deinit(&in);
	return 0;
}
