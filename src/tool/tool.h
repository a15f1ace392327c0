#ifndef OC_TOOL_H
#define OC_TOOL_H
#include "model/codec/message.h"
#include "rt/task.h"
/*
 * Tools: a table of rows. A tool gets validated arguments and gives text for the model; it never
 * ends a run. Whatever goes wrong inside becomes a result that the model can read and act on.
 */
struct oc_tool_context {
	const char *workspace; /* absolute; where relative paths and commands start */
	const char
	    *state_dir; /* absolute; off limits but for the workspace and this run's spill files */
	const char *run_id;	 /* names the folder of spill files */
	size_t max_result_chars; /* one result, decided once (spec 03 §4.2) */
	unsigned result_no;	 /* counts up: names spill files */
	/* Asks the person; OC_OK = go, OC_E_DENIED = no, with e saying why. NULL = nobody to ask.
	 */
	enum oc_rc (*approve_wait)(void *arg, const char *tool, const char *what,
				   const char *workdir, struct oc_err *e);
	void *approve_arg;
	const char *exec_mode; /* tools.exec.mode: auto, full, ask, allowlist, deny */
	/* May be NULL. A command is still producing output: the run makes progress. */
	void (*alive)(void *arg);
	void *alive_arg;
	/* What a command writes, as it comes: any bytes. May be NULL; may not park. */
	void (*output)(void *arg, struct oc_str bytes);
	void *output_arg;
};
struct oc_tool_result {
	struct oc_buf text;
	bool is_error;
	const char *untrusted; /* static name of where foreign text comes from: marked as data; NULL
				  = not foreign */
};
struct oc_tool {
	const char *name;
	const char *schema;  /* the function object as JSON text, spec 03 §4.5 */
	const char *example; /* smallest valid arguments, shown after a mistake */
	bool writes;	     /* changes things: runs alone, in call order */
	/* args fit the schema. Either fills out, or fails with e, which becomes the result. */
	enum oc_rc (*run_wait)(struct oc_tool_context *ctx, const json_t *args,
			       struct oc_tool_result *out, struct oc_err *e);
};
/* Exact, then the aliases of D14, then without case and without a "functions." or "tools." prefix.
 */
const struct oc_tool *oc_tool_find(struct oc_str name);
/* The tools array of a request in fixed rank (D32), each wrapped as
 * {"type":"function","function":…}; drop_keywords are removed from the schemas (may be NULL). names
 * gets what is offered. New reference. */
json_t *oc_tools_json(const struct oc_strv *drop_keywords, struct oc_strv *names);
/* Coerces, validates, runs, caps. Always gives a result (deinit it, after a failure too); only
 * OC_CANCELLED is passed up. */
OC_MUST_USE enum oc_rc oc_tool_run_wait(struct oc_tool_context *ctx,
					const struct oc_tool_call *call,
					struct oc_tool_result *out);

void oc_tool_result_init(struct oc_tool_result *r);
void oc_tool_result_deinit(struct oc_tool_result *r);
/* Replaces the text by an error for the model. */
void oc_tool_result_fail(struct oc_tool_result *r, const char *fmt, ...) OC_PRINTF(2, 3);
/* Puts the marks of untrusted content (spec 03 §6.1) around the text, which cannot close them
 * itself. */
void oc_tool_result_mark(struct oc_tool_result *r);
#endif
