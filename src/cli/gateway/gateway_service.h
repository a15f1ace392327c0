#ifndef OC_GATEWAY_SERVICE_H
#define OC_GATEWAY_SERVICE_H
#include "cli/command.h"
/* `openclaw gateway install|uninstall|start|stop|restart`: the gateway as a systemd user service.
 */
extern const struct oc_option oc_gateway_install_options[], oc_gateway_service_options[];
int oc_cmd_gateway_install(struct oc_args *a);
int oc_cmd_gateway_uninstall(struct oc_args *a);
int oc_cmd_gateway_start(struct oc_args *a);
int oc_cmd_gateway_stop(struct oc_args *a);
int oc_cmd_gateway_restart(struct oc_args *a);
/* clang-format off */
#define OC_GATEWAY_SERVICE_ROWS                                                                    \
	{ .name = "install", .help = "Install and start the gateway as a service of this user",    \
	  .run = oc_cmd_gateway_install, .options = oc_gateway_install_options },                  \
	{ .name = "uninstall", .help = "Stop and remove the service",                              \
	  .run = oc_cmd_gateway_uninstall, .options = oc_gateway_service_options },                \
	{ .name = "start", .help = "Start the service",                                            \
	  .run = oc_cmd_gateway_start, .options = oc_gateway_service_options },                    \
	{ .name = "stop", .help = "Stop the service, or (--force) a gateway in the foreground",    \
	  .run = oc_cmd_gateway_stop, .options = oc_gateway_service_options },                     \
	{ .name = "restart", .help = "Restart the service, or the gateway that runs here",         \
	  .run = oc_cmd_gateway_restart, .options = oc_gateway_service_options }
/* clang-format on */
#endif
