#ifndef OC_GATEWAY_CLI_H
#define OC_GATEWAY_CLI_H
#include "cli/command.h"
/* What the files of `openclaw gateway` share. The options of the bare command hold for all of its
 * commands. */
extern const struct oc_option oc_gateway_run_options[];
extern const struct oc_command oc_gateway_commands[];
int oc_cmd_gateway_run(struct oc_args *a);
#endif
