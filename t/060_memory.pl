
# The memory of a backend is bounded, whatever the length of a read or the size
# of a response: for live scans and for runs.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use DloadTest;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep);

plan skip_all => 'needs /proc/PID/smaps_rollup'
  unless -r "/proc/$$/smaps_rollup";

# What a backend may need beyond its start, in kB.
my $limit = 40 * 1024;
my $mb = 200;

my $node = new_node('main', conf => "max_wal_size = '2GB'\n");
my $mock = start_mock();

make_server(
	$node, 'api', $mock->url,
	options => { max_response_bytes => '1GB' });
$node->safe_psql(
	'postgres', qq{
CREATE FOREIGN TABLE one (id bigint) SERVER api OPTIONS (path '/items/1');
CREATE FOREIGN TABLE huge (id bigint, name text) SERVER api
	OPTIONS (path '/huge?mb=$mb');
CREATE FOREIGN TABLE large_records (id bigint, pad text) SERVER api
	OPTIONS (path '/huge?mb=$mb&record_kb=1000');
CREATE FOREIGN TABLE largest_records (id bigint, pad text) SERVER api
	OPTIONS (path '/huge?mb=$mb&record_kb=25000');
CREATE FOREIGN TABLE pages (id text, created_at timestamptz, payload jsonb)
	SERVER api OPTIONS (path '/events', paginate 'link', page_size '10',
	page_size_param 'per_page')});

# Memory of the process's own, in kB: what it shares is not "anonymous", even
# where nobody else has touched it.
sub own_memory
{
	my ($pid) = @_;

	return slurp_file("/proc/$pid/smaps_rollup") =~ /^Anonymous:\s+(\d+)/m
	  ? $1
	  : die "no memory of process $pid";
}

# Run a statement in a fresh session and return how far its memory rose.  The
# session is warm: libraries are loaded, and catalogs looked at.
sub rise
{
	my ($sql) = @_;
	my $session = session($node);
	my $pid;
	my $start;
	my $peak = 0;
	my $samples = 0;

	$session->query('SELECT count(*) FROM one; SELECT count(*) FROM dload.status');
	$start = own_memory($session->query('SELECT pg_backend_pid()') =~ s/\s//gr);
	$pid = start_query($session, $node, $sql);
	while ($node->safe_psql('postgres',
			"SELECT state = 'active' FROM pg_stat_activity WHERE pid = $pid") eq 't')
	{
		# asking whether it still runs takes longer than looking
		for (1 .. 5)
		{
			my $now = own_memory($pid);

			$peak = $now if $now > $peak;
			$samples++;
			sleep(0.01);
		}
	}
	cmp_ok($samples, '>', 5, "$sql: measured $samples times");
	unlike($session->{stderr}, qr/ERROR/, "$sql: no error");
	$session->quit;
	return $peak - $start;
}

sub bounded
{
	my ($sql, $check, $expected, $at_most) = @_;
	my $rise = rise($sql);

	cmp_ok($rise, '<', $at_most // $limit, "$sql: $rise kB");
	is($node->safe_psql('postgres', $check), $expected, "$sql: all was read")
	  if defined $check;
	return;
}

# A statement that keeps all it reads is seen to do so.
cmp_ok(
	rise('SELECT length(string_agg(pad, $$$$)) FROM large_records'),
	'>', $limit, 'what is kept is measured');

# One large response
$node->safe_psql('postgres', 'CREATE TABLE counted (what text, n bigint)');
bounded(
	"INSERT INTO counted SELECT 'huge', count(*) FROM huge",
	"SELECT n > 190000 FROM counted WHERE what = 'huge'", 't');
bounded(
	"INSERT INTO counted SELECT 'large', count(length(pad)) FROM large_records",
	"SELECT n > 190 FROM counted WHERE what = 'large'", 't');
foreach my $name (qw(huge large_records))
{
	$node->safe_psql('postgres',
		"SELECT dload.create_pipeline('$name', source => '$name',"
		  . " target => 'loaded.$name')");
	bounded(
		"CALL dload.run('$name')",
		"SELECT outcome || ' ' || pages || ' ' || (rows_inserted > 190)"
		  . " || ' ' || (bytes > $mb * 1024 * 1000)"
		  . " FROM dload.runs WHERE pipeline = '$name'",
		'complete 1 true true');
}

# Records that are large themselves: three times as much as one of them, live
# and loaded
bounded('SELECT length(pad) FROM largest_records', undef, undef, 75_000);
$node->safe_psql('postgres',
	"SELECT dload.create_pipeline('largest', source => 'largest_records',"
	  . " target => 'loaded.largest')");
bounded(
	"CALL dload.run('largest')",
	"SELECT count(*) || ' ' || min(length(pad)) / 1000000"
	  . " FROM loaded.largest",
	'9 25', 75_000);
# what does not get smaller by compression included
$node->safe_psql(
	'postgres', q{
CREATE TABLE loaded.plain (LIKE loaded.largest);
ALTER TABLE loaded.plain ALTER pad SET STORAGE EXTERNAL;
SELECT dload.create_pipeline('plain', source => 'largest_records',
	target => 'loaded.plain')});
bounded(
	"CALL dload.run('plain')",
	"SELECT count(*) || ' ' || min(pg_column_size(pad)) / 1000000"
	  . " FROM loaded.plain",
	'9 25', 75_000);

# Many pages
$mock->grow(20000 - 300);
bounded(
	"INSERT INTO counted SELECT 'pages', count(payload) FROM pages",
	"SELECT n FROM counted WHERE what = 'pages'", 20000);
foreach my $args ("write_disposition => 'append'",
	"write_disposition => 'merge', primary_key => ARRAY['id']")
{
	my ($name) = $args =~ /'(\w+)'/;

	$node->safe_psql('postgres',
		"SELECT dload.create_pipeline('$name', source => 'pages',"
		  . " target => 'loaded.$name', $args)");
	bounded(
		"CALL dload.run('$name')",
		"SELECT outcome || ' ' || pages || ' ' || rows_inserted"
		  . " FROM dload.runs WHERE pipeline = '$name'",
		'complete 2000 20000');
}

# Records that are refused one by one
$node->safe_psql(
	'postgres', q{
CREATE TABLE loaded.refused (id text CHECK (id = ''));
SELECT dload.create_pipeline('refused', source => 'pages',
	target => 'loaded.refused')});
bounded(
	"CALL dload.run('refused', max_pages => 1500)",
	"SELECT outcome || ' ' || rows_rejected FROM dload.runs"
	  . " WHERE pipeline = 'refused'",
	'partial 15000');

# Many rows that go at once
$mock->script(
	{
		path => '/gone',
		status => 200,
		times => 0,
		headers => { 'Content-Type' => 'application/json' },
		body => '[' . join(',', map { qq({"id":$_,"gone":true}) } 1 .. 60000) . ']',
	});
$node->safe_psql(
	'postgres', q{
CREATE FOREIGN TABLE gone (id bigint) SERVER api
	OPTIONS (path '/gone', conditional 'false');
SELECT dload.create_pipeline('gone', source => 'gone', target => 'loaded.gone',
	write_disposition => 'merge', primary_key => ARRAY['id'])});
$node->safe_psql('postgres', q{CALL dload.run('gone')});
$node->safe_psql('postgres',
	q{ALTER FOREIGN TABLE gone OPTIONS (ADD deleted_when '$.gone = true')});
bounded(
	"CALL dload.run('gone')",
	"SELECT outcome || ' ' || rows_deleted FROM dload.runs"
	  . " WHERE pipeline = 'gone' ORDER BY run_id DESC LIMIT 1",
	'complete 60000');
$mock->clear_script;

# Large pages on their way at the same time
$node->safe_psql(
	'postgres', q{
CREATE FOREIGN TABLE ahead (id bigint, name text) SERVER api
	OPTIONS (path '/ahead/items?count=500&pad=200000', paginate 'page',
	total_path 'total')});
bounded(
	"INSERT INTO counted SELECT 'ahead', count(length(name)) FROM ahead",
	"SELECT n FROM counted WHERE what = 'ahead'", 500);
$node->safe_psql('postgres',
	"SELECT dload.create_pipeline('ahead', source => 'ahead',"
	  . " target => 'loaded.ahead')");
bounded(
	"CALL dload.run('ahead')",
	"SELECT outcome || ' ' || pages || ' ' || rows_inserted"
	  . " FROM dload.runs WHERE pipeline = 'ahead'",
	'complete 50 500');

$mock->stop;
$node->stop;
done_testing();
