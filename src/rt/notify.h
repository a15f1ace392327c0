#ifndef OC_NOTIFY_H
#define OC_NOTIFY_H
/* Tells the service manager how we are, "READY=1", "STOPPING=1" (sd_notify(3)): one datagram to
 * $NOTIFY_SOCKET. Does nothing where there is none; a failure is nobody's concern. */
void oc_notify(const char *state);
#endif
