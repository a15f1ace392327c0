/* Tables of routes whose file is not there. */
#include "gateway/route.h"

#define EMPTY(name) __attribute__((weak)) const struct oc_route name[] = { { 0 } }
EMPTY(oc_routes_v1);
EMPTY(oc_routes_tools);
EMPTY(oc_routes_hooks);
EMPTY(oc_routes_metrics);
EMPTY(oc_routes_ui);
