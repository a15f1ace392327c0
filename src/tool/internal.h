#ifndef OC_TOOL_INTERNAL_H
#define OC_TOOL_INTERNAL_H
/* What the tools share: argument coercion, paths, result text. */
#include "base/visible.h"
#include "tool/place.h"
#include "tool/tool.h"

/* ---- coerce.c ---- */
/*
 * Makes arguments fit the parameters of a schema as small models mean them (spec 03 §1.5): aliases,
 * numbers and booleans in strings, a single value for an array, JSON in a string, a wrapping
 * {"arguments":…}. What is not understood is refused, never guessed. New reference; NULL when they
 * do not fit, and problem says why, in words for the model. Members that the schema does not know
 * are dropped.
 */
OC_MUST_USE json_t *oc_coerce(const json_t *parameters, const json_t *args, struct oc_buf *problem);
/* "path (string, required), offset (integer)". */
void oc_coerce_describe(const json_t *parameters, struct oc_buf *out);

/* ---- builtin.c, registry.c ---- */
#define OC_USE_TOOL "use_tool"
/* The i-th row of this folder; NULL behind the last. */
const struct oc_tool *oc_tool_builtin(size_t i);
/* The i-th registered row, by rank; NULL behind the last. */
const struct oc_tool *oc_tool_at(size_t i);
/* As oc_policy_allows; the shelf of a server is allowed with what is on it. */
bool oc_tool_allowed(const struct oc_policy *policy, const struct oc_tool *tool, const char **why);
/* Its function object, shared by all who ask: not to be changed. New reference. */
json_t *oc_tool_schema(const struct oc_tool *tool);

/* ---- unescape.c ---- */
/* A copy in which every string is as it was before oc_special_escape. New reference. */
json_t *oc_unescape_args(json_t *v);

/* ---- workspace.c ---- */
enum oc_access { OC_ACCESS_READ, OC_ACCESS_WRITE };
/*
 * The file that path means: relative to the workspace, "~/" is the home folder, links followed.
 * Inside the workspace, and for reads in the run's spill folder, it is free; elsewhere the person
 * is asked. A link inside the workspace that leads out of it is never written through. *out is
 * absolute, free it with free().
 */
OC_MUST_USE enum oc_rc oc_workspace_resolve_wait(struct oc_tool_context *ctx, const char *tool,
						 struct oc_str path, enum oc_access access,
						 char **out, struct oc_err *e);
/* The same, opened: what was decided about is what is used. create: folders that are missing
 * are made. Close out in every case. */
OC_MUST_USE enum oc_rc oc_workspace_open_wait(struct oc_tool_context *ctx, const char *tool,
					      struct oc_str path, enum oc_access access,
					      bool create, struct oc_place *out, struct oc_err *e);
/* Only where it is, without the question whether. */
OC_MUST_USE enum oc_rc oc_workspace_locate(const struct oc_tool_context *ctx, struct oc_str path,
					   char **out, struct oc_err *e);
/* path lies in folder or is it; both absolute and without "..". */
bool oc_path_is_within(const char *path, const char *folder);
/* path with every link followed; what does not exist is kept as it is. Free with free(). */
char *oc_path_real(const char *path);
/* path as the model should see it: relative when it is in the workspace. Borrowed from path. */
const char *oc_workspace_show(const struct oc_tool_context *ctx, const char *path);

/* ---- result.c ---- */
/* Cuts the text to what the context allows and keeps the whole of it in a spill file (spec 03
 * §4.2). */
void oc_tool_result_cap(struct oc_tool_context *ctx, struct oc_tool_result *r);
/* How a spill file of foreign text begins: whoever reads it reads foreign text. */
#define OC_SPILL_FOREIGN "[foreign text:"
/* Appends s with ill-formed UTF-8 and NUL replaced. */
void oc_tool_result_add(struct oc_tool_result *r, struct oc_str s);

/* ---- read.c ---- */
/* Of an image that models can look at, by its first bytes; NULL = it is none. Static. */
const char *oc_image_mime(struct oc_str bytes);

/* ---- similar.c ---- */
/* 0 … 100: how alike two short texts are (case folded pairs of characters in common). */
unsigned oc_text_similarity(struct oc_str a, struct oc_str b);

/* ---- exec.c ---- */
struct oc_command;
/* How it ended, as lines in brackets behind the output; nothing after success. */
void oc_exec_add_end(const struct oc_command *c, struct oc_buf *text);
/* Its output may hold text of others. Then files that it wrote are remembered as such. */
bool oc_exec_is_foreign_wait(const struct oc_tool_context *ctx, const struct oc_command *c);

/* ---- one file a tool ---- */
enum oc_rc oc_tool_read_wait(struct oc_tool_context *ctx, const json_t *args,
			     struct oc_tool_result *out, struct oc_err *e);
enum oc_rc oc_tool_write_wait(struct oc_tool_context *ctx, const json_t *args,
			      struct oc_tool_result *out, struct oc_err *e);
enum oc_rc oc_tool_edit_wait(struct oc_tool_context *ctx, const json_t *args,
			     struct oc_tool_result *out, struct oc_err *e);
enum oc_rc oc_tool_exec_wait(struct oc_tool_context *ctx, const json_t *args,
			     struct oc_tool_result *out, struct oc_err *e);
enum oc_rc oc_tool_process_wait(struct oc_tool_context *ctx, const json_t *args,
				struct oc_tool_result *out, struct oc_err *e);
enum oc_rc oc_tool_apply_patch_wait(struct oc_tool_context *ctx, const json_t *args,
				    struct oc_tool_result *out, struct oc_err *e);
#endif
