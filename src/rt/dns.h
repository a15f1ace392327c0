#ifndef OC_DNS_H
#define OC_DNS_H
#include <sys/socket.h>

#include "rt/task.h"
/* Resolves host (A and AAAA, hosts file honoured) on the thread pool. Fills at most max entries,
 * each AF_INET or AF_INET6. OC_E_UPSTREAM when the name does not resolve (e says why). */
OC_MUST_USE enum oc_rc oc_dns_wait(const char *host, struct oc_deadline d,
				   struct sockaddr_storage *out, size_t max, size_t *n,
				   struct oc_err *e);
#endif
