/*-------------------------------------------------------------------------
 *
 * spool.h
 *	  Records in a temporary file.
 *
 * A *spool* is written once, from its first record to its last, and then read
 * any number of times.  It is read in pieces of some megabytes, from which
 * records are handed out where they stand, so that whoever makes rows of them
 * need not copy them.
 *
 * It outlives transactions, because a run commits between fetching and
 * loading: nothing but the end of its memory context closes it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DLOAD_SPOOL_H
#define DLOAD_SPOOL_H

#include "base/dload.h"

typedef struct DloadSpool DloadSpool;

/* A new one in the given context. */
extern DloadSpool *dload_spool_create(MemoryContext context);

extern void dload_spool_add(DloadSpool *spool, DloadSpan record);

/* To the first record.  From the first time on no more can be added. */
extern void dload_spool_rewind(DloadSpool *spool);

/*
 * Does the next record, or the end, lie beyond the piece in memory?  Then
 * dload_spool_next invalidates the spans that it gave before.
 */
extern bool dload_spool_at_edge(const DloadSpool *spool);

/* The next record; false at the end. */
extern bool dload_spool_next(DloadSpool *spool, DloadSpan *record);

#endif							/* DLOAD_SPOOL_H */
