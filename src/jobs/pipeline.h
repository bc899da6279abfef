/*-------------------------------------------------------------------------
 *
 * pipeline.h
 *	  A pipeline: one resource loaded into one root table and its child
 *	  tables.  Defining, changing and dropping it; its lock.
 *
 * Running it is run.h's business.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DLOAD_PIPELINE_H
#define DLOAD_PIPELINE_H

#include "base/dload.h"
#include "load/cursor.h"
#include "model/catalog.h"
#include "model/resource.h"
#include "model/standing.h"
#include "rest/bookmark.h"

/*
 * Arguments of create and alter; NULL: not given.  In alter an empty string
 * takes a setting away.
 */
typedef struct DloadPipelineArgs
{
	char	   *name;
	Oid			source;
	char	   *target;
	char	   *params;
	char	   *disposition;
	List	   *primary_key;	/* of char * */
	bool		has_primary_key;
	char	   *cursor_path;
	char	   *cursor_param;
	char	   *cursor_order;
	char	   *initial_value;
	char	   *lag;
	int			max_nesting;
	bool		has_max_nesting;
	char	   *columns;
	DloadScheduleArgs plan;
} DloadPipelineArgs;

extern void dload_pipeline_create(const DloadPipelineArgs *args);
extern void dload_pipeline_alter(const DloadPipelineArgs *args);
extern void dload_pipeline_drop(const char *name);

/* The definition; checks that the current user may act for its owner. */
extern DloadPipeline *dload_pipeline_open(const char *name);

/*
 * The pipeline's lock: only its holder runs it.  For a session until
 * unlocked, else until the transaction ends.  False if somebody else has it,
 * or this session does and a run is under way in it.
 */
extern bool dload_pipeline_lock(int64 pipeline_id, bool session,
								bool under_way);
extern void dload_pipeline_unlock(int64 pipeline_id);
extern bool dload_pipeline_is_locked(int64 pipeline_id);

/* The process that runs it; 0 if none does. */
extern int	dload_pipeline_runner(int64 pipeline_id);

/* The pipeline's params as a list of DloadParam for its resource. */
extern List *dload_pipeline_params(const char *params,
								   const DloadResource *res);

/* The same with the cursor's start value, if there is one, added. */
extern List *dload_pipeline_cursor_params(const DloadPipeline *p,
										  const DloadResource *res,
										  List *params, char *start,
										  bool bare);

/* What a run begins to read with; cursor may be NULL, start without text. */
extern List *dload_pipeline_read_params(const DloadPipeline *p,
										const DloadResource *res,
										const DloadCursor *cursor,
										const DloadBookmark *start);
/* Raise if what it names is gone since it was made, or forbidden. */
extern void dload_pipeline_check_names(const DloadPipeline *pipeline);

/* Does it begin with what replies of the run before say? */
extern bool dload_pipeline_has_bookmark(const DloadPipeline *p,
										const DloadResource *res);

/* Raise if the pipeline cannot do what options of its source ask for. */
extern void dload_pipeline_check_source(const DloadPipeline *pipeline,
										const DloadResource *res);

/* Does the pipeline keep rows apart by key? */
extern bool dload_pipeline_is_keyed(const DloadPipeline *pipeline);

#endif							/* DLOAD_PIPELINE_H */
