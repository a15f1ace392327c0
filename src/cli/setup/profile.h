#ifndef OC_PROFILE_H
#define OC_PROFILE_H
#include "base/err.h"
/* --profile, --dev and OPENCLAW_PROFILE (spec 02 §1.1): a state folder of its own, told to this
 * process and its children by the variables that name it. What is set already stays. name NULL =
 * the variable. OC_E_INPUT: no name of a profile. */
OC_MUST_USE enum oc_rc oc_profile_apply(const char *name, bool dev, struct oc_err *e);
#endif
