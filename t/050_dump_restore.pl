
# A dump holds pipelines, cursors and what is loaded: the first run after a
# restore fetches only what is new.  And what happens when something that a
# pipeline needs is dropped: the extension, its target, its source, its owner.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use DloadTest;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_node('main');
my $mock = start_mock();
my $dir = PostgreSQL::Test::Utils::tempdir;

sub sql
{
	my ($sql, $dbname) = @_;

	return $node->safe_psql($dbname // 'postgres', $sql);
}

my $setup = "CREATE SCHEMA IF NOT EXISTS loaded;"
  . "CREATE FOREIGN TABLE feed () SERVER api OPTIONS (path '/events',"
  . " paginate 'link', page_size '50', page_size_param 'per_page');"
  . "CREATE FOREIGN TABLE items () SERVER api OPTIONS (path '/link/items',"
  . " paginate 'link', page_size '10', page_size_param 'per_page')";

make_server(
	$node, 'api', $mock->url,
	options => { auth => 'bearer' },
	mapping => { token => 's3cret-token' });
sql($setup);

sub create_pipelines
{
	my ($dbname) = @_;

	sql(    "SELECT dload.create_pipeline('appended', source => 'feed',"
		  . " target => 'loaded.appended', cursor_path => 'created_at',"
		  . " cursor_param => 'since', cursor_order => 'desc');"
		  . "SELECT dload.create_pipeline('merged', source => 'feed',"
		  . " target => 'loaded.merged', write_disposition => 'merge',"
		  . " primary_key => ARRAY['id'], cursor_path => 'created_at',"
		  . " cursor_order => 'desc');"
		  . "SELECT dload.create_pipeline('replaced', source => 'items',"
		  . " target => 'loaded.replaced', write_disposition => 'replace');"
		  . "SELECT dload.create_pipeline('halfway', source => 'items',"
		  . " target => 'loaded.halfway')",
		$dbname);
	return;
}

sub run
{
	my ($name, $dbname, $more) = @_;

	return error_of($node, "CALL dload.run('$name'" . ($more // '') . ")",
		dbname => $dbname // 'postgres');
}

sub last_run
{
	my ($name, $columns, $dbname) = @_;

	return sql(
		"SELECT concat_ws(' ', $columns) FROM dload.runs"
		  . " WHERE pipeline = '$name' ORDER BY run_id DESC LIMIT 1",
		$dbname);
}

create_pipelines();
foreach my $name (qw(appended merged replaced))
{
	my $got = run($name);

	is($got->{ok} ? last_run($name, 'outcome') : $got->{stderr},
		'complete', "$name is loaded");
}
run('halfway', undef, ', max_pages => 4');
is(last_run('halfway', 'outcome, rows_inserted'),
	'partial 40', 'halfway is loaded halfway');

#
# Dump and restore, both formats
#

# All rows of a table, without order.
sub content
{
	my ($table, $dbname) = @_;

	return sql(
		"SELECT count(*) || ' ' || coalesce(md5(string_agg(t::text, '|'"
		  . " ORDER BY t::text)), '-') FROM $table AS t",
		$dbname);
}

my @tables = split /\n/,
  sql(  "SELECT oid::regclass FROM pg_class WHERE relkind = 'r'"
	  . " AND relnamespace IN ('loaded'::regnamespace, 'dload'::regnamespace)"
	  . " AND oid NOT IN ('dload.pipeline_table'::regclass,"
	  . " 'dload.page_validator'::regclass) ORDER BY 1");
my %before = map { $_ => content($_) } @tables;

cmp_ok(scalar(@tables), '>', 10, 'tables to compare');
$node->command_ok(
	[
		'pg_dump', '-Fc', '-f', "$dir/custom",
		'-d', $node->connstr('postgres')
	],
	'pg_dump, custom');
$node->command_ok(
	[
		'pg_dump', '-f', "$dir/plain", '-d', $node->connstr('postgres')
	],
	'pg_dump, plain');
$mock->grow(7);
foreach my $format ('custom', 'plain')
{
	sql("CREATE DATABASE $format TEMPLATE template0");
	$node->command_ok(
		$format eq 'custom'
		? [
			'pg_restore', '--exit-on-error', '-d', $node->connstr('custom'),
			"$dir/custom"
		  ]
		: [
			'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-f', "$dir/plain",
			'-d', $node->connstr('plain')
		],
		"restored, $format");
	foreach my $table (@tables)
	{
		is(content($table, $format), $before{$table}, "$format: $table");
	}
	is( sql("SELECT count(*) FROM dload.pipeline_table AS t WHERE"
			  . " relation::text <> 'loaded.' || table_name OR relation IS NULL",
			$format),
		0,
		"$format: tables are known by their new identity");

	foreach my $name ('appended', 'merged')
	{
		$mock->clear_journal;
		my $got = run($name, $format);

		is($got->{ok} ? last_run($name, 'outcome, rows_inserted', $format) : $got->{stderr},
			'complete 7', "$format: $name, only what is new");
		is( sql("SELECT count(*) || ' ' || count(DISTINCT id)"
				  . " FROM loaded.$name", $format),
			'307 307',
			"$format: $name, rows");
		# without a parameter it is the page of old ones that ends it, and one
		# more may have been asked for in advance
		my $asked = $mock->journal('/events');

		cmp_ok(scalar(@$asked), '<=', $name eq 'appended' ? 1 : 3,
			"$format: $name, pages asked for");
		is( scalar(
				grep {
					($_->{headers}{authorization} // '') ne 'Bearer s3cret-token'
				} @$asked),
			0,
			"$format: $name, with the token");
	}
	$mock->clear_journal;
	ok(run('halfway', $format)->{ok}, "$format: halfway goes on");
	is( join(' ',
			map { $_->{path} =~ /[?&]page=(\d+)/ ? $1 : 1 }
			  @{ $mock->journal('/link/items') }),
		'4 5 6 7 8 9 10',
		"$format: halfway, from the saved page");
	is( sql("SELECT count(*) || ' ' || count(DISTINCT id)"
			  . " || ' ' || count(DISTINCT _dload_id) FROM loaded.halfway",
			$format),
		'100 100 100',
		"$format: halfway, rows with ids of their own");
	ok(run('replaced', $format)->{ok}, "$format: replaced once more");
	is(sql('SELECT count(*) FROM loaded.replaced', $format),
		100, "$format: replaced, rows");

	# numbers go on where they were
	my $more = error_of($node,
		"SELECT dload.create_pipeline('more', 'items', 'loaded.more');"
		  . "CALL dload.run('more')",
		dbname => $format);
	ok($more->{ok}, "$format: one more pipeline") or diag($more->{stderr});
	is( sql("SELECT count(*) = count(DISTINCT run_id) AND max(run_id) > 4"
			  . " FROM dload.run_log", $format),
		't',
		"$format: numbers of runs");
}

#
# Schema only: pipelines are data
#

sql('CREATE DATABASE empty TEMPLATE template0');
$node->command_ok(
	[
		'pg_restore', '--exit-on-error', '--schema-only', '-d',
		$node->connstr('empty'), "$dir/custom"
	],
	'restored, schema only');
is(sql('SELECT count(*) FROM dload.pipelines', 'empty'), 0,
	'schema only: no pipelines');
create_pipelines('empty');
ok(run('merged', 'empty')->{ok}, 'schema only: run');
is(sql('SELECT count(*) FROM loaded.merged', 'empty'),
	307, 'schema only: loaded from the start, into the tables that are there');

#
# DROP EXTENSION
#

is(sqlstate($node, 'DROP EXTENSION dload', dbname => 'plain'),
	'2BP01', 'DROP EXTENSION is refused while there are servers');
$node->safe_psql('postgres', 'CREATE DATABASE unpublic');
sql('CREATE EXTENSION dload; DROP SCHEMA public CASCADE', 'unpublic');
is(sql('SELECT count(*) FROM dload.pipelines', 'unpublic'),
	0, 'it does not go with schema public');
sql('DROP EXTENSION dload CASCADE', 'plain');
is(sql('SELECT count(*) FROM loaded.merged', 'plain'),
	307, 'what was loaded stays');
is(sql("SELECT to_regnamespace('dload')", 'plain'), '', 'nothing else does');
sql('CREATE EXTENSION dload', 'plain');
make_server($node, 'api', $mock->url, dbname => 'plain');
sql($setup, 'plain');
create_pipelines('plain');
is(sql('SELECT count(*) FROM dload.cursors WHERE cursor_value IS NOT NULL', 'plain'),
	0, 'no cursor is left');
$mock->clear_journal;
ok(run('merged', 'plain')->{ok}, 'run after CREATE EXTENSION');
is( sql("SELECT count(*) || ' ' || count(DISTINCT id) FROM loaded.merged", 'plain'),
	'307 307', 'the rows that are there are merged into');
is(scalar(@{ $mock->journal('/events') }), 7, 'the whole feed was read');
is( sql("SELECT count(*) FROM loaded.merged__payload__commits AS c"
		  . " LEFT JOIN loaded.merged AS p ON p._dload_id = c._dload_parent_id"
		  . " WHERE p.id IS NULL", 'plain'),
	0, 'children have parents');
is( content(
		"(SELECT p.id, c._dload_list_idx, c.sha FROM loaded.merged__payload__commits AS c"
		  . " JOIN loaded.merged AS p ON p._dload_id = c._dload_parent_id)", 'plain'),
	content(
		"(SELECT p.id, c._dload_list_idx, c.sha FROM loaded.merged__payload__commits AS c"
		  . " JOIN loaded.merged AS p ON p._dload_id = c._dload_parent_id)", 'custom'),
	'children are those of the other database');

#
# DROP TABLE of what is loaded
#

sub outcome_of_run
{
	my ($name) = @_;
	my $got = run($name);

	return $got->{ok}
	  ? last_run($name, 'outcome')
	  : "$got->{sqlstate} $got->{message}";
}

sub child_tables
{
	my ($name) = @_;

	return sql("SELECT string_agg(oid::regclass::text, ', ' ORDER BY 1)"
		  . " FROM pg_class WHERE relkind = 'r' AND relname LIKE '$name\\_\\_%'");
}

# Its children are left behind: rows of theirs would get new parents.
run($_) foreach qw(appended merged);
foreach my $name (qw(appended merged))
{
	my @children = split /, /, child_tables($name);
	my $rows = sql("SELECT count(*) FROM $children[0]");

	sql("DROP TABLE loaded.$name");
	like(
		outcome_of_run($name),
		qr/^55000 target of pipeline "$name" was dropped, but not its child/,
		"$name dropped without its children: run");
	is(sql("SELECT count(*) FROM $children[0]"), $rows,
		"$name dropped without its children: nothing was written");
	ok( run($name, undef, ', full_refresh => true')->{ok},
		"$name dropped without its children: full refresh");
	is( sql("SELECT count(*) || ' ' || count(DISTINCT id) FROM loaded.$name"),
		'307 307', "$name dropped without its children: rows");
	is( child_tables($name),
		join(', ', @children),
		"$name dropped without its children: the same child tables");
	is(sql("SELECT count(*) FROM $children[0]"), $rows,
		"$name dropped without its children: child rows");

	# ... and with them
	sql("DROP TABLE loaded.$name, " . child_tables($name));
	is(outcome_of_run($name), 'complete', "$name dropped: run");
	is( sql("SELECT count(*) || ' ' || count(DISTINCT id) FROM loaded.$name"),
		'307 307', "$name dropped: made and loaded anew");
	is(sql("SELECT count(*) FROM $children[0]"),
		$rows, "$name dropped: child rows");
	is(outcome_of_run($name), 'complete', "$name dropped: next run");
	is(sql("SELECT count(*) FROM loaded.$name"),
		307, "$name dropped: nothing comes twice");

	# ... and made again by somebody
	sql("DROP TABLE loaded.$name, " . child_tables($name) . ';'
		  . "CREATE TABLE loaded.$name (id text NOT NULL UNIQUE)");
	foreach my $turn (1, 2)
	{
		is(outcome_of_run($name), 'complete', "$name made by hand: run $turn");
		is(sql("SELECT count(*) || ' ' || count(DISTINCT id) FROM loaded.$name"),
			'307 307', "$name made by hand: rows $turn");
	}
}

# ... where the last run had stopped halfway
sql('DROP TABLE loaded.halfway, ' . child_tables('halfway'));
is(outcome_of_run('halfway'), 'complete', 'halfway dropped: run');
is( sql("SELECT count(*) || ' ' || count(DISTINCT id) FROM loaded.halfway"),
	'100 100', 'halfway dropped: loaded from the start');
sql('DROP TABLE loaded.replaced, loaded.replaced__tags');
is(outcome_of_run('replaced'), 'complete', 'replaced: made anew');
is(sql('SELECT count(*) FROM loaded.replaced'), 100, 'replaced: rows');
is(sql('SELECT count(*) FROM loaded.replaced__tags'), 100, 'replaced: child rows');

# A child table, a column
sql('DROP TABLE loaded.replaced__tags; ALTER TABLE loaded.replaced DROP COLUMN name');
is(outcome_of_run('replaced'), 'complete', 'child and column dropped');
is(sql('SELECT count(name) FROM loaded.replaced'), 100, 'column is back');
is(sql('SELECT count(*) FROM loaded.replaced__tags'), 100, 'child table is back');

# The target's name does not matter, nor its schema's, which is told.
sql('ALTER TABLE loaded.replaced RENAME TO renamed');
is(outcome_of_run('replaced'), 'complete', 'target renamed: run');
is( sql("SELECT count(*) FROM pg_class WHERE relname IN ('renamed', 'replaced')"
		  . " AND relkind = 'r'"),
	1,
	'target renamed: no second table is made');
is(sql('SELECT count(*) FROM loaded.renamed'), 100, 'target renamed: rows');

#
# DROP of the source
#

sql('DROP FOREIGN TABLE items');
{
	my $got = run('halfway');

	ok(!$got->{ok}, 'source dropped: the run fails');
	is($got->{sqlstate}, '42P01', 'source dropped: SQLSTATE');
	unlike($got->{message}, qr/cache lookup|OID/, 'source dropped: message');
	is(sql("SELECT count(*) FROM dload.pipelines WHERE name = 'halfway'"),
		1, 'source dropped: the pipeline is still listed');
	ok(error_of($node, "SELECT dload.drop_pipeline('halfway')")->{ok},
		'source dropped: the pipeline can be dropped');
}

#
# DROP of the owner
#

sql(q{
CREATE ROLE leaving;
CREATE SCHEMA leaving AUTHORIZATION leaving;
GRANT USAGE ON FOREIGN SERVER api TO leaving;
CREATE USER MAPPING FOR leaving SERVER api OPTIONS (token 'x');
GRANT SELECT ON feed TO leaving;
SET ROLE leaving;
SELECT dload.create_pipeline('orphan', 'public.feed', 'leaving.loaded')});
sql("CALL dload.run('orphan')");
is(sqlstate($node, 'DROP ROLE leaving'), '2BP01',
	'DROP ROLE of an owner with tables is refused');
sql('DROP OWNED BY leaving');
my $drop = error_of($node, 'DROP ROLE leaving');
if ($drop->{ok})
{
	my $got = run('orphan');

	ok(!$got->{ok}, 'owner dropped: the run fails');
	is($got->{sqlstate}, '42704', 'owner dropped: SQLSTATE');
	like($got->{message}, qr/owner/, 'owner dropped: message');
	ok(error_of($node, 'SELECT * FROM dload.pipelines, dload.status')->{ok},
		'owner dropped: views work');
	$node->command_ok(
		[ 'pg_dump', '-f', "$dir/orphan", '-d', $node->connstr('postgres') ],
		'owner dropped: pg_dump');
	ok(error_of($node, "SELECT dload.drop_pipeline('orphan')")->{ok},
		'owner dropped: the pipeline can be dropped');
}
else
{
	is($drop->{sqlstate}, '2BP01', 'DROP ROLE of an owner is refused');
}

unlike(
	slurp_file($node->logfile),
	qr/was terminated by signal|PANIC/,
	'no process crashed');

$mock->stop;
$node->stop;
done_testing();
