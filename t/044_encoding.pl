# A database that is not in UTF-8: messages quote what an API sent as far as
# the encoding goes, and no secret in it.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use DloadTest;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_node('main');
my $mock = start_mock();

$node->safe_psql('postgres',
	"CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0");
$node->safe_psql('latin', 'CREATE EXTENSION IF NOT EXISTS dload');
make_server(
	$node, 'api', $mock->url,
	dbname => 'latin',
	options => { max_retries => 0, auth => 'bearer' });
$node->safe_psql('latin',
	"SET client_encoding = 'UTF8';
	 CREATE USER MAPPING FOR CURRENT_USER SERVER api OPTIONS (token E's\\u00e9cret');
	 CREATE FOREIGN TABLE items (id int) SERVER api OPTIONS (path '/items')");

# The wide character has no place in the encoding, the accented one has.
foreach my $body ("\x{20ac} \x{e9}!", { message => "\x{20ac} \x{e9}!" })
{
	$mock->script({ path => '/items', status => 400, body => $body });
	my ($status, $out, $err) = $node->psql('latin', 'SELECT * FROM items');
	like($err, qr/returned 400: \? \xe9!/, 'what can be shown is shown');
}

foreach my $form ("s\x{e9}cret", 's%C3%A9cret', 's\u00e9cret')
{
	$mock->script({ path => '/items', status => 400, body => "<$form>" });
	my ($status, $out, $err) = $node->psql('latin', 'SELECT * FROM items');
	like($err, qr/returned 400: <\*\*\*>/, 'the secret is not');
}

# What is sent is UTF-8: path, query and body, from the definition, from values
# and set at a JSON path.
my $made = $node->safe_psql('latin',
	"SET client_encoding = 'UTF8';
	 CREATE FOREIGN TABLE echo (target text, body text,
		n text OPTIONS (param 'n', echo 'true'),
		k text OPTIONS (param E'\"cl\\u00e9\".a', in 'body', echo 'true'))
	 SERVER api OPTIONS (path '/requests/echo', method 'POST',
		query_params E'{\"q\": \"\\u00df{n}\"}', body E'{\"cl\\u00e9\": {\"b\": \"{n}\"}}');
	 SELECT target, body = E'{\"cl\\u00e9\": {\"b\": \"\\u00f6\\\\\"\", \"a\": \"\\u00f1\"}}'
	 FROM echo WHERE n = E'\\u00f6\"' AND k = E'\\u00f1'");
is($made, '/requests/echo?q=%C3%9F%C3%B6%22|t', 'requests are in UTF-8');

$node->stop;
done_testing();
