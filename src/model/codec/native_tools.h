#ifndef OC_NATIVE_TOOLS_H
#define OC_NATIVE_TOOLS_H
#include "model/codec/text_tools.h"
/*
 * Tool calls in the forms that model families were trained on (spec 03 §4.6, 01 §6.1), for models
 * that opt in by compat.textToolCalls "native": Hermes and Qwen, Qwen-coder's functions, GLM,
 * Mistral, Llama, gpt-oss, DeepSeek (DSML too), Kimi, MiniMax, Gemma, [tool:NAME]. A form is
 * scanned incrementally (each byte once) and then becomes calls or stays text, as a whole. ReAct
 * prose never does. Pure.
 *
 *   native_tools.c  the table of forms: where one begins and ends
 *   native_calls.c  what is in it
 *   native_python.c arguments of a Python call
 */
struct oc_native_rules {
	const struct oc_strv *tools; /* names offered; borrowed, may be NULL */
	bool tainted;	   /* the turn holds foreign content: only the model's own tagged form */
	const char *model; /* its id, which tells its own form; NULL = unknown; borrowed */
	const json_t *schemas; /* the tools as they were sent, [{"function":{"name","parameters"}}];
				  borrowed, may be NULL */
};
/* Where in the text s begins. */
enum oc_native_place {
	OC_NATIVE_ANYWHERE,
	OC_NATIVE_LINE,	   /* nothing but white space before it in its line */
	OC_NATIVE_MESSAGE, /* nothing but white space before it at all */
};
enum oc_native_parser {
	OC_NATIVE_XML_CALL,  /* <tool_call>: JSON, a function or GLM's list */
	OC_NATIVE_FUNCTIONS, /* <function=NAME><parameter=KEY>VALUE */
	OC_NATIVE_INVOKES,   /* <invoke name="NAME"><parameter name="KEY">VALUE */
	OC_NATIVE_DEEPSEEK,
	OC_NATIVE_DSML,	  /* <｜DSML｜invoke name="NAME"> and its parameters */
	OC_NATIVE_JOINED, /* as JSON, several joined by semicolons */
	OC_NATIVE_KIMI,
	OC_NATIVE_JSON,	     /* {"name":…,"arguments":…} or a list of them */
	OC_NATIVE_ARGUMENTS, /* the arguments; the name stands before them */
	OC_NATIVE_BARE,	     /* as JSON, and no other keys */
	OC_NATIVE_FENCE,     /* a code fence with one of the above or a Python call in it */
};
struct oc_native_form;
struct oc_native_scan {
	const struct oc_native_form *form;
	enum oc_native_parser parser;
	size_t at;	     /* end of the form as far as it is known */
	size_t name, name_n; /* OC_NATIVE_ARGUMENTS */
	size_t body, body_n;
	bool cut; /* the text ended before the form did */

	/* private */
	bool naive;	   /* quotes are not looked at any more; survives the next begin */
	size_t searched;   /* looked at so far, at or beyond at */
	size_t quoted_end; /* an end mark inside what looks like a string, 0 = none */
	unsigned depth;
	bool in_string, escaped;
	size_t joint; /* end of the last object of a joined form */
	enum { OC_NATIVE_BODY, OC_NATIVE_JOINT, OC_NATIVE_TAIL } phase;
};
/* s begins where a form may. COMPLETE: one has begun, go on with oc_native_scan. */
enum oc_block_verdict oc_native_begin(struct oc_native_scan *n, struct oc_str s,
				      enum oc_native_place place,
				      const struct oc_native_rules *rules);
/* s begins at the form and may have grown. COMPLETE: [0, at) is the form. NO: it is none, which is
 * certain for [0, at). final: nothing will follow, and the verdict is not MORE. */
enum oc_block_verdict oc_native_scan(struct oc_native_scan *n, struct oc_str s, bool final);

enum oc_native_fate {
	OC_NATIVE_TEXT,	 /* stays in the text */
	OC_NATIVE_TAKEN, /* its calls are in the list */
	OC_NATIVE_HIDDEN /* it is cut off and names an offered tool: hidden (D35) */
};
/* What becomes of the form that n found in s. All its calls are taken, or none. */
enum oc_native_fate oc_native_take(const struct oc_native_scan *n, struct oc_str s,
				   const struct oc_native_rules *rules, struct oc_text_blocks *out);
/* The offered tool that is meant: by its exact name, the name in other case, the name without
 * "functions." before it or a counter behind it. NULL = none. Borrowed from tools. */
const char *oc_native_resolve(const struct oc_strv *tools, struct oc_str name);
#endif
