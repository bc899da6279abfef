/*-------------------------------------------------------------------------
 *
 * merge.h
 *	  A package into tables whose root rows have a primary key.
 *
 * Of several records with one key in a package the last one counts.  A record
 * whose key is new is inserted; one whose hash differs from the stored row's
 * replaces that row, which keeps its id, and its children; one with the same
 * hash is left alone.  A tombstone removes the row with its key and what is
 * below it, and means nothing where there is none.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DLOAD_MERGE_H
#define DLOAD_MERGE_H

#include "load/loader.h"

/*
 * Store the live rows of a batch, restricted to one root row if "only" is not
 * NULL.  Adds to the counters.
 */
extern void dload_merge(DloadLoad *load, DloadBatch *batch, DloadRow *only,
						DloadCounters *counters);

/* The same for tables without a key: everything is inserted. */
extern void dload_append(DloadLoad *load, DloadBatch *batch, DloadRow *only,
						 DloadCounters *counters);

#endif							/* DLOAD_MERGE_H */
