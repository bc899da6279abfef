/*-------------------------------------------------------------------------
 *
 * keyless.h
 *	  Are a pipeline's tables still without their keys?
 *
 *-------------------------------------------------------------------------
 */
#ifndef DLOAD_KEYLESS_H
#define DLOAD_KEYLESS_H

#include "base/dload.h"

extern bool dload_catalog_is_keyless(int64 pipeline_id);
extern void dload_catalog_set_keyless(int64 pipeline_id, bool keyless);

/* Is anything published?  Then rows without a key cannot be deleted. */
extern bool dload_catalog_has_publications(void);

#endif							/* DLOAD_KEYLESS_H */
