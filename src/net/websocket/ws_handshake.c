/* The server's half of the opening handshake (RFC 6455 section 4.2). */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "net/server/http_connection.h"
#include "net/websocket/ws_connection.h"

enum { KEY_CHARS = 24 }; /* base64 of 16 bytes */

bool oc_exchange_wants_websocket(const struct oc_exchange *x)
{
	return oc_http_head_has_token(&x->head, "Upgrade", "websocket") &&
	       oc_http_head_has_token(&x->head, "Connection", "Upgrade");
}

static bool is_key(const char *s)
{
	static const char alphabet[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	return s && strlen(s) == KEY_CHARS && strspn(s, alphabet) == KEY_CHARS - 2 &&
	       !strcmp(s + KEY_CHARS - 2, "==");
}

static enum oc_rc refuse(struct oc_exchange *x, int status, const char *why, struct oc_err *e)
{
	if (status == 426) oc_exchange_set_header(x, "Sec-WebSocket-Version", "13");
	oc_exchange_respond(x, status, "text/plain; charset=utf-8", oc_str(why));
	return oc_fail(e, OC_E_PROTO, "%s", why);
}

static enum oc_rc check(struct oc_exchange *x, struct oc_err *e)
{
	const char *version = oc_exchange_header(x, "Sec-WebSocket-Version");

	if (!oc_exchange_wants_websocket(x) || strcmp(x->head.method, "GET") != 0 ||
	    x->head.minor == 0 || x->head.body != OC_HTTP_NO_BODY)
		return refuse(x, 400, "not a WebSocket handshake", e);
	if (!version || oc_exchange_header_count(x, "Sec-WebSocket-Version") != 1 ||
	    strcmp(version, "13") != 0)
		return refuse(x, 426, "only WebSocket version 13 is spoken", e);
	if (oc_exchange_header_count(x, "Sec-WebSocket-Key") != 1 ||
	    !is_key(oc_exchange_header(x, "Sec-WebSocket-Key")))
		return refuse(x, 400, "Sec-WebSocket-Key is not 16 bytes in base64", e);
	return OC_OK;
}

enum oc_rc oc_exchange_upgrade_wait(struct oc_exchange *x, size_t max_message, struct oc_ws **out,
				    struct oc_err *e)
{
	struct oc_buf head, early;
	int fd;
	char accept[OC_WS_ACCEPT + 1];
	enum oc_rc rc = check(x, e);

	if (rc) return rc;
	oc_ws_accept(oc_exchange_header(x, "Sec-WebSocket-Key"), accept);
	oc_buf_init(&head, SIZE_MAX - 1);
	oc_buf_addf(&head,
		    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
		    "Connection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n",
		    accept);
	for (size_t i = 0; i < x->headers.n; i++) oc_buf_addf(&head, "%s\r\n", x->headers.v[i]);
	oc_buf_adds(&head, "\r\n");
	rc = oc_exchange_hand_over_wait(x, oc_buf_view(&head), &fd, &early);
	oc_buf_deinit(&head);
	if (rc) return oc_fail(e, rc, "the client left during the handshake");
	*out = oc_ws_new(fd, true, max_message, oc_buf_view(&early));
	oc_buf_deinit(&early);
	return *out ? OC_OK : oc_fail(e, OC_E_SYS, "the socket cannot be watched");
}
