/*-------------------------------------------------------------------------
 *
 * hop.h
 *	  A hop: one sending of a fetch's request to one address.
 *
 * A redirect leads to the next hop; a retry begins with the first one again.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DLOAD_HOP_H
#define DLOAD_HOP_H

#include "rest/fetch.h"

/* Back to the request as it was made. */
extern void dload_hop_first(DloadFetch *f);

/* May credentials go to the hop's address?  Else *err is set. */
extern bool dload_hop_allowed(const DloadFetch *f, DloadError *err);

/* Send now.  The limiter has agreed. */
extern bool dload_hop_send(DloadFetch *f, DloadError *err);

/* Wait up to timeout ms for something new; -1 = for ever. */
extern DloadHttpState dload_hop_wait(DloadFetch *f, long timeout);

/* The last byte is here, though perhaps not read. */
extern void dload_hop_complete(DloadFetch *f);

/* Give the place in the budget back. */
extern void dload_hop_leave(DloadFetch *f);

/* Stop the transfer, if there is one. */
extern void dload_hop_drop(DloadFetch *f);

/* Go where a response of this status leads; false and *err. */
extern bool dload_hop_redirect(DloadFetch *f, int status, DloadError *err);

/* Be ready to be sent once more, with new access; false the second time. */
extern bool dload_hop_renew(DloadFetch *f);

#endif							/* DLOAD_HOP_H */
