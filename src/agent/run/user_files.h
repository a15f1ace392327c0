#ifndef OC_USER_FILES_H
#define OC_USER_FILES_H
#include "base/buf.h"
/*
 * The user's files of a workspace as sessions know them. The system text is frozen with them, so
 * what changes later is told on top of the next message (spec 03 §3.3). In memory: a change while
 * no gateway runs is seen with the next prompt alone.
 */
enum { OC_USER_FILES = 6, OC_USER_FILES_SESSIONS = 64, OC_USER_FILE_TOLD = 400 };
struct oc_user_files {
	struct oc_known_files {
		char *session_id;
		uint64_t used; /* the least recently used one goes */
		struct oc_known_file {
			char *text; /* NULL = there was none */
			int64_t size, changed_ns;
			uint64_t inode;
		} files[OC_USER_FILES];
	} sessions[OC_USER_FILES_SESSIONS];
	uint64_t uses;
};
/* A prompt was made: this is what it holds. */
void oc_user_files_know(struct oc_user_files *u, const char *session_id, const char *workspace);
/* Appends a line for each file that is not as the session knows it, which then knows it. A session
 * that knows nothing is told nothing. */
void oc_user_files_tell(struct oc_user_files *u, const char *session_id, const char *workspace,
			struct oc_buf *out);
void oc_user_files_deinit(struct oc_user_files *u);
#endif
