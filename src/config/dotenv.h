#ifndef OC_DOTENV_H
#define OC_DOTENV_H
#include "base/buf.h"
/*
 * .env text: KEY=value, optional "export ", # comments, single, double and back quotes (also over
 * several lines), \n only between double quotes, no variables inside values. Lines that are none of
 * this are skipped.
 */
typedef void oc_dotenv_fn(void *arg, struct oc_str name, struct oc_str value);
void oc_dotenv_parse(struct oc_str text, oc_dotenv_fn *fn, void *arg);
#endif
