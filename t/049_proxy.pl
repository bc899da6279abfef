
# The option "proxy": all requests of a server go through it, whoever sends
# them, and none with which the environment would have it otherwise; it is
# given by superusers only, as nobody judges the addresses that it asks.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use DloadTest;
use PostgreSQL::Test::Utils;
use Test::More;

my $mock = start_mock();
my ($proxy, $log) = start_proxy();
my $node;
{
	local @ENV{qw(no_proxy NO_PROXY)} = ('*', '*');

	$node = new_node('main');
}
my $port = $mock->port;

sub sql
{
	my ($sql, $user) = @_;

	return $node->safe_psql('postgres', $sql,
		extra_params => [ defined $user ? ('-U', $user) : () ]);
}

# The requests that the proxy was sent since the last look.
my $looked = 0;

sub seen
{
	my @lines = grep { !/^port/ } split /\n/, slurp_file($log);
	my @new = @lines[ $looked .. $#lines ];

	$looked = @lines;
	return join ' ', map { s/\?.*//r } @new;
}

# A host that only the proxy can find.
make_server($node, 'far', "http://api.far.invalid:$port",
	options => {
		max_retries => 0,
		auth => 'oauth2',
		oauth2_token_url => "http://login.far.invalid:$port/oauth2/token",
		proxy => $proxy
	},
	mapping => { client_id => 'my app:1', client_secret => 'p@ss w+rd%:/' });
sql("CREATE FOREIGN TABLE far (id bigint) SERVER far OPTIONS (path '/oauth2/items',"
	  . " paginate 'link', page_size '60', page_size_param 'per_page')");

is(sql('SELECT count(*) FROM far'), 100, 'rows');
is( seen(),
	"POST http://login.far.invalid:$port/oauth2/token"
	  . " GET http://api.far.invalid:$port/oauth2/items" x 2,
	'token and pages were asked for through the proxy');
sql("SELECT dload.create_pipeline('p', 'far', 'public.loaded'); CALL dload.run('p')");
is(seen(), join(' ', ("GET http://api.far.invalid:$port/oauth2/items") x 2),
	'and so in a run');

# Without it, or with another that does not answer
sql('ALTER SERVER far OPTIONS (DROP proxy)');
like(error_of($node, 'SELECT * FROM far')->{message},
	qr/resolve host/, 'without it the host is not found');
sql("ALTER SERVER far OPTIONS (ADD proxy 'http://127.0.0.1:1')");
is(sqlstate($node, 'SELECT * FROM far'), 'HV00N', 'a proxy that is not there');
sql("ALTER SERVER far OPTIONS (SET proxy '$proxy')");
is(seen(), '', 'nothing was asked meanwhile');

# What the option takes
foreach my $bad ('127.0.0.1:3128', 'socks5://127.0.0.1',
	'http://user:pass@127.0.0.1', 'http://127.0.0.1/path')
{
	is(sqlstate($node, "ALTER SERVER far OPTIONS (SET proxy '$bad')"),
		'22023', "refused: $bad");
}

# Whose it is.  The list of hosts says nothing of what the proxy may ask.
sql(    'CREATE ROLE guest LOGIN; GRANT USAGE ON FOREIGN DATA WRAPPER dload TO guest;'
	  . 'GRANT USAGE ON FOREIGN SERVER far TO guest; GRANT SELECT ON far TO guest;'
	  . "CREATE USER MAPPING FOR guest SERVER far OPTIONS (client_id 'my app:1',"
	  . " client_secret 'p\@ss w+rd%:/'); ALTER DATABASE postgres SET dload.allowed_hosts = ''");
is(sql('SELECT count(*) FROM far', 'guest'), 100, 'used by anybody');
is( sqlstate(
		$node,
		"CREATE SERVER mine FOREIGN DATA WRAPPER dload OPTIONS (base_url 'http://10.0.0.1', proxy '$proxy')",
		user => 'guest'),
	'42501',
	'given by superusers only');
sql('ALTER SERVER far OWNER TO guest');
is( sqlstate(
		$node,
		"ALTER SERVER far OPTIONS (SET base_url 'http://10.0.0.1')",
		user => 'guest'),
	'42501',
	'and nothing is altered beside it');

$mock->stop;
$node->stop;
done_testing();
