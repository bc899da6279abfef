/*-------------------------------------------------------------------------
 *
 * keys.h
 *	  The keys of keyed tables.
 *
 * A table is made with its key, or, by the first packages of a large load,
 * without: then keys are built over all rows when the load is complete.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DLOAD_KEYS_H
#define DLOAD_KEYS_H

#include "load/evolve.h"

/* PRIMARY KEY (...) of a keyed table, or NULL. */
extern char *dload_key_clause(const DloadTable *table);

/* Has the table a unique index on just the columns of its key? */
extern bool dload_key_exists(const DloadTable *table);

/* Give a keyed table its key, if it has none. */
extern void dload_key_ensure(DloadEvolution *ev, DloadTable *table);

/*
 * Give all tables of the shape their keys.  Of several rows with one key the
 * last stays; the others go with their children.  Returns how many root rows
 * went.  Runs as the pipeline's owner.
 */
extern int64 dload_keys_build(DloadEvolution *ev, DloadShape *shape);

/*
 * Append that two expressions of a key's type are equal, by what the type
 * means by it: its operator may be in a schema that is not searched, and "="
 * would be that of text then.
 */
extern void dload_key_append_equal(StringInfo sql, const char *left,
								   const char *right, Oid type);

/*
 * Is the type of the key known?  It is not where there is no row yet, stored
 * or about to be.
 */
extern bool dload_keys_are_known(const DloadShape *shape);

/* Could keys of these columns be built whatever values the rows have? */
extern bool dload_keys_are_plain(const DloadShape *shape);

/* Is a record's key so long that an index might not take it? */
extern bool dload_keys_are_long(const DloadBatch *batch);

#endif							/* DLOAD_KEYS_H */
