/*-------------------------------------------------------------------------
 *
 * combine.c
 *	  Which options go together in one object.
 *
 * An option that would be ignored is refused: it shows that its author
 * expects something that would not happen.  What one spec knows it checks
 * itself; here is what concerns several, and columns.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "model/authspec.h"
#include "model/limitspec.h"
#include "model/pagespec.h"
#include "model/recordspec.h"
#include "model/requestspec.h"
#include "model/slicespec.h"

bool
dload_check_server_options(List *options, DloadError *err)
{
	if (dload_given_text(options, "base_url") == NULL)
	{
		dload_error_set(err, ERRCODE_FDW_DYNAMIC_PARAMETER_VALUE_NEEDED,
						"option \"base_url\" is required");
		return dload_error_hint(err, "Give the URL that the paths of the "
								"tables are appended to: OPTIONS "
								"(base_url 'https://api.example.com').");
	}
	return dload_authspec_check(options, err) &&
		dload_limitspec_check(options, err);
}

bool
dload_check_table_options(List *options, DloadError *err)
{
	return dload_pagespec_check(options, err) &&
		dload_requestspec_check(options, err) &&
		dload_recordspec_check(options, err) &&
		dload_slicespec_check(options, err);
}

bool
dload_check_column_options(List *options, DloadError *err)
{
	/* options of a column that is read from the record */
	static const char *const of_record[] = {"json_path", "decode"};
	const char *param = dload_given_text(options, "param");
	const char *in = dload_given_text(options, "in");

	if (!dload_given_with(options, "in", "param", err) ||
		!dload_given_with(options, "echo", "param", err))
		return false;
	if (param == NULL)
		return true;
	for (int i = 0; i < lengthof(of_record); i++)
	{
		const char *echo = dload_given_text(options, "echo");
		bool		on = false;

		if (dload_given_text(options, of_record[i]) != NULL &&
			echo != NULL && dload_bool_parse(echo, &on) && on)
		{
			dload_error_set(err, BAD_COMBINATION,
							"options \"echo\" and \"%s\" exclude each "
							"other", of_record[i]);
			return dload_error_hint(err, "With echo the column's value comes "
									"from the request, with %s from the "
									"record.", of_record[i]);
		}
	}
	if (in != NULL && strcmp(in, "header") == 0)
	{
		if (dload_header_is_secret(param))
		{
			dload_error_set(err, BAD_COMBINATION,
							"option \"param\" must not name the credential "
							"\"%s\"",
							param);
			return dload_error_hint(err, MAPPING_HINT);
		}
		if (!dload_header_name_valid(param) || dload_header_is_reserved(param))
			return dload_error_set(err, BAD_VALUE,
								   "option \"param\" does not name a header "
								   "that can be set");
	}
	else if (in != NULL && strcmp(in, "path") == 0 &&
			 strpbrk(param, "{}/") != NULL)
		return dload_error_set(err, BAD_VALUE,
							   "option \"param\" does not name a place in a "
							   "path");
	else if (dload_query_name_is_secret(param))
	{
		dload_error_set(err, BAD_COMBINATION,
						"option \"param\" must not name the credential \"%s\"",
						param);
		return dload_error_hint(err, MAPPING_HINT);
	}
	return true;
}
