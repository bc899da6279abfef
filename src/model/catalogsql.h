/*-------------------------------------------------------------------------
 *
 * catalogsql.h
 *	  How the catalog's own files run SQL on the tables of schema dload.
 *
 * For the files of model/ that keep those tables only.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DLOAD_CATALOGSQL_H
#define DLOAD_CATALOGSQL_H

#include "base/dload.h"

#include "executor/spi.h"

/*
 * Run one statement as the extension's owner, with text arguments (NULL for
 * SQL NULL).  Leaves SPI connected, so that the caller can read
 * SPI_tuptable; dload_catalog_done ends it.
 */
extern void dload_catalog_execute(const char *sql, int nargs,
								  const char *const *args);
extern void dload_catalog_done(void);

/*
 * The same for a statement that each package runs: *plan, NULL at first, is
 * made once per process.  Without plan it is made for this time.
 */
extern void dload_catalog_repeat(SPIPlanPtr *plan, const char *sql, int nargs,
								 const char *const *args);

/* A statement without a result. */
extern void dload_catalog_run(const char *sql, int nargs,
							  const char *const *args);

/*
 * Arguments and results.  A text is copied into the context; NULL for SQL
 * NULL, where numbers are 0.
 */
extern const char *dload_int64_text(int64 value);
extern char *dload_result_text(uint64 row, int column, MemoryContext context);
extern int64 dload_result_int64(uint64 row, int column);
extern Oid	dload_result_oid(uint64 row, int column);

#endif							/* DLOAD_CATALOGSQL_H */
