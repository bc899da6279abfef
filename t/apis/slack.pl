{   checks => [
		{   name => 'an empty cursor is the end',
			sql => "SELECT count(*), count(DISTINCT ts), max(ts) FROM slack.history WHERE channel = 'C012AB3CD'",
			is => '330|330|1767225632.103300'
		},
		{   name => 'a failure inside a 200',
			sql => "SELECT count(*) FROM slack.history WHERE channel = 'none'",
			like => qr/ERROR:.*channel_not_found/s
		},
		{   name => 'loaded, the id as it is',
			sql => "CALL dload.run('slack_history'); SELECT count(*), max(ts), pg_typeof(max(ts)) FROM slack.loaded",
			is => '330|1767225632.103300|text'
		},
		{   name => 'then from the last message on',
			sql => "CALL dload.run('slack_history'); SELECT outcome, rows_read, rows_unchanged FROM dload.runs ORDER BY run_id DESC LIMIT 1",
			is => 'complete|1|1'
		},
		{   name => 'the limit of the method',
			sql => "SELECT scope, requests FROM dload.budgets WHERE server = 'slack' AND scope IS NOT NULL",
			is => '/conversations.history|50'
		},
		{   name => 'another method has another one',
			sql => "SELECT count(*), count(DISTINCT id) FROM slack.channels; SELECT scope, requests FROM dload.budgets WHERE server = 'slack' AND scope ~ 'list'",
			is => "45|45\n/conversations.list|20"
		},
		{   name => 'from one message to another, both included',
			sql => "SELECT count(*), min(ts), max(ts) FROM slack.history WHERE channel = 'C012AB3CD' AND oldest = '1767225600.100010' AND latest = '1767225600.100100'",
			is => '10|1767225600.100010|1767225600.100100'
		},
	],
	controls => [
		{   name => 'the place of the cursor',
			alter => "ALTER FOREIGN TABLE slack.history OPTIONS (SET token_path 'response_metadata.next')",
			sql => "SELECT count(*) FROM slack.history WHERE channel = 'C012AB3CD'",
			is => '330'
		},
		{   name => 'what is seen again is asked for',
			alter => 'ALTER FOREIGN TABLE slack.history OPTIONS (DROP query_params)',
			sql => "SELECT FROM dload.run_atomic('slack_history'); SELECT rows_read FROM dload.runs ORDER BY run_id DESC LIMIT 1",
			like => qr/^1$/m
		},
		{   name => 'an id is no number',
			alter => "SELECT FROM dload.alter_pipeline('slack_history', columns => '{\"ts\": \"double precision\"}')",
			sql => "DROP TABLE slack.loaded; SELECT FROM dload.run_atomic('slack_history'); SELECT max(ts) FROM slack.loaded",
			like => qr/^1767225632\.103300$/m
		},
	],
	more => sub {
		my ($api) = @_;
		my $read = "SELECT count(*) FROM slack.history WHERE channel = 'C012AB3CD'";
		my $limit = sub { HTTP::Tiny->new->get("$api->{url}/host/slack.com/fault/limited/$_[0]"); };

		for my $status (429, 200)
		{
			$limit->($status);
			is(sql($api, $read), '330', "slack: ratelimited, with status $status, is waited for");
			$limit->($status);
			like(sql($api, "BEGIN; ALTER SERVER slack OPTIONS (ADD max_wait '10ms'); $read; ROLLBACK"),
				qr/ERROR:.*used up until.*wait for 1 seconds/s, "slack: as long as it says, with status $status");
			sql($api, 'SELECT pg_sleep(1.2)');
		}
		$limit->(200);
		like(sql($api, "BEGIN; ALTER SERVER slack OPTIONS (DROP response_rules); $read; ROLLBACK"),
			qr/ERROR:.*ratelimited/s, 'slack: control: without the rule a 200 is an error');
	} };
