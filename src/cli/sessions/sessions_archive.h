#ifndef OC_SESSIONS_ARCHIVE_H
#define OC_SESSIONS_ARCHIVE_H
#include "cli/command.h"
extern const struct oc_option oc_sessions_archive_options[];
int oc_cmd_sessions_archive(struct oc_args *a);
int oc_cmd_sessions_unarchive(struct oc_args *a);
#endif
