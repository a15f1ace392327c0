#ifndef OC_PORT_OWNER_H
#define OC_PORT_OWNER_H
/* The process that listens on this TCP port, as far as this user may see it; 0 = none, or nobody
 * tells (/proc, so Linux). */
int oc_port_owner(unsigned port);
#endif
