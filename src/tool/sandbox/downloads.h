#ifndef OC_TOOL_DOWNLOADS_H
#define OC_TOOL_DOWNLOADS_H
#include "base/str.h"
/*
 * Files that commands brought from elsewhere (spec 03 §6.1): whoever reads them later reads foreign
 * text. Their paths are kept in <state>/foreign-files, the newest 2,000; a folder stands for all
 * that is in it. Rather one too many than one too few.
 */
/* Whatever changed below folder since then (wall clock) came with a command that fetches. Walks on
 * the thread pool. */
void oc_downloads_note_wait(const char *state_dir, const char *folder, int64_t since_ms);
/* path: absolute. */
bool oc_downloads_hold(const char *state_dir, const char *path);
/* The command names one of them. */
bool oc_downloads_named(const char *state_dir, struct oc_str command);
#endif
