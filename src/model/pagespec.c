/*-------------------------------------------------------------------------
 *
 * pagespec.c
 *	  How the next page is asked for, and what ends a list.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "model/pagespec.h"

#include "model/slicespec.h"

/* Options that belong to some paginators only, and whether these need them. */
static const DloadOwnedOption owned[] = {
	{"next_path", "next_url", true},
	{"token_path", "token|scroll", true},
	{"token_param", "token", true},
	{"page_param", "page", false},
	{"first_page", "page", false},
	{"offset_param", "offset", false},
	{NULL}
};

void
dload_pagespec_read(DloadPageSpec *spec, const DloadOptionSet *set)
{
	spec->kind = dload_option_enum(set, "paginate");
	spec->next_path = dload_spec_path(set, "next_path");
	spec->token_path = dload_spec_path(set, "token_path");
	spec->total_path = dload_spec_path(set, "total_path");
	spec->token_param = dload_spec_text(set, "token_param");
	spec->page_param = dload_spec_text(set, "page_param");
	spec->offset_param = dload_spec_text(set, "offset_param");
	spec->page_size_param = dload_spec_text(set, "page_size_param");
	spec->first_page = dload_option_number(set, "first_page");
	spec->page_size = dload_option_number(set, "page_size");
	spec->max_pages = dload_option_number(set, "max_pages");
}

bool
dload_pagespec_check(List *options, DloadError *err)
{
	return dload_given_owned(options, owned, "paginate",
							 dload_slicespec_pages(options), err) &&
		dload_given_with(options, "page_size", "page_size_param", err) &&
		dload_given_with(options, "page_size_param", "page_size", err);
}
