#ifndef OC_TOOL_PERMISSION_H
#define OC_TOOL_PERMISSION_H
#include "tool/sandbox/taint.h"
/*
 * How far tools may go, decided by tables over what the configuration and the session say (D19,
 * D45, spec 03 §4.8 and §6.1). Pure.
 */
enum oc_permission {
	OC_PERMISSION_DEFAULT, /* the session says nothing: what the configuration says */
	OC_PERMISSION_READ_ONLY,
	OC_PERMISSION_GUARDED,
	OC_PERMISSION_WORKSPACE,
	OC_PERMISSION_FULL,
};
/* "read-only", "guarded", "workspace", "full"; NULL, "" and unknown names: DEFAULT. */
enum oc_permission oc_permission_parse(const char *name);
const char *oc_permission_name(enum oc_permission p); /* NULL for DEFAULT */

/* The stricter of two values of tools.exec.mode; an unknown one counts as "ask". NULL says nothing:
 * both NULL give NULL. Static. */
const char *oc_exec_mode_stricter(const char *a, const char *b);

/* Of tools.exec and tools.fs; owned by whoever made it (tool/settings.h). */
struct oc_exec_options {
	struct oc_strv allowlist;    /* names of programs, or globs of their paths */
	struct oc_strv path_prepend; /* folders before PATH */
	uint64_t max_memory;	     /* bytes of all processes of a command; 0 = built in */
	unsigned timeout_s;	     /* 0 = built in */
	unsigned yield_ms;	     /* 0 = built in */
	bool workspace_only;	     /* nothing outside the workspace, asked or not */
	bool network;		     /* the sandbox has the network */
};

enum oc_exec_where { OC_EXEC_DENY, OC_EXEC_HOST, OC_EXEC_SANDBOX, OC_EXEC_SANDBOX_READ_ONLY };
struct oc_exec_facts {
	const char *mode; /* tools.exec.mode; NULL = auto, an unknown one counts as ask */
	enum oc_permission permission;
	bool sandbox;	  /* it works here */
	bool allowlisted; /* every program of the command is on the list */
	bool read_only;	  /* one of the commands that change nothing (spec 03 §4.8) */
	bool wants_out;	  /* to run outside the sandbox, or starts outside the workspace */
	bool wants_net;	  /* the network, which the sandbox does not have */
	bool tainted;
	enum oc_trust_tier trust; /* of the model: whether taint counts */
};
struct oc_exec_ruling {
	enum oc_exec_where where;
	bool ask;	 /* first; a no denies */
	bool network;	 /* in the sandbox */
	const char *why; /* static: why it is denied or asked */
};
struct oc_exec_ruling oc_exec_rule(const struct oc_exec_facts *f);

enum oc_file_ruling { OC_FILE_FREE, OC_FILE_ASK, OC_FILE_DENIED };
struct oc_file_facts {
	const char *mode; /* tools.exec.mode: full of a session needs full of the configuration */
	enum oc_permission permission;
	bool write, inside; /* inside: of the workspace */
	bool own;	    /* a file of this program's state */
	bool workspace_only, tainted;
	enum oc_trust_tier trust;
};
enum oc_file_ruling oc_file_rule(const struct oc_file_facts *f, const char **why);
#endif
