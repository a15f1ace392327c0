#ifndef OC_TOOL_H
#define OC_TOOL_H
#include "model/codec/message.h"
#include "rt/task.h"
#include "tool/sandbox/permission.h"
/*
 * Tools: rows of a registry. A tool gets validated arguments and gives text for the model; it never
 * ends a run. Whatever goes wrong inside becomes a result that the model can read and act on.
 */
struct oc_policy;
struct oc_processes;
struct oc_web_options;
struct oc_tool_context;
struct oc_mcp;
struct oc_memory_scope;
enum { OC_KNOWN_URLS = 256, OC_FOREIGN_HOST = 64 };

/* What a person is asked. All texts are borrowed for the time of the question. */
struct oc_question {
	const char *tool;    /* "exec" */
	const char *what;    /* the command or the path, one line in which nothing hides */
	const char *workdir; /* where a command starts; else the workspace */
	const char *why;     /* a clause: "it needs the network"; NULL = no particular reason */
	const char *program; /* absolute path of a command's program; NULL */
	/* What exactly a lasting yes covers: command, folder, and the bytes of the programs. An
	 * equal text is the same thing. NULL = a yes holds once. */
	const char *binding;
};

struct oc_tool_context {
	const char *workspace; /* absolute; where relative paths and commands start */
	const char
	    *state_dir; /* absolute; off limits but for the workspace and this run's spill files */
	const char *run_id;	 /* names the folder of spill files */
	size_t max_result_chars; /* one result, decided once (spec 03 §4.2) */
	unsigned result_no;	 /* counts up: names spill files */
	/* Asks the person; OC_OK = go, OC_E_DENIED = no, with e saying why. NULL = nobody to ask.
	 */
	enum oc_rc (*approve_wait)(void *arg, const struct oc_question *q, struct oc_err *e);
	void *approve_arg;
	const char *exec_mode;		    /* tools.exec.mode: auto, full, ask, allowlist, deny */
	enum oc_permission permission;	    /* of the session (D45) */
	const struct oc_exec_options *exec; /* the rest of tools.exec and tools.fs; NULL = defaults
					     */
	const struct oc_policy *policy;	    /* at call time (spec 03 §4.7); NULL = every tool */
	/* Commands that outlive their call; NULL = none may. session_key says whose they are. */
	struct oc_processes *processes;
	const char *session_key;
	/*
	 * Something foreign was read since the last message of the user: set by the results that
	 * are untrusted, cleared by the caller when a user message comes. What it forbids without a
	 * question depends on the model's tier (tool/sandbox/taint.h, spec 03 §6.1, §6.4).
	 */
	bool tainted;
	bool vision; /* the model takes images */
	enum oc_trust_tier trust;
	/* Whose text it was, "" when it was of more than one (tool/mcp.h). */
	char tainted_by[OC_FOREIGN_HOST];
	/* Hashes of addresses that foreign text brought in: to follow one carries nothing out. */
	uint64_t known_urls[OC_KNOWN_URLS];
	size_t n_known_urls;		  /* counts on; the oldest are forgotten */
	const struct oc_web_options *web; /* tools.web; NULL = defaults, and no search */
	struct oc_mcp *mcp;		  /* servers of tools; NULL = none */
	/* May be NULL. A command is still producing output: the run makes progress. */
	void (*alive)(void *arg);
	void *alive_arg;
	/* What a command writes, as it comes: any bytes. May be NULL; may not park. */
	void (*output)(void *arg, struct oc_str bytes);
	void *output_arg;
	/* What stands behind an address that is no file: "skill://invoices". OC_OK: out is
	 * initialised; else e is for the model. May be NULL. */
	enum oc_rc (*resource_wait)(void *arg, struct oc_str address, struct oc_buf *out,
				    struct oc_err *e);
	void *resource_arg;
	const struct oc_strv *host_env; /* "K=V": for commands outside the sandbox; NULL = none */
	/* Whose notes memory_search and memory_get mean (agent/memory/memory.h); NULL = none. */
	const struct oc_memory_scope *memory;
	/* For tools of folders below: what their run function needs (sessions, memory, schedules).
	 */
	void *host;
};
struct oc_tool_result {
	struct oc_buf text;
	bool is_error;
	bool has_exit_code; /* a command ended by itself */
	int exit_code;
	const char *untrusted; /* static name of where foreign text comes from: marked as data; NULL
				  = not foreign */
	char host[OC_FOREIGN_HOST]; /* it came from; "" = no host */
	size_t own;	  /* bytes at the front of text that are ours: they stay before the marks */
	size_t max_chars; /* that the call asked for; 0 = what the context takes */
	struct oc_image image; /* goes along with the text; base64 NULL = none. Owned */
};
/* A row. Its memory outlives every use: static, or kept by whoever registered it. */
struct oc_tool {
	const char *name;
	const char *schema; /* the function object as JSON text, spec 03 §4.5 */
	/* Parameters that are taken but not told, as the inside of a properties object; NULL. */
	const char *unlisted;
	const char *example; /* smallest valid arguments, shown after a mistake */
	/* Line of the directory (at most 90 characters) of a tool that is not in the tools array
	 * but called through use_tool; NULL = in the array. */
	const char *deferred;
	bool needs_setup; /* offered only where a policy says that it is configured (D34) */
	bool writes;	  /* changes things: runs alone, in call order */
	/* args fit the schema. Either fills out, or fails with e, which becomes the result. */
	enum oc_rc (*run_wait)(struct oc_tool_context *ctx, const json_t *args,
			       struct oc_tool_result *out, struct oc_err *e);
	/* NULL = a row of ours. A server's (tool/mcp.h): in place of schema, coercion and run_wait.
	 */
	const struct oc_foreign_tool *foreign;
};
/* The row of a server's tool comes and goes with its server: it decides about no epoch. */
struct oc_foreign_tool {
	json_t *function;      /* as schema, parsed */
	const char *untrusted; /* as in a result, for its description; NULL = it is trusted */
	const char *shelf;     /* name of the row that stands for all tools of its server */
	bool is_shelf;
	bool needs_nothing; /* a call without arguments means something */
	/* New reference; NULL = they do not fit, and problem says why. */
	json_t *(*fit)(const struct oc_tool *self, const json_t *args, struct oc_buf *problem);
	enum oc_rc (*call_wait)(const struct oc_tool *self, struct oc_tool_context *ctx,
				const json_t *args, struct oc_tool_result *out, struct oc_err *e);
};

/* ---- registry ---- */
/* Adds a row, for tools that live in other folders; before the first request. A row of the same
 * name is replaced. The order of requests is a fixed rank by name (D32), then the alphabet. */
void oc_tool_register(const struct oc_tool *tool);
/* The same at any time, for rows of servers; false: the registry is full, or a row of ours has the
 * name. */
OC_MUST_USE bool oc_tool_add(const struct oc_tool *tool);
void oc_tool_remove(const struct oc_tool *tool); /* it need not be there */
/* Exact, then the aliases of D14, then without case and without a "functions." or "tools." prefix.
 * NULL when there is none. */
const struct oc_tool *oc_tool_find(struct oc_str name);
/* The name that policies and calls mean: an alias becomes our name. Borrowed. */
struct oc_str oc_tool_canonical(struct oc_str name);

/* What a request offers: decided once for an epoch (spec 03 §3.3). */
struct oc_toolset {
	const struct oc_policy *policy; /* of the agent; NULL = every tool */
	/* Keywords that the server cannot take: removed from the schemas. May be NULL. */
	const struct oc_strv *drop_keywords;
	bool lean; /* D15 */
};
/* The tools array in fixed rank (D32), each wrapped as {"type":"function","function":…}; use_tool
 * only when there is something to call with it. names gets what can be called, what is deferred
 * too. New reference; set may be NULL. */
json_t *oc_toolset_json(const struct oc_toolset *set, struct oc_strv *names);
/* The directory for the system text: "name: one line\n" for each deferred tool; nothing when there
 * are none. In lean mode the names alone, in one line. A server with too much to tell, or of which
 * nothing is known, has one line (its shelf). */
void oc_toolset_directory(const struct oc_toolset *set, struct oc_buf *out);
/* The same without the rows of servers. */
void oc_toolset_own_directory(const struct oc_toolset *set, struct oc_buf *out);
/* oc_toolset_json of every tool. */
json_t *oc_tools_json(const struct oc_strv *drop_keywords, struct oc_strv *names);

/* ---- running ---- */
/* Applies the policy, coerces, validates, runs, caps. Always gives a result (deinit it, after a
 * failure too); only OC_CANCELLED is passed up. */
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
