#ifndef OC_WS_CONNECTION_H
#define OC_WS_CONNECTION_H
#include "net/websocket/websocket.h"
/* What the two handshakes share. Private to net/. */
enum { OC_WS_ACCEPT = 28 };
/* The answer to a key: base64 of SHA-1 (RFC 6455 section 4.2.2), and a NUL. */
void oc_ws_accept(const char *key, char out[OC_WS_ACCEPT + 1]);
/* Takes fd over, which must not block; early: bytes that came behind the handshake. NULL (and fd is
 * closed) when it cannot be watched. */
struct oc_ws *oc_ws_new(int fd, bool server, size_t max_message, struct oc_str early);
#endif
