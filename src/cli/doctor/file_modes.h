#ifndef OC_FILE_MODES_H
#define OC_FILE_MODES_H
#include "config/config.h"
/* Files and folders of the state that nobody else may read. */
struct oc_private_file {
	const char *name; /* "state", "config" … for ids of findings */
	char *path;
	unsigned want; /* mode */
	unsigned mode; /* as found */
	bool is_folder;
};
struct oc_private_files {
	struct oc_private_file *v;
	size_t n;
};
/* Those of the known ones that exist, whatever their mode. */
void oc_private_files_find(const struct oc_config *c, struct oc_private_files *out);
void oc_private_files_deinit(struct oc_private_files *l);
/* Others than the owner can do more than they should. */
bool oc_private_file_open(const struct oc_private_file *f);
/* Takes the rights of others away. OC_E_SYS: e says why not. */
OC_MUST_USE enum oc_rc oc_private_file_close(struct oc_private_file *f, struct oc_err *e);
#endif
