/* Families of methods whose file is not there. */
#include "gateway/method.h"

#define EMPTY(name) __attribute__((weak)) const struct oc_method name[] = { { 0 } }
EMPTY(oc_methods_agent);
EMPTY(oc_methods_agents);
EMPTY(oc_methods_approvals);
EMPTY(oc_methods_chat);
EMPTY(oc_methods_config);
EMPTY(oc_methods_cron);
EMPTY(oc_methods_devices);
EMPTY(oc_methods_logs);
EMPTY(oc_methods_models);
EMPTY(oc_methods_sessions);
EMPTY(oc_methods_status);
EMPTY(oc_methods_stubs);
EMPTY(oc_methods_tools);
EMPTY(oc_methods_usage);
