/*-------------------------------------------------------------------------
 *
 * guard.h
 *	  Which addresses a request may be sent to.
 *
 * Whoever may create a server could otherwise use the database to reach what
 * only the machine it runs on can: services on its loopback interface, the
 * private network around it, a cloud's metadata service.  So requests of roles
 * that are not superusers go to public addresses and to what
 * dload.allowed_hosts lists, and to nothing else.  It is the address of the
 * connection that is judged, whatever name, redirect or next link led there.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DLOAD_GUARD_H
#define DLOAD_GUARD_H

#include "base/dload.h"
#include "model/resource.h"

#include <sys/socket.h>

/* Define dload.allowed_hosts. */
extern void dload_guard_init(void);

/*
 * Is the address to be judged that this URL leads to?  Not for superusers, nor
 * if dload.allowed_hosts lists the host by its name, nor where a proxy, which
 * a superuser has chosen, connects.
 */
extern bool dload_guard_applies(const DloadResource *res, const char *url);

/*
 * Is the address public, or listed?  Neither allocates nor raises: libcurl
 * asks.
 */
extern bool dload_guard_permits(const struct sockaddr *address);

/* The same for an address as text; false for what is none. */
extern bool dload_guard_permits_text(const char *address);

/* "10.0.0.1" into a buffer of at least 64 bytes. */
extern void dload_guard_show(const struct sockaddr *address, char *to,
							 size_t size);

#endif							/* DLOAD_GUARD_H */
