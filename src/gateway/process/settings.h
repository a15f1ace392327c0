#ifndef OC_GATEWAY_SETTINGS_H
#define OC_GATEWAY_SETTINGS_H
#include "config/config.h"
#include "gateway/gateway.h"
#include "gateway/process/run.h"
/* Where the gateway listens and which secret it wants: command line, environment, configuration, in
 * that order (spec 02 §1.2). Pure, but for the password file. */
enum { OC_DEFAULT_PORT = 18789 };
struct oc_gateway_settings {
	unsigned port;
	struct oc_strv
	    addresses; /* the first one must be had, the others where the system has them */
	bool loopback;
	enum oc_auth_mode mode;
	char *secret;	   /* NULL with mode none, and where one is to be made */
	bool wants_secret; /* none is configured: make one for this process, or (kept) once */
	bool keep_secret;
};
/* OC_E_INPUT: refused; e says why and what to do instead. s is to be deinitialised in any case. */
OC_MUST_USE enum oc_rc oc_gateway_settings_init(struct oc_gateway_settings *s,
						const struct oc_gateway_options *o,
						const struct oc_config *c, bool container,
						struct oc_err *e);
void oc_gateway_settings_deinit(struct oc_gateway_settings *s);
/* Whether this process runs in a container: /.dockerenv, /run/.containerenv, its control group. */
bool oc_in_container(void);
#endif
