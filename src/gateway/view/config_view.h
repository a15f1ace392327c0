#ifndef OC_CONFIG_VIEW_H
#define OC_CONFIG_VIEW_H
#include "config/config.h"
/* A configuration as clients see it. */
enum { OC_CONFIG_HASH_CHARS = 64 };
/* Of the text of the main file as it was read, hexadecimal; of nothing when there is no file. */
void oc_config_hash(const struct oc_config *c, char out[OC_CONFIG_HASH_CHARS + 1]);
#endif
