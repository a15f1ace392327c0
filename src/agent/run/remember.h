#ifndef OC_REMEMBER_H
#define OC_REMEMBER_H
#include "base/buf.h"
/*
 * The list at the end of a note that stands for a conversation: what is worth keeping goes into
 * memory/DATE.md of the workspace (spec 03 §5.4), written by the program and not by the model.
 */
/* The items behind a line "Remember:" as bullets, one a line; what looks like a secret is left out.
 * *rest: the note without them, borrowed. Pure. */
void oc_remember_items(struct oc_str note, struct oc_str *rest, struct oc_buf *out);
/* Appends them to the file of that day, which is made when it is missing. Nothing is written
 * through a link. */
OC_MUST_USE enum oc_rc oc_remember_keep(const char *workspace, const char *date,
					struct oc_str bullets, struct oc_err *e);
#endif
