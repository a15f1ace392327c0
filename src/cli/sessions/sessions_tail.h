#ifndef OC_SESSIONS_TAIL_H
#define OC_SESSIONS_TAIL_H
#include "cli/command.h"
extern const struct oc_option oc_sessions_tail_options[];
int oc_cmd_sessions_tail(struct oc_args *a);
#endif
