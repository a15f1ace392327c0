#ifndef OC_OPENAI_MODELS_H
#define OC_OPENAI_MODELS_H
#include "model/provider/lmstudio.h"
/* Catalog records of models that a server other than LM Studio lists. */

/* Records of a list without duplicates; embedding models are marked, or left out with chat_only.
 * Sizes only as far as the server told them. most_is_window: the largest window that the list names
 * is the one in use, as with hosted APIs; of a server of one's own it is what the model was trained
 * for, and says nothing. New reference. */
json_t *oc_openai_records(const struct oc_model_list *l, bool most_is_window, bool chat_only);
#endif
