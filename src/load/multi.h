/*-------------------------------------------------------------------------
 *
 * multi.h
 *	  What core's multi-insert asks of a table and of its rows.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DLOAD_MULTI_H
#define DLOAD_MULTI_H

#include "base/dload.h"

#include "executor/tuptable.h"
#include "utils/relcache.h"

/*
 * Can rows with these attributes go in without the executor?  Else they need
 * what only it does.
 */
extern bool dload_multi_possible(Relation rel, List *attributes);

/* A value of so many bytes is worth a thought about copies of it. */
#define DLOAD_LARGE_BYTES	(1024 * 1024)

/* Of the slots that the rows are made in, in no buffer yet. */
extern const TupleTableSlotOps *dload_multi_slot_callbacks(Relation rel);

/*
 * Finish a slot that has values, of which the large ones are palloc'd, with as
 * few bytes as can be: these are compressed, as storing them would later, and
 * if any of them stays large, the tuple is formed and they are freed.  It may
 * use their memory until the slot is cleared.
 */
extern void dload_multi_form(TupleDesc desc, TupleTableSlot *slot);

#endif							/* DLOAD_MULTI_H */
