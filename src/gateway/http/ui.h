#ifndef OC_HTTP_UI_H
#define OC_HTTP_UI_H
#include "base/buf.h"
/*
 * Files of an installed Control UI (spec 02 §3): what a path means, what a file is, what a page may
 * do. Pure but for oc_ui_load, which reads files and runs beside the loop.
 */
/* Path of a request below the UI's base, as a path below its root: "assets/x.js", "" = the page
 * itself. False: badly encoded, or it leaves the root in any spelling. */
bool oc_ui_path(struct oc_str path, struct oc_str base, struct oc_buf *out);
/* Content type by the name's end; NULL: not a file that a UI has, so the path is one of its pages.
 */
const char *oc_ui_type(struct oc_str path);
/* Whether an Accept-Encoding (NULL = none) takes this coding. */
bool oc_ui_accepts(const char *accept_encoding, const char *coding);
/* Content-Security-Policy for a page: inline scripts that it holds are allowed by their hashes. */
void oc_ui_policy(struct oc_str html, struct oc_buf *out);
/* Value of the attribute data-openclaw-control-ui-build-id; empty when there is none. Borrowed. */
struct oc_str oc_ui_build(struct oc_str html);

struct oc_ui_file {
	const char *root; /* in */
	struct oc_str path;
	bool br, gzip;	     /* codings the client takes */
	struct oc_buf bytes; /* out; initialised by the call */
	const char *coding;  /* of bytes; NULL = none */
	char etag[64];
	bool found, outside; /* outside: a link leads out of the root */
};
/* Reads a file below root. Arg is a struct oc_ui_file: for oc_work_wait. */
void oc_ui_load(void *file);
#endif
