/*-------------------------------------------------------------------------
 *
 * normalize.h
 *	  Records -> rows of a root table and its child tables.
 *
 * A *shape* is what a pipeline knows about its tables: which JSON path leads
 * to which column or child table, the type each column has, and the type that
 * the values seen since need.  It lives as long as the run.
 *
 * A *batch* holds the rows made from the pages of one package: rows whose
 * *cells* are spans of the pages' bytes, nothing converted yet.  It lives as
 * long as the package; the bytes must live as long.
 *
 * Nothing here reads a catalog or needs a transaction; so records are
 * normalised while pages still arrive.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DLOAD_NORMALIZE_H
#define DLOAD_NORMALIZE_H

#include "base/dload.h"
#include "data/decode.h"
#include "data/keytree.h"
#include "data/path.h"
#include "data/record.h"
#include "data/type.h"

#include "access/attnum.h"

/* PostgreSQL's own limit, less the system columns of a table */
#define DLOAD_MAX_COLUMNS	1500

/* Child tables of one pipeline: beyond it lists are kept as jsonb. */
#define DLOAD_MAX_TABLES	500

typedef struct DloadColumn
{
	char	   *name;
	char	   *path;			/* in the table's elements */
	struct DloadTable *table;
	int			index;			/* in table->columns */
	DloadType	type;			/* of the existing column; UNKNOWN: there is
								 * none, OTHER: not one of inference's */
	DloadType	wanted;			/* join of type and the values seen */
	char	   *hint;			/* type name given by the user, or NULL */
	bool		coded;			/* values hold something else: */
	DloadCoding coding;
	bool		key;			/* part of the primary key */
	bool		whole;			/* the existing column holds containers */
	bool		fixed;			/* cannot be widened: what does not fit is
								 * rejected, or goes to the variant */
	bool		saved;			/* is in the catalog's map */
	AttrNumber	attnum;			/* 0: no such column yet */
	char	   *variant_name;	/* takes as text what does not fit, or NULL */
	AttrNumber	variant_attnum; /* 0: no such column yet */
	struct DloadField *field;	/* that leads to it; NULL for "value" */
} DloadColumn;

/* A column that the table has, whether or not a path leads to it yet. */
typedef struct DloadExisting
{
	char	   *name;
	DloadType	type;
	bool		whole;			/* holds containers: jsonb, json, arrays */
	bool		computed;		/* cannot be written: generated */
	AttrNumber	attnum;
} DloadExisting;

typedef struct DloadTable
{
	char	   *path;			/* of the list: "$" for the root table */
	char	   *name;			/* relation name */
	struct DloadTable *parent;	/* NULL for the root */
	struct DloadShape *shape;
	int			index;			/* in shape->tables */
	Oid			relid;			/* where rows go; InvalidOid: to be made */
	Oid			target;			/* the user's table; differs from relid while
								 * a replace loads its shadow */
	DloadKeyNode *keys;
	DloadColumn *value;			/* for elements that are not objects */
	struct DloadTable *nested;	/* for elements that are lists */
	DloadColumn **columns;
	int			ncolumns;
	int			maxcolumns;
	List	   *existing;		/* of DloadExisting; evolve fills it */
	bool		saved;			/* is in the catalog's map */
	bool		checked;		/* evolve looked at it in this run */
} DloadTable;

typedef struct DloadShape
{
	MemoryContext context;
	DloadTable **tables;		/* parents before children; [0] is the root */
	int			ntables;
	int			maxtables;
	bool		dirty;			/* something for evolve to do */
	List	   *news;			/* columns added by the record under way */
	bool		keyed;			/* rows are found by primary key */
	int			max_nesting;	/* -1 = no limit */
	uint64		fingerprint;	/* of the definition: seeds record hashes */
	int			nkeys;
	DloadColumn **keys;			/* primary key columns */
	DloadPath **key_paths;		/* of these, in a record */
	DloadKeyNode *cursor;		/* field holding the cursor, or NULL */
	DloadPath  *cursor_path;	/* the same */
	DloadColumn *deleted;		/* marks rows that are gone, which stay; or
								 * NULL */
	struct HTAB *hints;			/* path -> type name */
} DloadShape;

/* One value of a row, as a span of the page. */
typedef struct DloadCell
{
	const char *data;
	uint32		len;
	uint16		column;			/* index in the table's columns */
	uint8		type;			/* DloadTokenType */
	uint8		flags;			/* DLOAD_CELL_* */
} DloadCell;

#define DLOAD_CELL_ESCAPED	0x01
#define DLOAD_CELL_INTEGRAL	0x02

typedef struct DloadRow
{
	struct DloadRow *parent;	/* NULL for root rows */
	struct DloadRow *root;		/* itself for root rows */
	DloadTable *table;
	DloadCell  *cells;
	int			ncells;
	int			first_cell;		/* on the scratch stack, while it is walked */
	bool		dead;			/* rejected, or overridden in its record */
	bool		skipped;		/* merge: unchanged, overridden, or stored */
	bool		fresh;			/* merge: not in the table yet */
	bool		tombstone;		/* the row with its key is to go */
	int64		list_idx;		/* children */
	int64		id;				/* _dload_id, once given */
	/* root rows only */
	DloadSpan	record;
	uint64		hash;
	DloadToken	cursor;			/* type NONE: the record has none */
} DloadRow;

/* Child rows end where those fields begin. */
#define DLOAD_CHILD_ROW_BYTES	offsetof(DloadRow, record)

typedef struct DloadBatch
{
	MemoryContext context;
	DloadShape *shape;
	DloadRow  **roots;
	int			nroots;
	int			maxroots;
	int			ntombstones;	/* of the roots */
	/* rows of each table in order, indexed like shape->tables */
	DloadRow ***rows;
	int		   *nrows;
	int		   *maxrows;
	int			ntables;		/* length of the three arrays above */
	size_t		bytes;			/* memory used by rows and cells */
	/* private: chunks that rows and cells are carved from */
	MemoryContext large;		/* what does not fit in one */
	char	  **chunks;
	int			nchunks;
	int			maxchunks;
	int			used_chunks;
	char	   *chunk;			/* unused part of the last one used */
	size_t		chunk_left;
	size_t		fixed;			/* of bytes, what a reset leaves */
	uint64		objects;		/* walked so far: numbers them */
	DloadCell  *scratch;		/* cells of the rows under way */
	int			nscratch;
	int			maxscratch;
} DloadBatch;

/* An empty shape in the current memory context. */
extern DloadShape *dload_shape_create(const char *root_name,
									  int max_nesting, bool keyed,
									  uint64 fingerprint);

/* Give a path the user's type, or a word for a coding; before any record. */
extern void dload_shape_hint(DloadShape *shape, const char *path,
							 const char *type);

/* Is it the word for a coding? */
extern bool dload_hint_is_coding(const char *hint, DloadCoding *coding);

/*
 * The column for a path of keys below a table, made when it is new; NULL and
 * *err when the path cannot be a column (not only keys, too many).
 */
extern DloadColumn *dload_shape_column(DloadTable *table, const char *path,
									   DloadError *err);

/* The table for a list's path, made when it is new ("$" is the root). */
extern DloadTable *dload_shape_table(DloadShape *shape, const char *path,
									 DloadError *err);

/* Declare key and cursor; false and *err as above. */
extern bool dload_shape_set_keys(DloadShape *shape, List *paths,
								 DloadError *err);
extern bool dload_shape_set_cursor(DloadShape *shape, const char *path,
								   DloadError *err);

/*
 * Rows that are gone are marked in this column, which no record need have; a
 * time, unless its type is given: hinted at with the other hints, and set
 * after the keys.
 */
extern char *dload_shape_hint_deleted(DloadShape *shape, const char *name);
extern bool dload_shape_set_deleted(DloadShape *shape, const char *name,
									DloadError *err);

/* A batch in a memory context of its own below the current one. */
extern DloadBatch *dload_batch_create(DloadShape *shape);

/* Forget all rows; keeps the shape. */
extern void dload_batch_reset(DloadBatch *batch);

/* The same, and give back all memory. */
extern void dload_batch_release(DloadBatch *batch);

/*
 * Make rows of one record and add them.  Updates the wanted types.  NULL and
 * *err when the record cannot be stored (no key, a key that is no text, too
 * many columns): nothing of it is added.
 */
extern DloadRow *dload_normalize(DloadBatch *batch, DloadSpan record,
								 DloadError *err);

/*
 * The same for a *tombstone*, a record that says that its row is gone.  Of it
 * only key and cursor count: no type is learnt from it, no column made.
 */
extern DloadRow *dload_normalize_tombstone(DloadBatch *batch,
										   DloadSpan record,
										   DloadError *err);

/* A cell as the token it was. */
extern void dload_cell_token(const DloadCell *cell, DloadToken *token);

#endif							/* DLOAD_NORMALIZE_H */
