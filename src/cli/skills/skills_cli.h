#ifndef OC_SKILLS_CLI_H
#define OC_SKILLS_CLI_H
#include "cli/command.h"
/* Rows of the command table. */
extern const struct oc_command oc_skills_commands[];
extern const struct oc_option oc_skills_list_options[];
int oc_cmd_skills_list(struct oc_args *a);
#endif
