#ifndef OC_WHATSAPP_SIGNATURE_H
#define OC_WHATSAPP_SIGNATURE_H
#include "base/str.h"
/*
 * Whether a webhook call came from who knows the app's secret: X-Hub-Signature-256 is
 * "sha256=" and the HMAC over the bytes of the body as they came. header may be NULL; an empty
 * secret signs nothing. Takes a time that depends on the lengths alone. Pure.
 */
bool oc_wa_signed(struct oc_str body, const char *header, struct oc_str secret);
#endif
