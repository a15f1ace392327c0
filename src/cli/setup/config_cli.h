#ifndef OC_CONFIG_CLI_H
#define OC_CONFIG_CLI_H
#include "cli/command.h"
#include "config/config.h"
#include "json/path.h"
/* What the files of `openclaw config` share. */

/* config.c: the text for a failed load on stderr; returns 1. */
int oc_config_cli_failed(const struct oc_err *e);

/* config_edit.c */
extern const struct oc_option oc_config_set_options[];
extern const struct oc_option oc_config_patch_options[];
int oc_cmd_config_set(struct oc_args *a);
int oc_cmd_config_unset(struct oc_args *a);
int oc_cmd_config_patch(struct oc_args *a);
#endif
