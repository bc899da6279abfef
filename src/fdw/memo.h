/*-------------------------------------------------------------------------
 *
 * memo.h
 *	  Answers kept for the rescans of one scan.
 *
 * A join or a correlated sub-select runs the same scan once per outer row,
 * often with values it had before.  A *memo* keeps the rows of the reads that
 * came to their end, by the values they were asked with, as long as all of
 * them fit in work_mem; so each distinct value costs one request.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DLOAD_MEMO_H
#define DLOAD_MEMO_H

#include "base/dload.h"

#include "executor/tuptable.h"

typedef struct DloadMemo DloadMemo;

/* Make one in a child of the current memory context. */
extern DloadMemo *dload_memo_create(void);

/*
 * Start a read.  True if its rows are there: get them by dload_memo_next.
 * Else hand them in by dload_memo_add as they come, and say
 * dload_memo_complete at the end, or dload_memo_forget if the read ends early.
 */
extern bool dload_memo_begin(DloadMemo *memo, const char *key, size_t keylen);
extern bool dload_memo_next(DloadMemo *memo, TupleTableSlot *slot);
extern void dload_memo_add(DloadMemo *memo, TupleTableSlot *slot);
extern void dload_memo_complete(DloadMemo *memo);
extern void dload_memo_forget(DloadMemo *memo);

/* How many reads were answered from it. */
extern int64 dload_memo_hits(const DloadMemo *memo);

#endif							/* DLOAD_MEMO_H */
