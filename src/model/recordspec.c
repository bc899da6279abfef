/*-------------------------------------------------------------------------
 *
 * recordspec.c
 *	  Where the records are in a response, and in which form.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "model/recordspec.h"

#include "mb/pg_wchar.h"

/* Options that belong to some formats only. */
static const DloadOwnedOption owned[] = {
	{"csv_delimiter", "csv|auto", false},
	{"csv_header", "csv|auto", false},
	{"csv_names", "csv|auto", false},
	{"csv_null", "csv|auto", false},
	{"records_key", "json|auto", false},
	{"records_key_path", "json|auto", false},
	{"row_names", "json|auto", false},
	{"row_names_path", "json|auto", false},
	{"row_value_path", "json|auto", false},
	{"envelope_values", "json|auto", false},
	{"records_path", "json|auto", false},
	{NULL}
};

/* Of two such options at most one can be given. */
static const char *const exclusive[][2] = {
	{"row_names", "row_names_path"},
	{"records_key", "row_names"},
	{"records_key", "row_names_path"},
	{NULL}
};

/* Text of an option in UTF-8. */
static char *
utf8(const char *text)
{
	char	   *converted = pg_server_to_any(text, strlen(text), PG_UTF8);

	return converted == text ? pstrdup(text) : converted;
}

/* ... as a JSON string with its quotes. */
static char *
json_name(const char *text)
{
	StringInfoData buf;
	char	   *name = utf8(text);

	initStringInfo(&buf);
	dload_quote(&buf, name, strlen(name));
	return buf.data;
}

static int
read_names(const DloadOptionSet *set, const char *option, char ***names)
{
	const char *text = dload_option_text(set, option);
	List	   *list = text != NULL ? dload_option_split(text) : NIL;
	ListCell   *lc;
	int			n = 0;

	if (list == NIL)
		return 0;
	*names = palloc(list_length(list) * sizeof(char *));
	foreach(lc, list)
		(*names)[n++] = json_name(lfirst(lc));
	return n;
}

/* A path that an option's JSON holds; it was validated. */
static DloadPath *
inner_path(const char *text)
{
	DloadError	err = {0};
	DloadPath  *path = dload_path_parse(utf8(text), &err);

	if (path == NULL)
		dload_error_raise(&err);
	return path;
}

static void
add_copied(const char *key, const char *value, void *arg)
{
	DloadForm  *form = arg;
	DloadCopiedValue *copied;

	form->copied = form->copied == NULL ? palloc(sizeof(*copied)) :
		repalloc(form->copied, (form->ncopied + 1) * sizeof(*copied));
	copied = &form->copied[form->ncopied++];
	copied->name = json_name(key);
	copied->path = inner_path(value != NULL ? value : "");
}

static void
add_coded(const char *key, const char *value, void *arg)
{
	DloadForm  *form = arg;
	DloadCodedValue *coded;

	form->coded = form->coded == NULL ? palloc(sizeof(*coded)) :
		repalloc(form->coded, (form->ncoded + 1) * sizeof(*coded));
	coded = &form->coded[form->ncoded++];
	coded->path = inner_path(key);
	(void) dload_coding_parse(value != NULL ? value : "", &coded->coding);
}

static void
read_object(const DloadOptionSet *set, const char *option,
			DloadJsonVisitor add, DloadForm *form)
{
	DloadJson  *doc = dload_spec_json(set, option);
	DloadError	err = {0};

	if (doc != NULL && !dload_json_each(doc, add, form, &err))
		dload_error_raise(&err);
}

/* One byte, or the word for one that is hard to write. */
static bool
parse_delimiter(const char *text, char *delimiter)
{
	if (strcmp(text, "tab") == 0 || strcmp(text, "\\t") == 0)
		text = "\t";
	*delimiter = text[0];
	return strlen(text) == 1 && !IS_HIGHBIT_SET(text[0]) &&
		strchr("\"\r\n", text[0]) == NULL;
}

static void
read_csv(DloadForm *form, const DloadOptionSet *set)
{
	const char *delimiter = dload_option_text(set, "csv_delimiter");
	const char *null = dload_option_text(set, "csv_null");

	if (delimiter != NULL)
		(void) parse_delimiter(delimiter, &form->delimiter);
	form->headless = !dload_option_bool(set, "csv_header");
	form->null = null != NULL ? utf8(null) : NULL;
	form->ncolumns = read_names(set, "csv_names", &form->columns);
}

void
dload_recordspec_read(DloadRecordSpec *spec, const DloadOptionSet *set)
{
	DloadForm  *form = &spec->form;
	const char *key = dload_option_text(set, "records_key");
	DloadError	err = {0};

	spec->path = dload_spec_path(set, "records_path");
	spec->optional = dload_option_bool(set, "records_optional");
	form->format = dload_option_enum(set, "format");
	form->key = key != NULL ? json_name(key) : NULL;
	form->key_path = dload_spec_path(set, "records_key_path");
	/* both mean the root where no place is given: nothing is detected */
	if ((form->key != NULL || form->key_path != NULL) && spec->path == NULL)
		spec->path = dload_path_parse("$", &err);
	form->nnames = read_names(set, "row_names", &form->names);
	form->names_path = dload_spec_path(set, "row_names_path");
	form->value_path = dload_spec_path(set, "row_value_path");
	read_object(set, "envelope_values", add_copied, form);
	read_object(set, "decode", add_coded, form);
	read_csv(form, set);
	spec->deleted_column = dload_spec_text(set, "deleted_column");
	if (dload_option_text(set, "deleted_when") == NULL)
		return;
	spec->deleted_when =
		dload_condition_parse(utf8(dload_option_text(set, "deleted_when")),
							  &err);
	if (spec->deleted_when == NULL)
		dload_error_raise(&err);
}

/* -------------------------------------------------------------------------
 * What goes together
 * -------------------------------------------------------------------------
 */

typedef struct ObjectCheck
{
	const char *option;
	bool		good;
	DloadError *err;
} ObjectCheck;

static void
check_copied(const char *key, const char *value, void *arg)
{
	ObjectCheck *check = arg;
	DloadError	inner = {0};
	DloadPath  *path;

	if (!check->good)
		return;
	path = value != NULL ? dload_path_parse(utf8(value), &inner) : NULL;
	if (path != NULL && path->nsteps > 0)
		return;
	check->good = dload_error_set(check->err, BAD_VALUE,
								  "invalid path of \"%s\" in option \"%s\"",
								  key, check->option);
	dload_error_hint(check->err, "It is a JSON path in the response, to "
					 "something outside the records: {\"account\": "
					 "\"meta.account\"}.");
}

static void
check_coded(const char *key, const char *value, void *arg)
{
	ObjectCheck *check = arg;
	DloadError	inner = {0};
	DloadCoding coding;
	DloadPath  *path;

	if (!check->good)
		return;
	path = dload_path_parse(utf8(key), &inner);
	for (int i = 0; path != NULL && i < path->nsteps; i++)
	{
		if (path->steps[i].kind == DLOAD_STEP_INDEX &&
			path->steps[i].index < 0)
			path = NULL;
	}
	if (path != NULL && value != NULL && dload_coding_parse(value, &coding))
		return;
	if (path == NULL)
		check->good = dload_error_set(check->err, BAD_VALUE,
									  "invalid path \"%s\" in option \"%s\"",
									  key, check->option);
	else
		check->good = dload_error_set(check->err, BAD_VALUE,
									  "invalid coding of \"%s\" in option "
									  "\"%s\"", key, check->option);
	dload_error_hint(check->err, "It is an object of JSON paths in a record "
					 "and one of the words base64, json, base64json, gzip, "
					 "gzipjson, epoch and epoch_ms: {\"message.data\": "
					 "\"base64\"}.");
}

static bool
check_object(List *options, const char *option, DloadJsonVisitor visitor,
			 DloadError *err)
{
	const char *text = dload_given_text(options, option);
	ObjectCheck check = {option, true, err};
	DloadJson  *doc;

	if (text == NULL)
		return true;
	doc = dload_json_parse(text, option, err);
	return doc != NULL && dload_json_each(doc, visitor, &check, err) &&
		check.good;
}

/* Where pages are no JSON documents there is nothing beside the records. */
static bool
check_paging(List *options, const char *format, DloadError *err)
{
	static const char *const beside[] = {
		"next_path", "total_path", "has_more_path", "envelope_cursor",
		"token_path"
	};
	const char *from = dload_given_text(options, "token_from");

	if (strcmp(format, "ndjson") != 0 && strcmp(format, "csv") != 0)
		return true;
	for (int i = 0; i < lengthof(beside); i++)
	{
		if (dload_given_text(options, beside[i]) == NULL ||
			(strcmp(beside[i], "token_path") == 0 && from != NULL &&
			 strcmp(from, "last_record") == 0))
			continue;
		dload_error_set(err, BAD_COMBINATION,
						"option \"%s\" has no effect with format '%s'",
						beside[i], format);
		return dload_error_hint(err, "Such a response has nothing beside its "
								"records; use a paginator that does without, "
								"or reads headers.");
	}
	return true;
}

/* Names that the user gives for values that have none. */
static bool
check_names(List *options, const char *option, DloadError *err)
{
	DloadOptionSet set = {1, {options}};
	char	  **names = NULL;
	int			n = read_names(&set, option, &names);
	char	   *twice = dload_form_twice(names, n);

	return twice == NULL ||
		dload_error_set(err, BAD_VALUE,
						"option \"%s\" has the name %s twice", option, twice);
}

static bool
check_csv(List *options, DloadError *err)
{
	const char *delimiter = dload_given_text(options, "csv_delimiter");
	const char *header = dload_given_text(options, "csv_header");
	bool		on = true;
	char		c;

	if (delimiter != NULL && !parse_delimiter(delimiter, &c))
	{
		dload_error_set(err, BAD_VALUE,
						"invalid value for option \"csv_delimiter\"");
		return dload_error_hint(err, "It is one ASCII character, or the word "
								"'tab'.");
	}
	if (header == NULL || !dload_bool_parse(header, &on) || on ||
		dload_given_text(options, "csv_names") != NULL)
		return true;
	return dload_error_set(err, BAD_COMBINATION,
						   "csv_header 'false' requires the option "
						   "\"csv_names\"");
}

static bool
check_rows(List *options, DloadError *err)
{
	const char *value_path = dload_given_text(options, "row_value_path");
	DloadPath  *path;
	int			any = 0;

	for (int i = 0; exclusive[i][0] != NULL; i++)
	{
		if (dload_given_text(options, exclusive[i][0]) != NULL &&
			dload_given_text(options, exclusive[i][1]) != NULL)
			return dload_error_set(err, BAD_COMBINATION,
								   "options \"%s\" and \"%s\" exclude each "
								   "other", exclusive[i][0], exclusive[i][1]);
	}
	if (value_path == NULL)
		return true;
	if (dload_given_text(options, "row_names_path") == NULL &&
		!dload_given_with(options, "row_value_path", "row_names", err))
		return false;
	path = dload_path_parse(utf8(value_path), err);
	for (int i = 0; path != NULL && i < path->nsteps; i++)
		any += path->steps[i].kind == DLOAD_STEP_ANY;
	if (any == 1)
		return true;
	dload_error_set(err, BAD_VALUE,
					"option \"row_value_path\" must have one [*]");
	return dload_error_hint(err, "It leads through the list of a row's values "
							"to each of them: f[*].v.");
}

/* A record has neither status nor headers. */
static bool
check_deleted(List *options, DloadError *err)
{
	const char *text = dload_given_text(options, "deleted_when");
	DloadCondition *condition;

	if (text == NULL)
		return true;
	condition = dload_condition_parse(utf8(text), err);
	if (condition == NULL || dload_condition_is_of_json(condition))
		return condition != NULL;
	dload_error_set(err, BAD_VALUE,
					"option \"deleted_when\" must be about a record, which "
					"has neither status nor headers");
	return dload_error_hint(err, "Name fields of the record by their paths: "
							"'$.status = \"deleted\"', "
							"'exists($.\"@removed\")'.");
}

bool
dload_recordspec_check(List *options, DloadError *err)
{
	const char *format = dload_given_text(options, "format");

	if (format == NULL)
		format = "auto";
	return dload_given_owned(options, owned, "format", format, err) &&
		dload_given_with(options, "records_optional", "records_path", err) &&
		check_paging(options, format, err) &&
		check_csv(options, err) && check_rows(options, err) &&
		check_deleted(options, err) &&
		dload_given_with(options, "deleted_column", "deleted_when", err) &&
		check_names(options, "csv_names", err) &&
		check_names(options, "row_names", err) &&
		check_object(options, "envelope_values", check_copied, err) &&
		check_object(options, "decode", check_coded, err);
}
