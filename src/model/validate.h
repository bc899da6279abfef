/*-------------------------------------------------------------------------
 *
 * validate.h
 *	  What the two halves of the validator share: values (validate.c) and
 *	  combinations (combine.c).
 *
 *-------------------------------------------------------------------------
 */
#ifndef DLOAD_VALIDATE_H
#define DLOAD_VALIDATE_H

#include "base/dload.h"

#define BAD_VALUE	ERRCODE_INVALID_PARAMETER_VALUE
#define BAD_COMBINATION	ERRCODE_FDW_INVALID_ATTRIBUTE_VALUE

#define MAPPING_HINT \
	"Secrets belong in a user mapping: CREATE USER MAPPING FOR CURRENT_USER " \
	"SERVER server_name OPTIONS (...)."

/* Headers that the HTTP layer decides on alone (Host, Content-Length, ...). */
extern bool dload_header_is_reserved(const char *name);

/* Query parameters that nobody uses for anything but credentials. */
extern bool dload_query_name_is_secret(const char *name);

/* Combinations; the values are valid.  False and *err. */
extern bool dload_check_server_options(List *options, DloadError *err);
extern bool dload_check_table_options(List *options, DloadError *err);
extern bool dload_check_column_options(List *options, DloadError *err);

#endif							/* DLOAD_VALIDATE_H */
