#ifndef OC_MEMORY_CLI_H
#define OC_MEMORY_CLI_H
#include "cli/command.h"
/* openclaw memory: what the agent's notes hold. */
extern const struct oc_command oc_memory_commands[];
#endif
