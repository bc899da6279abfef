/*-------------------------------------------------------------------------
 *
 * due.c
 *	  The clock of schedules, and how an entry of the table of schedules moves
 *	  from one due time to the next.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "jobs/launcher.h"
#include "jobs/schedule.h"

#include "utils/timestamp.h"

/* Due times of one entry that are counted at once; the rest is left out. */
#define MAX_TICKS	100

TimestampTz
dload_clock_now(void)
{
	return dload_clock_at(GetCurrentTimestamp());
}

TimestampTz
dload_clock_at(TimestampTz now)
{
	DloadShared *shared = dload_shmem();
	TimestampTz result = now;

	if (shared == NULL)
		return now;
	LWLockAcquire(&shared->lock, LW_SHARED);
	if (shared->clock_rate > 0)
		result = shared->clock_base +
			(int64) ((now - shared->clock_start) * shared->clock_rate);
	LWLockRelease(&shared->lock);
	return result;
}

TimestampTz
dload_due_next(const DloadSharedSchedule *entry, TimestampTz now)
{
	DloadSchedule schedule;
	DloadError	err = {0};
	pg_tz	   *zone;

	if (entry->schedule[0] == '\0' ||
		!dload_schedule_parse(entry->schedule, &schedule, &err))
		return DT_NOEND;
	zone = dload_schedule_zone(entry->time_zone[0] ? entry->time_zone : NULL,
							   &err);
	if (zone == NULL)
		return DT_NOEND;
	return dload_schedule_next_jittered(&schedule, now, zone,
										entry->jitter_us);
}

/*
 * The first due time takes the place of the one that waits, if none does; the
 * others, and those that come while the pipeline runs, are missed.
 */
TimestampTz
dload_due_advance(DloadSharedSchedule *entry, TimestampTz now)
{
	for (int ticks = 0; entry->next_due <= now; ticks++)
	{
		TimestampTz next;

		if (!entry->running && entry->due == 0)
			entry->due = entry->next_due;
		else if (entry->missed++ == 0)
			entry->missed_from = entry->next_due;
		next = dload_due_next(entry, ticks < MAX_TICKS ?
							  entry->next_due : now);
		/* an interval that goes on from "now" */
		entry->next_due = Max(next, entry->next_due + 1);
	}
	return entry->next_due;
}
