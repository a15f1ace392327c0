#ifndef OC_TOOL_PLACE_H
#define OC_TOOL_PLACE_H
#include <sys/stat.h>

#include "base/buf.h"
/*
 * A file by the open folder it lies in, so that nothing can be put in its way between the decision
 * that it may be used and the use: the path is one without links (oc_workspace_resolve_wait), and
 * no component of it is followed if it has become a link since (openat2 with RESOLVE_BENEATH and
 * RESOLVE_NO_SYMLINKS on Linux; elsewhere component by component without following).
 */
struct oc_place {
	int folder; /* -1 = not open */
	char *name;
	char *path; /* for messages */
};
/* real: absolute, every link followed. create: folders that are missing are made (mode 0755 and the
 * umask). OC_E_NOT_FOUND: its folder does not exist; OC_E_DENIED: something was put in the way. */
OC_MUST_USE enum oc_rc oc_place_open(const char *real, bool create, struct oc_place *out,
				     struct oc_err *e);
void oc_place_close(struct oc_place *p); /* accepts a closed one */
/* As lstat: false when nothing is there. */
bool oc_place_stat(const struct oc_place *p, struct stat *out);
/* Regular files only. out is initialised on success only. OC_E_NOT_FOUND, OC_E_LIMIT, OC_E_INPUT
 * (a pipe, a device, a folder), OC_E_SYS. */
OC_MUST_USE enum oc_rc oc_place_read(const struct oc_place *p, size_t max_bytes, struct oc_buf *out,
				     struct oc_err *e);
/* Whole or not at all: a temporary file beside it takes its place. Keeps the mode of a file that is
 * there, else 0644. Nothing is written when the bytes are equal; *written (may be NULL) tells.
 * Refuses what is not a regular file. */
OC_MUST_USE enum oc_rc oc_place_write(const struct oc_place *p, struct oc_str bytes, bool *written,
				      struct oc_err *e);
/* Removes the file; OC_E_NOT_FOUND. */
OC_MUST_USE enum oc_rc oc_place_remove(const struct oc_place *p, struct oc_err *e);
/* A descriptor of the folder at this place, for reading its names; -1 with errno. */
int oc_place_open_folder(const struct oc_place *p);
/* For tests: as on a system without openat2. */
void oc_place_avoid_openat2(bool avoid);
#endif
