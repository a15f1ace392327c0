#ifndef OC_SECRETS_H
#define OC_SECRETS_H
#include "base/str.h"
/* Replaces, in a text for people, every value that was sent as a header of the request: servers
 * echo keys in their errors, and not every key looks like one. headers: "Name: value" lines; those
 * that hold no secret (content types) are passed over, and so are values shorter than 6 bytes. */
void oc_secrets_hide(char **text, const struct oc_strv *headers);
#endif
