/*-------------------------------------------------------------------------
 *
 * schedule.h
 *	  When something is due: a cron expression or an interval.
 *
 * Pure: no catalog, no clock, no shared state.  A cron expression means wall
 * clock times of a time zone; an interval is counted from the time given.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DLOAD_SCHEDULE_H
#define DLOAD_SCHEDULE_H

#include "base/dload.h"

#include "datatype/timestamp.h"
#include "pgtime.h"

typedef struct DloadSchedule
{
	bool		is_interval;
	Interval	interval;

	/* bit sets of a cron expression; days of the week count from Sunday */
	uint64		minutes;
	uint32		hours;
	uint32		days;
	uint32		months;
	uint32		weekdays;
	bool		any_day;		/* the field begins with a star */
	bool		any_weekday;
	bool		by_hour;		/* neither minutes nor hours begin with one: a
								 * fixed time of day */
} DloadSchedule;

/* Parse; false with *err when it is neither. */
extern bool dload_schedule_parse(const char *text, DloadSchedule *schedule,
								 DloadError *err);

/*
 * The first time after "after" that is due; DT_NOEND if there is none in the
 * next decades.
 */
extern TimestampTz dload_schedule_next(const DloadSchedule *schedule,
									   TimestampTz after, pg_tz *zone);

/* The same for times moved by an offset (see dload_schedule_jitter). */
extern TimestampTz dload_schedule_next_jittered(const DloadSchedule *schedule,
												TimestampTz after,
												pg_tz *zone, int64 offset);

/* A pipeline's own offset below "jitter": the same each time. */
extern int64 dload_schedule_jitter(const char *pipeline, int64 jitter_us);

/* The time zone of that name, or the session's for NULL; NULL with *err. */
extern pg_tz *dload_schedule_zone(const char *name, DloadError *err);

#endif							/* DLOAD_SCHEDULE_H */
