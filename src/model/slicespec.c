/*-------------------------------------------------------------------------
 *
 * slicespec.c
 *	  Lists that are read in parts, and reads that change what they read.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "model/slicespec.h"

/* Options that belong to some paginators only, and whether these need them. */
static const DloadOwnedOption owned[] = {
	{"window_from_param", "window", true},
	{"window_to_param", "window", true},
	{"window_in", "window", false},
	{"window_step", "window", true},
	{"window_format", "window", false},
	{"window_inclusive", "window", false},
	{"window_cap", "window", false},
	{"window_paginate", "window", false},
	{"list_path", "list", true},
	{"list_param", "list", false},
	{"list_in", "list", false},
	{"list_url", "list", false},
	{"list_from", "list", false},
	{"list_first", "list", false},
	{"scroll_path", "scroll", true},
	{"scroll_method", "scroll", false},
	{"scroll_body", "scroll", false},
	{"close_path", "scroll", false},
	{"close_method", "scroll", false},
	{"close_body", "scroll", false},
	{"drain_for", "drain", false},
	{NULL}
};

void
dload_slicespec_read(DloadSliceSpec *spec, const DloadOptionSet *set)
{
	spec->window_from = dload_spec_text(set, "window_from_param");
	spec->window_to = dload_spec_text(set, "window_to_param");
	spec->window_step = dload_option_number(set, "window_step");
	spec->window_format = dload_option_enum(set, "window_format");
	spec->window_inclusive = dload_option_bool(set, "window_inclusive");
	spec->window_cap = dload_option_number(set, "window_cap");
	spec->window_inner = dload_option_enum(set, "window_paginate");
	spec->list_path = dload_spec_path(set, "list_path");
	dload_pagespec_place(&spec->from, set, "window_in", "window_from_param");
	dload_pagespec_place(&spec->to, set, "window_in", "window_to_param");
	dload_pagespec_place(&spec->part, set, "list_in", "list_param");
	spec->list_url = dload_spec_text(set, "list_url");
	spec->list_index = dload_option_enum(set, "list_from") == 1;
	spec->list_first = dload_option_bool(set, "list_first");
	spec->scroll_path = dload_spec_text(set, "scroll_path");
	spec->scroll_method = dload_spec_text(set, "scroll_method");
	spec->scroll_body = dload_spec_text(set, "scroll_body");
	spec->close_path = dload_spec_text(set, "close_path");
	spec->close_method = dload_spec_text(set, "close_method");
	spec->close_body = dload_spec_text(set, "close_body");
	spec->drain_for = dload_option_number(set, "drain_for");
}

const char *
dload_slicespec_pages(List *options)
{
	const char *paginate = dload_given_text(options, "paginate");

	if (paginate != NULL && strcmp(paginate, "window") == 0)
		paginate = dload_given_text(options, "window_paginate");
	return paginate ? paginate : "none";
}

static bool
check_list(List *options, DloadError *err)
{
	const char *url = dload_given_text(options, "list_url");
	bool		param = dload_given_text(options, "list_param") != NULL;

	if ((url != NULL) == param)
		return dload_error_set(err, BAD_COMBINATION,
							   "paginate 'list' requires either \"list_param\""
							   " or \"list_url\"");
	if (url != NULL && strstr(url, "{part}") == NULL)
		return dload_error_set(err, BAD_VALUE,
							   "option \"list_url\" does not contain "
							   "\"{part}\"");
	return dload_given_with(options, "list_in", "list_param", err);
}

static bool
check_scroll(List *options, DloadError *err)
{
	const char *body = dload_given_text(options, "scroll_body");

	if (strstr(dload_given_text(options, "scroll_path"), "{token}") == NULL &&
		(body == NULL || strstr(body, "{token}") == NULL))
	{
		dload_error_set(err, BAD_COMBINATION,
						"neither \"scroll_path\" nor \"scroll_body\" contains "
						"\"{token}\"");
		return dload_error_hint(err, "The token of the last response goes "
								"where {token} stands.");
	}
	return dload_given_with(options, "scroll_path", "token_path", err) &&
		dload_given_with(options, "close_method", "close_path", err) &&
		dload_given_with(options, "close_body", "close_path", err);
}

bool
dload_slicespec_check(List *options, DloadError *err)
{
	const char *paginate = dload_given_text(options, "paginate");

	if (!dload_given_owned(options, owned, "paginate",
						   paginate ? paginate : "none", err))
		return false;
	if (paginate == NULL)
		return true;
	if (strcmp(paginate, "list") == 0)
		return check_list(options, err);
	return strcmp(paginate, "scroll") != 0 || check_scroll(options, err);
}
