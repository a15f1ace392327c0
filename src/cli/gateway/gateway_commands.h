#ifndef OC_GATEWAY_COMMANDS_H
#define OC_GATEWAY_COMMANDS_H
#include "cli/command.h"
/* Commands that work over the gateway, one file each. */
int oc_cmd_health(struct oc_args *a);
extern const struct oc_option oc_health_options[];
int oc_cmd_status(struct oc_args *a);
extern const struct oc_option oc_status_options[];
int oc_cmd_logs(struct oc_args *a);
extern const struct oc_option oc_logs_options[];
int oc_cmd_sessions_list(struct oc_args *a);
extern const struct oc_option oc_sessions_list_options[];
extern const struct oc_command oc_sessions_commands[];
extern const struct oc_command oc_cron_commands[];
extern const struct oc_command oc_channels_commands[], oc_message_commands[], oc_pairing_commands[];
int oc_cmd_approvals_list(struct oc_args *a);
extern const struct oc_option oc_approvals_list_options[];
extern const struct oc_command oc_approvals_commands[];
int oc_cmd_dashboard(struct oc_args *a);
extern const struct oc_option oc_dashboard_options[];
int oc_cmd_tui(struct oc_args *a);
extern const struct oc_option oc_tui_options[];
int oc_cmd_doctor(struct oc_args *a);
extern const struct oc_option oc_doctor_options[];
extern const struct oc_command oc_security_commands[];
int oc_cmd_completion(struct oc_args *a);
extern const struct oc_option oc_completion_options[];
int oc_cmd_configure(struct oc_args *a);
#endif
