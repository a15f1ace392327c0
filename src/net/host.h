#ifndef OC_HOST_H
#define OC_HOST_H
#include "url.h"
/* The host part of a URL, brackets included, without port: sets host, is_ip and ip of u. OC_E_INPUT
 * otherwise; u->host is then still NULL. */
OC_MUST_USE enum oc_rc oc_host_parse(struct oc_str s, struct oc_url *u, struct oc_err *e);
#endif
