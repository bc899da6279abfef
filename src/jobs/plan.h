/*-------------------------------------------------------------------------
 *
 * plan.h
 *	  What users ask for about when pipelines run: schedules, pauses, runs in
 *	  the background.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DLOAD_PLAN_H
#define DLOAD_PLAN_H

#include "base/dload.h"
#include "model/standing.h"

/* Check and store the schedule's part of a definition. */
extern void dload_plan_set(int64 pipeline_id, const DloadScheduleArgs *args);

extern void dload_plan_pause(const char *name, const char *reason);
extern void dload_plan_resume(const char *name);

/* Ask the launcher for a run; returns the run's id. */
extern int64 dload_plan_run(const char *name, bool full_refresh);

/* The same for all pipelines of a server; a List of palloc'd int64. */
extern List *dload_plan_run_server(const char *server);

/* End a run, wherever it is; false if it has ended already. */
extern bool dload_plan_cancel(int64 run_id);

#endif							/* DLOAD_PLAN_H */
