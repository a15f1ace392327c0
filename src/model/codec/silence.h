#ifndef OC_SILENCE_H
#define OC_SILENCE_H
#include "base/str.h"
/*
 * A model that need not answer says NO_REPLY, and nothing else: in any case, also several times or
 * between punctuation (spec 03 §1.7). Pure.
 */
enum oc_silence {
	OC_SILENCE_NO,	  /* an answer */
	OC_SILENCE_MAYBE, /* may still become the word alone; at the end of the text: an answer */
	OC_SILENCE_YES,	  /* nothing but the word so far */
};
enum oc_silence oc_silence(struct oc_str text);
#endif
