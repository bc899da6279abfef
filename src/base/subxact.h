/*-------------------------------------------------------------------------
 *
 * subxact.h
 *	  Something done in a subtransaction, whole or not at all.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DLOAD_SUBXACT_H
#define DLOAD_SUBXACT_H

#include "base/dload.h"

/* What to do; false takes it back without an error. */
typedef bool (*DloadSubxactBody) (void *arg);

/*
 * Run body(arg) in a subtransaction.  What it raises is taken back and
 * returned, a copy in the current memory context, so that the caller decides
 * whether to throw it again; NULL if nothing was raised.  Memory context and
 * resource owner are as before.
 */
extern ErrorData *dload_subxact(DloadSubxactBody body, void *arg);

#endif							/* DLOAD_SUBXACT_H */
