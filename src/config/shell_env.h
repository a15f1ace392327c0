#ifndef OC_SHELL_ENV_H
#define OC_SHELL_ENV_H
#include "config/env.h"
/*
 * Variables that a person set in the login shell's files, for programs started outside of a
 * terminal. They have the lowest rank. Starts $SHELL as a login shell and parks until it is done,
 * at most timeout_ms; a failure is a warning. Must run in a task.
 */
void oc_shell_env_wait(struct oc_env *env, unsigned timeout_ms, struct oc_strv *warnings);
#endif
