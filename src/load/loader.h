/*-------------------------------------------------------------------------
 *
 * loader.h
 *	  Rows of a batch -> tables.
 *
 * A *load* stores one package: open it, store, close it, all inside one
 * subtransaction.  Ordinary tables are written by core's multi-insert; tables
 * with triggers, row security, partitions, generated columns or defaults by
 * the executor.
 *
 * A record whose values cannot be stored is marked dead with its reason, and
 * the load goes on, so that one pass finds all such records; the caller then
 * rolls the subtransaction back and stores the package again without them.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DLOAD_LOADER_H
#define DLOAD_LOADER_H

#include "load/ids.h"
#include "load/normalize.h"
#include "model/catalog.h"

#include "access/tupdesc.h"
#include "utils/relcache.h"

typedef struct DloadLoad DloadLoad;

/* What becomes of a record that cannot be stored. */
typedef void (*DloadRejectHook) (DloadRow *root, DloadTable *table,
								 const char *reason, void *arg);

extern DloadLoad *dload_load_open(DloadShape *shape, DloadIds *ids,
								  int64 run_id, DloadRejectHook reject,
								  void *arg);

/*
 * Insert the live rows of one table that are not stored yet and that "wanted"
 * (may be NULL: all) accepts.
 */
typedef bool (*DloadRowFilter) (const DloadRow *row);
extern void dload_load_insert(DloadLoad *load, DloadTable *table,
							  DloadRow **rows, int nrows,
							  DloadRowFilter wanted);

/* Records found dead since open. */
extern int64 dload_load_rejected(const DloadLoad *load);

extern void dload_load_close(DloadLoad *load);

/* for merge.c and children.c */

/* Columns of the table's relation that a row fills. */
typedef struct DloadWriter DloadWriter;
extern DloadWriter *dload_load_writer(DloadLoad *load, DloadTable *table);
extern TupleDesc dload_writer_desc(const DloadWriter *writer);
extern Relation dload_writer_relation(const DloadWriter *writer);

/*
 * Convert a row to values for the relation's attributes (arrays of natts).
 * False when the record had to be rejected.
 */
extern bool dload_writer_convert(DloadLoad *load, DloadWriter *writer,
								 DloadRow *row, Datum *values, bool *nulls);

/* The same for the primary key's columns alone; the others are untouched. */
extern bool dload_writer_convert_keys(DloadLoad *load, DloadWriter *writer,
									  DloadRow *row, Datum *values,
									  bool *nulls);

/* Converted values are not needed any more, those of all writers. */
extern void dload_load_forget_values(DloadLoad *load);

/* The columns _dload_id, and _dload_parent_id and _dload_list_idx; or 0. */
extern AttrNumber dload_writer_id(const DloadWriter *writer);
extern void dload_writer_child_keys(const DloadWriter *writer,
									AttrNumber *parent, AttrNumber *idx);

/* Attribute numbers written by dload, in order: a list of integers. */
extern List *dload_writer_attributes(const DloadWriter *writer);

/* A new row id. */
extern int64 dload_load_next_id(DloadLoad *load);

/* Mark the row's record dead and report it. */
extern void dload_load_reject(DloadLoad *load, DloadRow *row,
							  DloadTable *table, const char *reason);

#endif							/* DLOAD_LOADER_H */
