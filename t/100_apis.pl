
# Copyright (c) the dload contributors
#
# Real APIs: each definition of doc/apis/ is run as it stands there, with the
# API's origin replaced by the mock's, which plays the API (t/apis/*.py) with
# its traps.  t/apis/NAME.pl says what must come out.
#
#   prove t/100_apis.pl                    all of them
#   APIS='github stripe' prove ...         some
#
# NAME.pl is a hash:
#   checks    [ { name, sql, is => text or like => regex } ]  in this order; an
#             error's text is "ERROR: ...".  before => [ faults ] are scripted
#             on the mock first.
#   controls  [ { name, alter, sql, is } ]  negative controls: sql gives "is"
#             (or matches "like"), but does not after alter, which takes away
#             what handles a trap.  Run in a transaction that is rolled back.
#   files     { path => text } that the definition names as file:path
#   more      sub { my ($api) = @_ } for what these cannot say: $api->{node},
#             {mock}, {db}, {url} (of the mock), and sql($api, $text)

use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use DloadTest;
use PostgreSQL::Test::Utils;
use Test::More;

my $folder = "$FindBin::RealBin/apis";
my $doc = "$FindBin::RealBin/../doc/apis";
my @names = split ' ', $ENV{APIS} || '';
@names = map { m{([^/]+)\.pl$} ? $1 : () } sort glob "$folder/*.pl"
  unless @names;

my $mock = start_mock();
my $node = new_node('main',
	preload => 1,
	conf => "dload.databases = 'none'\nmax_worker_processes = 16\n");

# The answer as text, or the error.
sub sql
{
	my ($api, $text) = @_;
	my ($status, $stdout, $stderr) = $node->psql($api->{db}, $text,
		timeout => $PostgreSQL::Test::Utils::timeout_default);

	return $stdout if $status == 0;
	return $stderr =~ /(ERROR:.*)/s ? $1 : $stderr;
}

# The SQL of a definition, for the mock.
sub definition
{
	my ($name, $files) = @_;
	my $text = slurp_file("$doc/$name.md");
	my @blocks = $text =~ /^```sql\n(.*?)^```/msg;
	my $url = $mock->url;
	my $sql = join "\n", @blocks;

	# here all hosts are of one origin
	$sql =~ s{(allowed_origins\s+)'[^']*'}{$1'$url'}g;
	$sql =~ s{https://([a-z0-9.-]+)}{$url/host/$1}g;
	foreach my $path (sort keys %{ $files || {} })
	{
		my ($file) = $path =~ m{([^/]+)$};

		$file = PostgreSQL::Test::Utils::tempdir() . "/$file";
		append_to_file($file, $files->{$path});
		$sql =~ s/file:\Q$path\E/file:$file/g;
	}
	return $sql;
}

sub matches
{
	my ($got, $case) = @_;

	return defined $case->{is} ? $got eq $case->{is} : $got =~ $case->{like};
}

sub check
{
	my ($api, $case) = @_;

	$mock->clear_script;
	$mock->script(@{ $case->{before} }) if $case->{before};
	my $got = sql($api, $case->{sql});
	defined $case->{is}
	  ? is($got, $case->{is}, "$api->{name}: $case->{name}")
	  : like($got, $case->{like}, "$api->{name}: $case->{name}");
}

sub control
{
	my ($api, $case) = @_;
	my $right;
	my $wrong;

	# an option that cannot be taken away alone would prove nothing
	my $taken = sql($api, "BEGIN;\n$case->{alter};\nROLLBACK");
	unlike($taken, qr/ERROR/, "$api->{name}: can be altered: $case->{name}");

	for my $alter ('SELECT', $case->{alter})
	{
		$mock->clear_script;
		$mock->script(@{ $case->{before} }) if $case->{before};
		my $got = sql($api, "BEGIN;\n$alter;\n$case->{sql};\nROLLBACK");
		# an empty select says nothing
		$got =~ s/^\n//;
		defined $right ? ($wrong = $got) : ($right = $got);
	}
	ok(matches($right, $case), "$api->{name}: right before: $case->{name}")
	  or diag($right);
	ok(!matches($wrong, $case), "$api->{name}: control: $case->{name}")
	  or diag("still: $wrong");
	note("it is: $wrong");
}

for my $name (@names)
{
	my $api = {
		name => $name,
		node => $node,
		mock => $mock,
		url => $mock->url,
		db => "api_" . ($name =~ s/\W/_/gr)
	};
	my $case = do "$folder/$name.pl";

	die "$name.pl: " . ($@ || $!) unless ref $case eq 'HASH';
	$mock->reset;
	$node->safe_psql('postgres', "CREATE DATABASE $api->{db}");
	$node->safe_psql($api->{db}, 'CREATE EXTENSION dload');
	my $answer = sql($api, definition($name, $case->{files}));
	unlike($answer, qr/ERROR/, "$name: the definition is accepted");
	check($api, $_) for @{ $case->{checks} || [] };
	control($api, $_) for @{ $case->{controls} || [] };
	$case->{more}->($api) if $case->{more};
	$node->safe_psql('postgres', "DROP DATABASE $api->{db} WITH (FORCE)");
}

$node->stop;
done_testing();
