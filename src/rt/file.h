#ifndef OC_FILE_H
#define OC_FILE_H
#include "base/buf.h"
/*
 * Small files: configuration and state. Reads are bounded; writes are atomic (temporary file in the
 * same folder, fsync, rename, fsync of the folder) and leave the old file intact whenever they
 * fail.
 */

/* OC_E_NOT_FOUND when there is no such file, OC_E_LIMIT above max_bytes, OC_E_SYS otherwise (e
 * names path and cause). Refuses what is not a regular file. out is initialised by the call, on
 * success only. */
OC_MUST_USE enum oc_rc oc_file_read(const char *path, size_t max_bytes, struct oc_buf *out,
				    struct oc_err *e);
/* The same on a thread of the pool, for files that may be large. */
OC_MUST_USE enum oc_rc oc_file_read_wait(const char *path, size_t max_bytes, struct oc_buf *out,
					 struct oc_err *e);
/* Creates missing folders with mode 0700. Nothing is written, and the time stamp stays, when the
 * bytes are equal; *written (may be NULL) tells. */
OC_MUST_USE enum oc_rc oc_file_write(const char *path, struct oc_str bytes, unsigned mode,
				     bool *written, struct oc_err *e);
/* mkdir -p with mode 0700 for what is missing. */
OC_MUST_USE enum oc_rc oc_mkdirs(const char *path, struct oc_err *e);
/* The folder that path lies in: "." for a bare name. Free with free(). */
char *oc_folder_of(const char *path);
bool oc_file_exists(const char *path);

/* Advisory lock across processes on path (created, never removed). Waits at most timeout_ms by
 * polling: hold it for milliseconds only. */
/* A lock that is not held has fd -1; oc_lock_take sets it so when it fails. */
struct oc_lock {
	int fd;
};
OC_MUST_USE enum oc_rc oc_lock_take(struct oc_lock *l, const char *path, unsigned timeout_ms,
				    struct oc_err *e);
void oc_lock_release(struct oc_lock *l);
#endif
