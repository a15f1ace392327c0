/* Native tool calls in text: what each family's form becomes, at every split, and what stays text.
 */
#include "check.h"

#include <stdlib.h>

#include "base/limits.h"
#include "chat_feed.h"
#include "model/codec/splitter.h"

#define A	  "{\"path\":\"a\"}"
#define CALL	  "read_file" A
#define JSON	  "{\"name\":\"read_file\",\"arguments\":" A "}"
#define HERMES	  "<tool_call>\n" JSON "\n</tool_call>"
#define XML(name) "<function=" name ">\n<parameter=path>\na\n</parameter>\n</function>"
#define INVOKE	  "<invoke name=\"read_file\">\n<parameter name=\"path\">a</parameter>\n</invoke>"
#define DS_BEGIN  "<｜tool▁calls▁begin｜>"
#define DS_END	  "<｜tool▁calls▁end｜>"
#define DS31	  "<｜tool▁call▁begin｜>read_file<｜tool▁sep｜>" A "<｜tool▁call▁end｜>"
#define DS3                                                                                        \
	"<｜tool▁call▁begin｜>function<｜tool▁sep｜>read_file\n```json\n" A                        \
	"\n```<｜tool▁call▁end｜>"
#define KIMI                                                                                       \
	"<|tool_call_begin|>functions.read_file:0<|tool_call_argument_begin|>" A "<|tool_call_end|>"
#define KIMI_BEGIN "<|tool_calls_section_begin|>"
#define KIMI_END   "<|tool_calls_section_end|>"
#define HARMONY                                                                                    \
	"<|channel|>commentary to=functions.read_file <|constrain|>json<|message|>" A "<|call|>"

#define DSML(params) "<｜DSML｜invoke name=\"read_file\">\n" params "</｜DSML｜invoke>"
#define DSML_PATH    "<｜DSML｜parameter name=\"path\" string=\"true\">a</｜DSML｜parameter>\n"
#define DSML_BEGIN   "<｜DSML｜function_calls>\n"
#define DSML_END     "\n</｜DSML｜function_calls>"
#define LLAMA	     "{\"name\":\"read_file\",\"parameters\":" A "}"

enum {
	BRACKET = 1,
	TAINTED = 2,
	NO_TOOLS = 4,
	STRUCTURED = 8,
	ONE_NEEDED = 16,  /* schemas: path is required, then lines and mode */
	LATE_NEEDED = 32, /* lines, then path, which is required with mode */
};
static const char *const schemas[] = {
	"[{\"type\":\"function\",\"function\":{\"name\":\"twin\"}},{\"type\":\"function\",\"function\":{"
	"\"name\":\"read_file\",\"parameters\":{\"type\":\"object\",\"properties\":{\"path\":{},\"lines\":{},"
	"\"mode\":{}},\"required\":[\"path\"]}}}]",
	"[{\"type\":\"function\",\"function\":{\"name\":\"read_file\",\"parameters\":{\"type\":\"object\","
	"\"properties\":{\"lines\":{},\"path\":{},\"mode\":{}},\"required\":[\"path\",\"mode\"]}}}]",
};

/* The tools that an option of the row describes; new reference, NULL = none. */
static json_t *schemas_of(int options)
{
	const char *text = options & ONE_NEEDED	   ? schemas[0]
			   : options & LATE_NEEDED ? schemas[1]
						   : NULL;

	return text ? json_loads(text, 0, NULL) : NULL;
}

static const struct row {
	const char *name, *in, *text;
	const char *calls;    /* names and arguments; of an invalid call "NAME?" */
	const char *warnings; /* NULL = not checked */
	int options;
	const char *finish, *model;
} rows[] = {
	/* Hermes, Qwen */
	{ "hermes", HERMES, "", CALL, "text_tool_promoted tool_id_generated" },
	{ "hermes after prose", "Let me look.\n" HERMES, "Let me look.\n", CALL, NULL },
	{ "hermes in a line", "so " HERMES " ok", "so  ok", CALL, NULL },
	{ "two hermes", HERMES "\n" HERMES, "\n", CALL CALL, NULL },
	{ "hermes after thought", "<think>hm</think>\n" HERMES, "", CALL, NULL },
	{ "hermes inside thought", "<think>" HERMES "</think>no", "no", "", "" },
	{ "hermes, parameters",
	  "<tool_call>{\"name\":\"read_file\",\"parameters\":" A "}</tool_call>", "", CALL, NULL },
	{ "hermes, function in function",
	  "<tool_call>{\"type\":\"function\",\"function\":" JSON "}</tool_call>", "", CALL, NULL },
	{ "hermes, encoded twice",
	  "<tool_call>{\"name\":\"read_file\",\"arguments\":\"{\\\"path\\\":\\\"a\\\"}\"}</tool_call>",
	  "", CALL, NULL },
	{ "hermes without arguments", "<tool_call>{\"name\":\"read_file\"}</tool_call>", "",
	  "read_file{}", NULL },
	{ "hermes, end mark in a string",
	  "<tool_call>{\"name\":\"read_file\",\"arguments\":{\"path\":\"</tool_call>\"}}</tool_call>z",
	  "z", "read_file{\"path\":\"</tool_call>\"}", NULL },
	{ "hermes, mended",
	  "<tool_call>{'name': 'read_file', 'arguments': {path: 'a',}}</tool_call>", "", CALL,
	  NULL },
	{ "hermes, a bracket missing",
	  "<tool_call>{\"name\":\"read_file\",\"arguments\":" A "</tool_call>", "", CALL, NULL },
	{ "hermes without end mark", "<tool_call>" JSON, "", CALL, NULL },
	{ "hermes, open string at the end",
	  "<tool_call>{\"name\":\"read_file\",\"arguments\":{\"path\":\"a", "", CALL, NULL },
	{ "hermes, cut by length", "<tool_call>{\"name\":\"read_file\",\"arguments\":{\"path\":\"a",
	  "", "", "text_tool_hidden:read_file", 0, "length" },
	{ "hermes, whole but length", HERMES, "", "", "text_tool_hidden:read_file", 0, "length" },
	{ "hermes, a quote that never closes",
	  "<tool_call>{\"name\":\"read_file\",\"arguments\":{\"path\":\"a}}</tool_call>\nbye",
	  "\nbye", "read_file?", "text_tool_promoted tool_args_invalid tool_id_generated" },
	{ "hermes, arguments no object",
	  "<tool_call>{\"name\":\"read_file\",\"arguments\":[1]}</tool_call>", "", "read_file?",
	  "text_tool_promoted tool_args_invalid tool_id_generated" },
	{ "hermes, cut and broken", "<tool_call>{\"name\":\"read_file\",\"arguments\":{\"path\" ",
	  "", "", "text_tool_unterminated" },
	{ "hermes, other name", "<tool_call>{\"name\":\"rm\",\"arguments\":{}}</tool_call>",
	  "<tool_call>{\"name\":\"rm\",\"arguments\":{}}</tool_call>", "", "text_tool_suspect" },
	{ "hermes, no name", "<tool_call>{\"arguments\":{}}</tool_call>",
	  "<tool_call>{\"arguments\":{}}</tool_call>", "", "text_tool_suspect" },
	{ "hermes, no tools", HERMES, HERMES, "", "text_tool_suspect", NO_TOOLS },
	{ "hermes in prose", "the <tool_call> tag and <tool_call>s", NULL, "", "" },
	{ "hermes in a span", "say `" HERMES "`", NULL, "", NULL },
	{ "hermes in a fence", "see:\n```\n" HERMES "\n```\n", NULL, "", NULL },
	{ "hermes beside a structured call", "ok " HERMES, "ok ", "read_file{\"path\":\"s\"}",
	  "text_tool_hidden:read_file", STRUCTURED },
	{ "hermes not opted in", HERMES, HERMES, "", "text_tool_suspect", BRACKET },
	{ "one good, one unknown",
	  HERMES "<tool_call>{\"name\":\"rm\",\"arguments\":{}}</tool_call>",
	  "<tool_call>{\"name\":\"rm\",\"arguments\":{}}</tool_call>", CALL, NULL },
	{ "thought inside a broken form",
	  "<tool_call>{\"name\":\"rm\",\n<think>secret</think>\nx}</tool_call>",
	  "<tool_call>{\"name\":\"rm\",\nx}</tool_call>", "", "text_tool_suspect" },

	/* names */
	{ "other case", "<tool_call>{\"name\":\"Read_File\",\"arguments\":" A "}</tool_call>", "",
	  CALL, NULL },
	{ "prefix", "<tool_call>{\"name\":\"functions.read_file\",\"arguments\":" A "}</tool_call>",
	  "", CALL, NULL },
	{ "prefix, case and counter",
	  "<tool_call>{\"name\":\"tools.READ_FILE:12\",\"arguments\":" A "}</tool_call>", "", CALL,
	  NULL },
	{ "twins by case are not guessed",
	  "<tool_call>{\"name\":\"TWIN\",\"arguments\":{}}</tool_call>", NULL, "", NULL },

	/* Qwen-coder, Nemotron */
	{ "function", XML("read_file"), "", CALL, NULL },
	{ "function in tool_call", "<tool_call>\n" XML("read_file") "\n</tool_call>", "", CALL,
	  NULL },
	{ "function, opening tag forgotten", XML("read_file") "\n</tool_call>\nbye", "\nbye", CALL,
	  NULL },
	{ "function, several lines",
	  "<function=read_file><parameter=path>\na\n b\n\n</parameter></function>", "",
	  "read_file{\"path\":\"a\\n b\\n\"}", NULL },
	{ "function without parameters", "<function=read_file></function>", "", "read_file{}",
	  NULL },
	{ "function, value without end", "<function=read_file><parameter=path>a</function>", "",
	  CALL, NULL },
	{ "function, other name", XML("rm"), XML("rm"), "", "text_tool_suspect" },
	{ "function in prose", "<function=x is nothing", NULL, "", "" },
	{ "function in a fence", "see:\n```\n" XML("read_file") "\n```", NULL, "", "" },

	/* GLM */
	{ "glm",
	  "<tool_call>read_file\n<arg_key>path</arg_key>\n<arg_value>a</arg_value>\n</tool_call>",
	  "", CALL, NULL },
	{ "glm, two values",
	  "<tool_call>read_file<arg_key>path</arg_key><arg_value>a</arg_value><arg_key>n</arg_key>"
	  "<arg_value>5</arg_value></tool_call>",
	  "", "read_file{\"path\":\"a\",\"n\":\"5\"}", NULL },
	{ "glm without arguments", "<tool_call>read_file\n</tool_call>", "", "read_file{}", NULL },
	{ "glm, other name", "<tool_call>rm</tool_call>", NULL, "", "text_tool_suspect" },

	/* Mistral */
	{ "mistral list", "[TOOL_CALLS][" JSON "]", "", CALL, NULL },
	{ "mistral list of two", "[TOOL_CALLS] [" JSON ", " JSON "]", "", CALL CALL, NULL },
	{ "mistral list, mended", "[TOOL_CALLS][{'name':'read_file','arguments':{'path':'a'}},]",
	  "", CALL, NULL },
	{ "mistral named", "[TOOL_CALLS]read_file[ARGS]" A, "", CALL, NULL },
	{ "mistral named, id", "[TOOL_CALLS]read_file[CALL_ID]x1[ARGS]" A, "", CALL, NULL },
	{ "mistral named, two", "[TOOL_CALLS]read_file[ARGS]" A "[TOOL_CALLS]read_file[ARGS]{}", "",
	  CALL "read_file{}", NULL },
	{ "mistral, one unknown", "[TOOL_CALLS][" JSON ",{\"name\":\"rm\",\"arguments\":{}}]", NULL,
	  "", "text_tool_suspect" },
	{ "mistral in prose", "[TOOL_CALLS] is a token", NULL, "", "" },
	{ "mistral, cut", "[TOOL_CALLS]read_file[ARGS]{\"path\":\"a", "", "",
	  "text_tool_hidden:read_file", 0, "length" },

	/* Llama */
	{ "python tag", "<|python_tag|>{\"name\":\"read_file\",\"parameters\":" A "}<|eom_id|>", "",
	  CALL, NULL },
	{ "python tag, joined", "<|python_tag|>" LLAMA "; " LLAMA "<|eom_id|>", "", CALL CALL,
	  NULL },
	{ "python tag, joined, no blank", "<|python_tag|>" LLAMA ";" LLAMA, "", CALL CALL, NULL },
	{ "python tag, prose behind", "<|python_tag|>" LLAMA "; and then", "; and then", CALL,
	  NULL },
	{ "python tag, one of two unknown",
	  "<|python_tag|>" LLAMA "; {\"name\":\"rm\",\"parameters\":{}}", NULL, "", NULL },
	{ "python tag, brackets in strings",
	  "<|python_tag|>{\"name\":\"read_file\",\"parameters\":{\"path\":\"}; {\"}}; " LLAMA, "",
	  "read_file{\"path\":\"}; {\"}" CALL, NULL },
	{ "python tag, other name", "<|python_tag|>{\"name\":\"rm\",\"parameters\":{}}", NULL, "",
	  "text_tool_suspect" },
	{ "bare", "\n{\"name\":\"read_file\",\"parameters\":" A "}\n", "\n\n", CALL, NULL },
	{ "bare, arguments first", "{\"arguments\":" A ",\"name\":\"read_file\"}", "", CALL, NULL },
	{ "bare with a sentence", "{\"name\":\"read_file\",\"parameters\":" A "}\nDone.", NULL, "",
	  "text_tool_suspect" },
	{ "bare after a sentence", "Sure:\n{\"name\":\"read_file\",\"parameters\":" A "}", NULL, "",
	  "text_tool_suspect" },
	{ "bare with another key", "{\"name\":\"read_file\",\"parameters\":" A ",\"x\":1}", NULL,
	  "", "text_tool_suspect" },
	{ "bare without arguments", "{\"name\":\"read_file\"}", NULL, "", NULL },
	{ "bare, other name", "{\"name\":\"rm\",\"parameters\":{}}", NULL, "",
	  "text_tool_suspect" },
	{ "an answer in JSON", "{\"city\":\"Paris\"}", NULL, "", "" },
	{ "bare, broken", "{\"name\":\"read_file\",\"parameters\":{\"path\" 1}}", NULL, "",
	  "text_tool_suspect" },

	/* gpt-oss */
	{ "harmony", HARMONY, "", CALL, NULL },
	{ "harmony after thought",
	  "<|channel|>analysis<|message|>Plan.<|end|><|start|>assistant" HARMONY, "", CALL, NULL },
	{ "harmony, recipient first",
	  "<|start|>assistant to=functions.read_file<|channel|>commentary json<|message|>" A, "",
	  CALL, NULL },
	{ "harmony, no tokens", "commentary to=read_file code " A, "", CALL, NULL },
	{ "harmony, closer", "commentary to=functions.read_file code<|message|>" A "\n<|call|>", "",
	  CALL, NULL },
	{ "harmony, other name", "<|channel|>commentary to=functions.rm json<|message|>{}<|call|>",
	  NULL, "", "text_tool_suspect" },
	{ "harmony in prose", "commentary to=you is prose, final too", NULL, "", "" },
	{ "harmony content not told", "commentary to=read_file " A, NULL, "", NULL },

	/* DeepSeek */
	{ "deepseek", DS_BEGIN DS31 DS_END, "", CALL, NULL },
	{ "deepseek, older", DS_BEGIN DS3 "\n" DS3 DS_END, "", CALL CALL, NULL },
	{ "deepseek without section", "ok " DS31, "ok ", CALL, NULL },
	{ "deepseek, no end", DS_BEGIN DS31, "", CALL, NULL },
	{ "deepseek markup", DSML_BEGIN DSML(DSML_PATH) DSML_END, "", CALL, NULL },
	{ "deepseek markup, two", DSML_BEGIN DSML(DSML_PATH) "\n" DSML("") DSML_END, "",
	  CALL "read_file{}", NULL },
	{ "deepseek markup, JSON values",
	  DSML(DSML_PATH
	       "<｜DSML｜parameter name=\"n\" string=\"false\">[1, 2]</｜DSML｜parameter>\n"
	       "<｜DSML｜parameter name=\"s\" string=\"true\">2\n</｜DSML｜parameter>"),
	  "", "read_file{\"path\":\"a\",\"n\":[1,2],\"s\":\"2\\n\"}", NULL },
	{ "deepseek markup, newer section",
	  "So:\n<｜DSML｜tool_calls>" DSML(DSML_PATH) "</｜DSML｜tool_calls>", "So:\n", CALL,
	  NULL },
	{ "deepseek markup, other name",
	  DSML_BEGIN "<｜DSML｜invoke name=\"rm\"></｜DSML｜invoke>" DSML_END, NULL, "", NULL },
	{ "deepseek markup when tainted", DSML_BEGIN DSML(DSML_PATH) DSML_END, "", CALL, NULL,
	  TAINTED, NULL, "deepseek-v3.2" },
	{ "deepseek, no separator", DS_BEGIN "<｜tool▁call▁begin｜>read_file" DS_END, NULL, "",
	  "text_tool_suspect" },

	/* Kimi */
	{ "kimi", KIMI_BEGIN KIMI KIMI_END, "", CALL, NULL },
	{ "kimi, two", KIMI_BEGIN KIMI KIMI KIMI_END, "", CALL CALL, NULL },
	{ "kimi without section", KIMI, "", CALL, NULL },

	/* MiniMax */
	{ "invoke", INVOKE, "", CALL, NULL },
	{ "minimax", "<minimax:tool_call>\n" INVOKE "\n" INVOKE "\n</minimax:tool_call>", "",
	  CALL CALL, NULL },
	{ "function_calls", "<function_calls>" INVOKE "</function_calls>", "", CALL, NULL },
	{ "invoke, other name", "<invoke name=\"rm\"></invoke>", NULL, "", "text_tool_suspect" },

	/* Gemma */
	{ "tool_code", "```tool_code\nread_file(path=\"a\")\n```", "", CALL, NULL },
	{ "tool_code, print", "```tool_code\nprint(default_api.read_file(path='a', ))\n```\n", "\n",
	  CALL, NULL },
	{ "fenced json", "```json\n" JSON "\n```", "", CALL, NULL },
	{ "fence without a word", "```\n" HERMES "\n```", "", CALL, NULL },
	{ "fence, two calls", "```\n" HERMES HERMES "\n```", NULL, "", NULL },
	{ "fence with a sentence", "```json\n" JSON "\n```\nThat is it.", NULL, "", NULL },
	{ "fence after a sentence", "Look:\n```json\n" JSON "\n```", NULL, "", NULL },
	{ "fence with data", "```json\n{\"a\":1}\n```", NULL, "", "" },
	{ "fence with code", "```python\nread_file(path=\"a\")\n```", NULL, "", "" },
	{ "tool_code, positional", "```tool_code\nread_file(\"a\")\n```", NULL, "",
	  "text_tool_suspect" },

	{ "one value, one required", "```tool_code\nread_file(\"a\")\n```", "", CALL, NULL,
	  ONE_NEEDED },
	{ "values in order", "```tool_code\nprint(read_file('a', 3))\n```", "",
	  "read_file{\"path\":\"a\",\"lines\":3}", NULL, ONE_NEEDED },
	{ "values, then names", "```tool_code\nread_file(\"a, b\", mode=[1, 2],)\n```", "",
	  "read_file{\"path\":\"a, b\",\"mode\":[1,2]}", NULL, ONE_NEEDED },
	{ "a comparison is no name", "```tool_code\nread_file(a==b)\n```", NULL, "", NULL,
	  ONE_NEEDED },
	{ "a value after a name", "```tool_code\nread_file(path=\"a\", 3)\n```", NULL, "", NULL,
	  ONE_NEEDED },
	{ "a name twice", "```tool_code\nread_file(\"a\", path=\"b\")\n```", NULL, "", NULL,
	  ONE_NEEDED },
	{ "too many values", "```tool_code\nread_file(1, 2, 3, 4)\n```", NULL, "", NULL,
	  ONE_NEEDED },
	{ "a value that could be two", "```tool_code\nread_file(\"a\")\n```", NULL, "", NULL,
	  LATE_NEEDED },
	{ "values in no possible order", "```tool_code\nread_file(1, \"a\", 2)\n```", NULL, "",
	  NULL, LATE_NEEDED },
	{ "names need no order", "```tool_code\nread_file(mode=1, path=\"a\")\n```", "",
	  "read_file{\"mode\":1,\"path\":\"a\"}", NULL, LATE_NEEDED },

	/* [tool:NAME] and the default forms */
	{ "bracket tool", "[tool:read_file] " A, "", CALL, NULL },
	{ "bracket tool, closer", "[tool:read_file]\n" A "\n[/read_file]", "", CALL, NULL },
	{ "bracket tool, other closer", "[tool:read_file]" A "[END_TOOL_REQUEST]z", "z", CALL,
	  NULL },
	{ "bracket tool in a line", "see [tool:read_file] " A, NULL, "", NULL },
	{ "named block as ever", "[read_file]\n" A "\n[END_TOOL_REQUEST]", "", CALL, NULL },
	{ "unknown block hidden as ever", "[nope]\n{}\n[END_TOOL_REQUEST]", "", "",
	  "text_tool_hidden:nope" },
	{ "request as ever", "Hm [TOOL_REQUEST]" JSON "[END_TOOL_REQUEST]", "Hm ", CALL, NULL },

	/* never */
	{ "ReAct", "Action: read_file\nAction Input: " A, NULL, "", "text_tool_suspect" },
	{ "prose", "1 < 2 [x] final c\nanalysis\ncommentary", NULL, "", "" },

	/* foreign content in the turn */
	{ "own form when tainted", HERMES, "", CALL, NULL, TAINTED, NULL, "qwen/Qwen3-8B" },
	{ "other form when tainted", "[TOOL_CALLS][" JSON "]", NULL, "", "text_tool_suspect",
	  TAINTED, NULL, "qwen/Qwen3-8B" },
	{ "unknown model when tainted", HERMES, NULL, "", "text_tool_suspect", TAINTED },
	{ "bare when tainted", JSON, NULL, "", "text_tool_suspect", TAINTED, NULL, "llama-3.1-8b" },
	{ "named block when tainted", "[read_file]\n" A "\n[END_TOOL_REQUEST]", "", CALL, NULL,
	  TAINTED },
};

static void append_calls(const struct oc_reply *r, struct oc_buf *out)
{
	for (size_t i = 0; i < r->n_calls; i++) {
		char *args = r->calls[i].args ? oc_json_compact(r->calls[i].args) : NULL;

		assert_true(r->calls[i].valid == (args != NULL));
		oc_buf_addf(out, "%s%s", r->calls[i].name, args ? args : "?");
		free(args);
	}
}

static void keep(void *arg, struct oc_str delta)
{
	oc_buf_add(arg, delta);
}

static void offer(struct oc_strv *tools)
{
	oc_strv_add(tools, OC_LIT("read_file"));
	oc_strv_add(tools, OC_LIT("twin"));
	oc_strv_add(tools, OC_LIT("Twin"));
}

static void check_row(const struct row *t, size_t step)
{
	struct oc_strv tools = { 0 };
	struct oc_buf body, calls, shown;
	struct oc_decode_context ctx = { .stream = true,
					 .think_tags = true,
					 .tainted = t->options & TAINTED,
					 .model = t->model,
					 .tools = t->options & NO_TOOLS ? NULL : &tools };
	struct oc_reply_sink sink = { .text = keep, .arg = &shown };
	const char *want = t->text ? t->text : t->in;
	json_t *described = schemas_of(t->options);

	ctx.schemas = described;
	offer(&tools);
	ctx.text_tools = t->options & BRACKET ? OC_TEXT_TOOLS_BRACKET : OC_TEXT_TOOLS_NATIVE;
	oc_buf_init(&body, 1 << 20);
	oc_buf_init(&calls, 1 << 16);
	oc_buf_init(&shown, 1 << 16);
	say(&body, t->in,
	    t->options & STRUCTURED
		? "[{\"index\":0,\"id\":\"i\",\"function\":{\"name\":\"read_file\","
		  "\"arguments\":\"{\\\"path\\\":\\\"s\\\"}\"}}]"
		: NULL,
	    t->finish ? t->finish : "stop");
	struct oc_decoder *d =
	    feed_body(&ctx, &sink, "text/event-stream", oc_buf_view(&body), step);
	const struct oc_reply *r = oc_decoder_reply(d);

	append_calls(r, &calls);
	char *warnings = oc_strv_join(&r->warnings, " ");
	if (strcmp(oc_buf_cstr(&r->text), want) || strcmp(oc_buf_cstr(&calls), t->calls) ||
	    strcmp(oc_buf_cstr(&shown), want))
		fail_msg("%s: text '%s' shown '%s' calls '%s' warnings '%s'", t->name,
			 oc_buf_cstr(&r->text), oc_buf_cstr(&shown), oc_buf_cstr(&calls), warnings);
	if (t->warnings && strcmp(warnings ? warnings : "", t->warnings))
		fail_msg("%s: warnings '%s'", t->name, warnings ? warnings : "");
	free(warnings);
	oc_decoder_free(d);
	json_decref(described);
	oc_buf_deinit(&body);
	oc_buf_deinit(&calls);
	oc_buf_deinit(&shown);
	oc_strv_deinit(&tools);
}

static void each_form_becomes_calls_or_stays_text(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) check_row(&rows[i], 0);
}

static void split_at(const struct row *t, const struct oc_strv *tools, size_t cut, size_t step,
		     struct oc_buf *out)
{
	struct oc_splitter_options opt = { .think_tags = true,
					   .text_tools = true,
					   .native_tools = true,
					   .tainted = t->options & TAINTED,
					   .model = t->model,
					   .tools = tools };
	struct oc_str in = oc_str(t->in);
	json_t *described = schemas_of(t->options);
	struct oc_splitter s;
	struct oc_reply r;

	opt.schemas = described;
	oc_reply_init(&r);
	oc_splitter_init(&s, &opt, &(struct oc_splitter_out){ .reply = &r });
	oc_splitter_feed(&s, oc_str_head(in, cut));
	for (size_t at = cut; at < in.n; at += step)
		oc_splitter_feed(&s, oc_str_head(oc_str_from(in, at), step));
	oc_splitter_finish(&s);
	oc_text_blocks_resolve(&s.blocks, &r, tools, true);
	oc_buf_add(out, oc_buf_view(&r.text));
	oc_buf_adds(out, " | ");
	append_calls(&r, out);
	oc_splitter_deinit(&s);
	oc_reply_deinit(&r);
	json_decref(described);
}

static void every_split_gives_the_same(void **state)
{
	struct oc_strv tools = { 0 };

	(void)state;
	offer(&tools);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		size_t n = strlen(rows[i].in);
		struct oc_buf whole, pieces;

		oc_buf_init(&whole, 1 << 16);
		oc_buf_init(&pieces, 1 << 16);
		split_at(&rows[i], &tools, n, n, &whole);
		for (size_t cut = 0; cut <= n; cut++) {
			oc_buf_clear(&pieces);
			split_at(&rows[i], &tools, cut, cut ? n : 1, &pieces);
			if (strcmp(oc_buf_cstr(&whole), oc_buf_cstr(&pieces)))
				fail_msg("%s cut at %zu: '%s', whole '%s'", rows[i].name, cut,
					 oc_buf_cstr(&pieces), oc_buf_cstr(&whole));
		}
		oc_buf_deinit(&whole);
		oc_buf_deinit(&pieces);
	}
	oc_strv_deinit(&tools);
}

static void channel_tokens_are_no_part_of_a_structured_name(void **state)
{
	static const struct {
		const char *said, *name;
	} cases[] = {
		{ "read_file<|channel|>commentary", "read_file" },
		{ "rm<|channel|>commentary", "rm<|channel|>commentary" },
		{ "read_file", "read_file" },
	};
	struct oc_strv tools = { 0 };
	struct oc_decode_context ctx = { .stream = true, .tools = &tools };

	(void)state;
	offer(&tools);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct oc_buf body, calls;

		oc_buf_init(&body, 1 << 16);
		oc_buf_init(&calls, 1 << 16);
		oc_buf_addf(&calls,
			    "[{\"index\":0,\"id\":\"i\",\"function\":{\"name\":\"%s\","
			    "\"arguments\":\"{}\"}}]",
			    cases[i].said);
		say(&body, "", oc_buf_cstr(&calls), "tool_calls");
		struct oc_decoder *d =
		    feed_body(&ctx, NULL, "text/event-stream", oc_buf_view(&body), 0);

		assert_int_equal(oc_decoder_reply(d)->n_calls, 1);
		assert_string_equal(oc_decoder_reply(d)->calls[0].name, cases[i].name);
		oc_decoder_free(d);
		oc_buf_deinit(&body);
		oc_buf_deinit(&calls);
	}
	oc_strv_deinit(&tools);
}

static size_t calls_of(const char *part, size_t times, const char *before, char fill, size_t filled)
{
	struct oc_strv tools = { 0 };
	struct oc_splitter_options opt = {
		.think_tags = true, .text_tools = true, .native_tools = true, .tools = &tools
	};
	struct oc_splitter s;
	struct oc_reply r;
	struct oc_buf piece;

	offer(&tools);
	oc_reply_init(&r);
	oc_buf_init(&piece, 1 << 20);
	for (size_t i = 0; i < filled; i++) oc_buf_addc(&piece, fill);
	oc_splitter_init(&s, &opt, &(struct oc_splitter_out){ .reply = &r });
	oc_splitter_feed(&s, oc_str(before));
	oc_splitter_feed(&s, oc_buf_view(&piece));
	for (size_t i = 0; i < times; i++) oc_splitter_feed(&s, oc_str(part));
	oc_splitter_finish(&s);
	oc_text_blocks_resolve(&s.blocks, &r, &tools, true);
	size_t n = r.n_calls;

	oc_splitter_deinit(&s);
	oc_reply_deinit(&r);
	oc_buf_deinit(&piece);
	oc_strv_deinit(&tools);
	return n;
}

static void calls_and_sizes_are_bounded(void **state)
{
	const char *open = "<tool_call>{\"name\":\"read_file\",\"arguments\":{\"path\":\"";

	(void)state;
	assert_int_equal(calls_of(HERMES, 9, "", 0, 0), 8);
	assert_int_equal(calls_of("\"}}</tool_call>", 1, open, 'x', 255000), 1);
	assert_int_equal(calls_of("\"}}</tool_call>", 1, open, 'x', 256000), 0);
	assert_int_equal(calls_of("\"}}</tool_call>", 1, open, 'x', 300000), 0);
}

/* Megabytes of beginnings that never end: seconds would mean that bytes are looked at again and
 * again. */
static void hostile_texts_cost_linear_work(void **state)
{
	static const char *const parts[] = {
		"<tool_call>{\"",
		"<tool_call>{\"</tool_call>",
		"<tool_call>{\\\"</tool_call>",
		"<function=a>",
		"[TOOL_CALLS][{",
		"<invoke name=\"x\"",
		"<tool_call> ",
		"commentary to=x \n",
		"{\"name\"",
		"\n```json\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		assert_int_equal(calls_of(parts[i], 100000, "", 0, 0), 0);
	assert_int_equal(calls_of(" ", 300000, "<tool_call>", 0, 0), 0);
	assert_int_equal(calls_of(" ", 300000, HERMES "<function=read_file></function>", 0, 0), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_form_becomes_calls_or_stays_text),
		cmocka_unit_test(every_split_gives_the_same),
		cmocka_unit_test(channel_tokens_are_no_part_of_a_structured_name),
		cmocka_unit_test(calls_and_sizes_are_bounded),
		cmocka_unit_test(hostile_texts_cost_linear_work),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
