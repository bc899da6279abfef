
# Copyright (c) the dload contributors
#
# Real servers of Debian's packages beside the mock: the container registry
# (Link headers), etcd (POST, base64), Prometheus (rows of values, maps) and
# MediaWiki ("continue").  Each is left out where it is not installed.

use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use DloadTest;
use File::Path qw(make_path);
use File::Spec;
use HTTP::Tiny;
use JSON::PP;
use MIME::Base64;
use POSIX qw(WNOHANG);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $base = File::Spec->rel2abs(PostgreSQL::Test::Utils::tempdir);
my $http = HTTP::Tiny->new(timeout => 30);
my $node = new_node('main');

sub free_port { return PostgreSQL::Test::Cluster::get_free_port(); }

sub sql
{
	return $node->safe_psql('postgres', $_[0]);
}

# Start a server and wait until it answers.
sub serve
{
	my ($name, $ready, @command) = @_;
	my $pid = launch("$base/$name.log", @command);

	eval {
		wait_until(
			sub {
				die 'it ended' if waitpid($pid, WNOHANG) != 0;
				return $http->get($ready)->{success};
			},
			$name);
		1;
	} or do
	{
		diag(slurp_file("$base/$name.log"));
		die "$name did not start: $@";
	};
	return;
}

sub registry
{
	my $port = free_port();
	my $url = "http://127.0.0.1:$port";
	my $root = "$base/registry/docker/registry/v2/repositories";

	# what the registry lists are the folders of repositories
	make_path(sprintf('%s/team/app-%03d/_layers', $root, $_))
	  foreach 1 .. 130;
	write_text("$base/registry.yml", <<"END");
version: 0.1
storage:
  filesystem:
    rootdirectory: $base/registry
http:
  addr: 127.0.0.1:$port
END
	serve('registry', "$url/v2/",
		'docker-registry', 'serve', "$base/registry.yml");
	make_server($node, 'registry', $url);
	sql(q{CREATE FOREIGN TABLE repositories (name text OPTIONS (json_path '$'))
SERVER registry OPTIONS (path '/v2/_catalog', records_path 'repositories',
	paginate 'link', page_size '50', page_size_param 'n')});
	is(sql('SELECT count(*), min(name), max(name) FROM repositories'),
		'130|team/app-001|team/app-130',
		'registry: relative Link headers');
	like(
		$node->safe_psql('postgres',
			'EXPLAIN (ANALYZE, VERBOSE, COSTS off, TIMING off, SUMMARY off) SELECT * FROM repositories'
		),
		qr/Requests: 3\b/,
		'registry: three pages');
	sql(q{SELECT dload.create_pipeline('repositories', source => 'repositories', target => 'public.repos', write_disposition => 'replace')});
	sql(q{CALL dload.run('repositories')});
	is(sql('SELECT count(DISTINCT value) FROM repos'),
		'130', 'registry: loaded');
	isnt(
		sql(q{BEGIN; ALTER FOREIGN TABLE repositories OPTIONS (DROP paginate); SELECT count(*) FROM repositories; ROLLBACK}),
		'130',
		'registry: control: not without the paginator');
	return;
}

sub etcd
{
	my ($client, $peer) = (free_port(), free_port());
	my $url = "http://127.0.0.1:$client";
	my $put = sub {
		my ($key, $value) = @_;
		my $reply = $http->post(
			"$url/v3/kv/put",
			{   content => encode_json(
					{   key => encode_base64($key, ''),
						value => encode_base64($value, '')
					})
			});

		die "put: $reply->{content}" unless $reply->{success};
	};

	serve(
		'etcd', "$url/health",
		'etcd',
		'--data-dir' => "$base/etcd",
		'--listen-client-urls' => $url,
		'--advertise-client-urls' => $url,
		'--listen-peer-urls' => "http://127.0.0.1:$peer");
	$put->("/app/key-$_", qq({"n": $_})) foreach 10 .. 39;
	make_server($node, 'etcd', $url);
	sql(
		sprintf(
			q{CREATE FOREIGN TABLE keys (
	key text, value jsonb, mod_revision bigint)
SERVER etcd OPTIONS (path '/v3/kv/range', method 'POST', idempotent 'true', records_path 'kvs',
	decode '{"key": "base64", "value": "base64json"}',
	body '{"key": "%s", "range_end": "%s"}')},
			encode_base64('/app/', ''),
			encode_base64('/app0', '')));
	is( sql(q{SELECT count(*), min(key), sum((value->>'n')::int), max(mod_revision) - min(mod_revision) FROM keys}),
		'30|/app/key-10|735|29',
		'etcd: a POST, keys and values in base64, numbers as text');
	return;
}

sub prometheus
{
	my $port = free_port();
	my $url = "http://127.0.0.1:$port";

	write_text("$base/prometheus.yml", <<"END");
global:
  scrape_interval: 1s
scrape_configs:
- job_name: self
  static_configs:
  - targets: ['127.0.0.1:$port']
END
	serve(
		'prometheus',
		"$url/-/ready",
		'prometheus',
		"--config.file=$base/prometheus.yml",
		"--storage.tsdb.path=$base/prometheus",
		"--web.listen-address=127.0.0.1:$port");
	wait_until(
		sub {
			return $http->get("$url/api/v1/query?query=up")->{content} =~
			  /"1"/;
		},
		'the first scrape');
	make_server($node, 'prometheus', $url);
	sql(q{
CREATE FOREIGN TABLE samples ("start" text OPTIONS (param 'start', echo 'true'), "end" text OPTIONS (param 'end', echo 'true'),
	time double precision, value numeric)
SERVER prometheus OPTIONS (path '/api/v1/query_range', query_params '{"query": "up", "step": "1"}',
	records_path 'data.result[0].values', row_names 'time,value');
CREATE FOREIGN TABLE metrics (name text, meta jsonb OPTIONS (json_path '$'))
SERVER prometheus OPTIONS (path '/api/v1/metadata', records_path 'data', records_key 'name');
CREATE FOREIGN TABLE labels (label text OPTIONS (json_path '$')) SERVER prometheus OPTIONS (path '/api/v1/labels', records_path 'data');
});
	my $now = time;
	cmp_ok(
		sql("SELECT count(*) FROM samples WHERE \"start\" = '@{[ $now - 5 ]}' AND \"end\" = '@{[ $now + 5 ]}' AND value = 1"),
		'>', 0, 'Prometheus: rows of values get names');
	is(sql(q{SELECT count(*) FROM labels WHERE label = '__name__'}),
		'1', 'Prometheus: a list of strings');
	like(
		error_of($node,
			q{SELECT * FROM samples WHERE "start" = 'never' AND "end" = 'now'})
		  ->{detail},
		qr/bad_data|cannot parse/,
		'Prometheus: its own words in the error');
	return;
}

sub mediawiki
{
	my $port = free_port();
	my $url = "http://127.0.0.1:$port";
	my $code = '/usr/share/mediawiki';

	make_path("$base/wiki/pages");
	{
		local $ENV{MW_CONFIG_FILE} = '';
		run_log(
			[   'php',          "$code/maintenance/install.php",
				'--dbtype',     'sqlite',
				'--dbpath',     "$base/wiki",
				'--dbname',     'wiki',
				'--confpath',   "$base/wiki",
				'--pass',       'a-long-secret-1',
				'--scriptpath', '',
				'--server',     $url,
				'Wiki',         'Admin'
			],
			'>', "$base/wiki/install.log") or die 'could not install the wiki';
	}
	local $ENV{MW_CONFIG_FILE} = "$base/wiki/LocalSettings.php";
	append_to_file($ENV{MW_CONFIG_FILE},
		"\$wgCacheDirectory = '$base/wiki';\n\$wgLocalisationCacheConf['store'] = 'array';\n");
	write_text(sprintf('%s/wiki/pages/Page %03d', $base, $_), "Text $_\n")
	  foreach 1 .. 24;
	run_log(
		[   'php', "$code/maintenance/importTextFiles.php",
			'--user', 'Admin', glob("$base/wiki/pages/*") ],
		'>', "$base/wiki/import.log") or die 'could not import';
	serve('mediawiki', "$url/api.php?action=query&format=json",
		'php', '-S', "127.0.0.1:$port", '-t', $code);
	make_server($node, 'mediawiki', $url);
	sql(q{
CREATE FOREIGN TABLE revisions (pageid bigint, title text, revid bigint OPTIONS (json_path 'revisions[0].revid'))
SERVER mediawiki OPTIONS (path '/api.php', records_path 'query.pages',
	query_params '{"action": "query", "format": "json", "formatversion": "2", "generator": "allpages", "gaplimit": "10", "prop": "revisions", "rvprop": "ids"}',
	paginate 'token', token_path 'continue');
CREATE FOREIGN TABLE titles (id text, title text)
SERVER mediawiki OPTIONS (path '/api.php', records_path 'query.pages', records_key 'id',
	query_params '{"action": "query", "format": "json", "generator": "allpages", "gaplimit": "10"}',
	paginate 'token', token_path 'continue');
});
	is(sql('SELECT count(*), count(DISTINCT pageid), count(revid) FROM revisions'),
		'25|25|25', 'MediaWiki: all members of "continue" are sent back');
	is(sql('SELECT count(*), count(DISTINCT id) FROM titles'),
		'25|25', 'MediaWiki: records in a map, by id');
	isnt(
		sql(q{BEGIN; ALTER FOREIGN TABLE revisions OPTIONS (DROP paginate, DROP token_path); SELECT count(*) FROM revisions; ROLLBACK}),
		'25',
		'MediaWiki: control: not without the paginator');
	return;
}

sub have
{
	my ($program) = @_;

	return grep { -x "$_/$program" } split /:/, $ENV{PATH};
}

plan skip_all => 'none of the servers is installed'
  unless grep { have($_) } qw(docker-registry etcd prometheus php);
registry() if have('docker-registry');
etcd() if have('etcd');
prometheus() if have('prometheus');
mediawiki() if have('php') && -e '/usr/share/mediawiki/api.php';

$node->stop;
done_testing();
