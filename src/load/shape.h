/*-------------------------------------------------------------------------
 *
 * shape.h
 *	  Inside of a shape (see normalize.h): for normalize.c and evolve.c.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DLOAD_SHAPE_H
#define DLOAD_SHAPE_H

#include "load/normalize.h"

/* What a key of a table's elements leads to. */
typedef struct DloadField
{
	DloadColumn *column;		/* scalars; whole containers too */
	DloadTable *list;			/* lists */
	bool		whole;			/* containers are not taken apart */
	uint64		object;			/* the last object that had the key */
} DloadField;

extern DloadTable *dload_shape_add_table(DloadShape *shape,
										 DloadTable *parent,
										 const char *path, const char *name);
extern DloadColumn *dload_shape_add_column(DloadTable *table,
										   const char *path,
										   const char *name);
extern void dload_shape_name_variant(DloadColumn *column);
extern void dload_shape_forget_news(DloadShape *shape);
extern void dload_shape_bind(DloadColumn *column,
							 const DloadExisting *existing);
extern DloadField *dload_shape_field(DloadTable *table, DloadKeyNode *node);
extern DloadColumn *dload_shape_field_column(DloadTable *table,
											 DloadKeyNode *node);
extern DloadTable *dload_shape_field_list(DloadTable *table,
										  DloadKeyNode *node);
extern DloadTable *dload_shape_nested(DloadTable *table);
extern DloadColumn *dload_shape_value(DloadTable *table);

#endif							/* DLOAD_SHAPE_H */
