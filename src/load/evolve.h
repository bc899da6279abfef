/*-------------------------------------------------------------------------
 *
 * evolve.h
 *	  What a shape needs -> DDL.  The only DDL of dload.
 *
 * Tables and columns are added, columns are widened where that costs little
 * and nothing depends on them, and given a variant column otherwise.  Nothing
 * is ever dropped, renamed or narrowed.  Every change is logged in
 * dload.schema_changes, every path in dload.column_map.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DLOAD_EVOLVE_H
#define DLOAD_EVOLVE_H

#include "load/normalize.h"
#include "model/catalog.h"

#include "utils/relcache.h"

typedef struct DloadEvolution
{
	const DloadPipeline *pipeline;
	int64		run_id;
	bool		replacing;		/* rows go to shadow tables */
	bool		resuming;		/* an earlier run's shadow tables go on */
	bool		keyless;		/* tables are made without their keys */
	bool		dry;			/* only collect the statements */
	List	   *statements;		/* of char *, when dry */
} DloadEvolution;

/* Raise unless the relation holds rows of its own. */
extern void dload_evolve_check_target(Oid relid);

/*
 * Read the pipeline's maps into a new shape and look up its tables.  Raises
 * when the target exists and is nothing that rows can be loaded into.
 */
extern void dload_evolve_bind(DloadEvolution *ev, DloadShape *shape);

/*
 * Make the tables fit what the shape has seen.  Runs as the current user, who
 * must be the pipeline's owner.  Cheap when the shape is not dirty.
 */
extern void dload_evolve(DloadEvolution *ev, DloadShape *shape);

/* Look at the columns of the table's relation again. */
extern void dload_evolve_refresh(DloadTable *table, Oid relid);

/*
 * Open a table to write rows to it.  Raises if it, or one of its columns, was
 * dropped since the maps were read.
 */
extern Relation dload_evolve_open(const DloadTable *table);

/* Run a statement, or only note it when dry. */
extern void dload_evolve_execute(DloadEvolution *ev, const char *sql);

/* A step of evolution, for widen.c: add a column; log a change. */
extern void dload_evolve_add_column(DloadEvolution *ev, DloadTable *table,
									DloadColumn *column, const char *name,
									const char *type, const char *change,
									const char *reason);
extern void dload_evolve_log(DloadEvolution *ev, DloadTable *table,
							 const char *column, const char *path,
							 const char *change, const char *old_type,
							 const char *new_type, const char *reason);

/* The sequence that row ids of the pipeline come from. */
extern Oid	dload_evolve_sequence(DloadShape *shape);

/* Quoted, qualified name of a relation. */
extern char *dload_relation_name(Oid relid);

#endif							/* DLOAD_EVOLVE_H */
