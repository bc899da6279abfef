/*-------------------------------------------------------------------------
 *
 * httpwait.h
 *	  The multiplexer: libcurl's descriptors and timers, the transfers' own
 *	  deadlines and the process latch, in one wait.
 *
 * A *transfer* is a libcurl easy handle together with a deadline.  Private to
 * http.c and httprecv.c.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DLOAD_HTTPWAIT_H
#define DLOAD_HTTPWAIT_H

#include "postgres.h"

#include "lib/ilist.h"

#include <curl/curl.h>

typedef struct DloadTransfer
{
	dlist_node	node;
	CURL	   *easy;
	bool		attached;
	int64		deadline;		/* dload_mux_now() time; 0 = none */

	/*
	 * Called outside libcurl with the transfer detached; must not throw.  On
	 * expiry the transfer is still attached, and the function either detaches
	 * it or moves the deadline.
	 */
	void		(*finished) (struct DloadTransfer *transfer, CURLcode result);
	void		(*expired) (struct DloadTransfer *transfer, int64 now);
} DloadTransfer;

/* Monotonic microseconds. */
extern int64 dload_mux_now(void);

/*
 * Prepare libcurl and the descriptors; once per process, then free of cost.
 * Raises only for lack of memory or descriptors.  Returns NULL, or what went
 * wrong in libcurl.
 */
extern const char *dload_mux_open(void);

/* Hand a transfer to libcurl; NULL, or what went wrong. */
extern const char *dload_mux_attach(DloadTransfer *transfer);

/* Take it back at any moment, finished or not.  Never blocks. */
extern void dload_mux_detach(DloadTransfer *transfer);

/* Do what can be done now, for all transfers.  Never waits, never throws. */
extern void dload_mux_drive(void);

/*
 * Wait until there is something to drive, or until the given time.  Honours
 * interrupts.  Returns the microseconds spent.
 */
extern int64 dload_mux_wait(int64 until);

#endif							/* DLOAD_HTTPWAIT_H */
