/* What an MCP server may send: lines do not depend on how the bytes are split, and no message,
 * schema or result is too odd to be taken. The first byte places the cuts. */
#include <stdlib.h>

#include "tool/mcp/content.h"
#include "tool/mcp/message.h"
#include "tool/mcp/schema.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

enum { CEILING = 256 };

static void expect(bool holds)
{
	if (!holds) abort();
}

static enum oc_rc collect(void *arg, struct oc_str line)
{
	struct oc_buf *out = arg;

	expect(line.n > 0 && line.n <= CEILING && !memchr(line.p, '\n', line.n));
	oc_buf_addf(out, "%zu:", line.n);
	oc_buf_add(out, line);
	return OC_OK;
}

static void split(struct oc_str in, size_t step, struct oc_buf *out)
{
	struct oc_mcp_lines l;
	enum oc_rc rc = OC_OK;

	oc_mcp_lines_init(&l, CEILING);
	for (size_t at = 0; !rc && at < in.n; at += step)
		rc = oc_mcp_lines_feed(&l, oc_str_head(oc_str_from(in, at), step), collect, out);
	expect(rc == OC_OK || rc == OC_E_LIMIT);
	oc_buf_addf(out, "rc%d", rc);
	oc_mcp_lines_deinit(&l);
}

static void take_schema(const json_t *v)
{
	json_t *reduced = oc_mcp_schema_reduce(v), *example = oc_mcp_schema_example(reduced);
	struct oc_buf problem;

	expect(oc_str_eq(oc_json_str(reduced, "type"), OC_LIT("object")));
	oc_buf_init(&problem, 1000);
	json_t *fitted = oc_mcp_schema_fit(v, example, &problem);
	json_decref(fitted);
	json_decref(example);
	json_decref(reduced);
	oc_buf_deinit(&problem);
}

static void take_value(const json_t *v)
{
	struct oc_mcp_message m = oc_mcp_message_of(v);
	struct oc_tool_result r;

	expect(m.kind != OC_MCP_NONE || m.id == -1);
	oc_tool_result_init(&r);
	oc_mcp_content_add(v, true, &r);
	oc_mcp_resource_add(v, &r);
	oc_mcp_sentence(oc_json_str(v, "description"), 90, &r.text);
	oc_tool_result_deinit(&r);
	if (json_is_object(v)) take_schema(v);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct oc_buf whole, parts;
	struct oc_err e = { 0 };

	if (!n) return 0;
	struct oc_str in = { (const char *)bytes + 1, n - 1 };
	oc_buf_init(&whole, 1 << 20);
	oc_buf_init(&parts, 1 << 20);
	split(in, in.n ? in.n : 1, &whole);
	split(in, (size_t)bytes[0] % 7 + 1, &parts);
	expect(oc_str_eq(oc_buf_view(&whole), oc_buf_view(&parts)));
	json_t *v = oc_json_parse(in, NULL, &e);
	if (v) take_value(v);
	json_decref(v);
	oc_buf_deinit(&whole);
	oc_buf_deinit(&parts);
	return 0;
}
