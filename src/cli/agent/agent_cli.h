#ifndef OC_AGENT_CLI_H
#define OC_AGENT_CLI_H
#include "cli/command.h"
/* What the files of `openclaw agent` share. Both return the exit code. */
int oc_agent_local_wait(const struct oc_args *a, struct oc_str message);
int oc_agent_gateway_wait(const struct oc_args *a, struct oc_str message);
/* Sets *seconds when --timeout is given; 1 after saying what is wrong with it. */
int oc_agent_timeout(const struct oc_args *a, int64_t *seconds);
#endif
