/*-------------------------------------------------------------------------
 *
 * setting.h
 *	  Settings of the server changed for a while.
 *
 * Between NewGUCNestLevel and AtEOXact_GUC, which restores them; an error
 * leaves that to the abort of the subtransaction or transaction.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DLOAD_SETTING_H
#define DLOAD_SETTING_H

#include "base/dload.h"

extern void dload_setting_change(const char *name, const char *value);

/*
 * In a process of our own, which nobody logged in to: take over what ALTER
 * ROLE set of dload's settings for the role on whose behalf it works.
 */
extern void dload_setting_of_role(Oid roleid);

/* Names are looked up where no user can put anything. */
extern void dload_setting_pin_search_path(void);

#endif							/* DLOAD_SETTING_H */
