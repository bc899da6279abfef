/*-------------------------------------------------------------------------
 *
 * children.h
 *	  The child rows of a package's records.
 *
 * What is stored below a changed row is compared with what the record has
 * now, by parent and list index: equal rows are left alone, others changed in
 * place, those beyond the list's new end removed.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DLOAD_CHILDREN_H
#define DLOAD_CHILDREN_H

#include "load/loader.h"

/*
 * Bring what is stored below these root rows (ids, in any order) to what the
 * batch has: rows that are stored then are "skipped", the others are for
 * dload_rows_insert.  Where rows cannot be compared they are deleted.
 */
extern void dload_children_settle(DloadLoad *load, DloadBatch *batch,
								  DloadRow *only, int64 *ids, int nids);

/*
 * Insert root rows, those that are wanted (NULL: all), and the rows below all
 * live roots; with "only", of that root.
 */
extern void dload_rows_insert(DloadLoad *load, DloadBatch *batch,
							  DloadRow *only, DloadRowFilter wanted);

#endif							/* DLOAD_CHILDREN_H */
