#ifndef OC_SPEED_H
#define OC_SPEED_H
#include "model/provider/select.h"
/*
 * How fast servers read prompts and write answers, as measured in this process: what is slow gets a
 * smaller share of a huge window (spec 03 §5.3, contextSoftCap), and nobody waits for ever for a
 * note (§5.4).
 */
/* tokens of a prompt were read in ms. Few tokens say nothing and are ignored. */
void oc_speed_note(const struct oc_selection *target, int64_t tokens, uint64_t ms);
/* tokens of an answer came in ms, the first one apart. Few tokens say nothing. */
void oc_speed_note_writing(const struct oc_selection *target, int64_t tokens, uint64_t ms);
/* Tokens a second; 0 = not measured. */
double oc_speed_of(const struct oc_selection *target);
double oc_speed_of_writing(const struct oc_selection *target);
#endif
