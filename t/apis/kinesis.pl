{   checks => [
		{   name => 'stored at first, from where each shard begins',
			sql => 'SELECT count(*), count(DISTINCT shard), max(number) FROM kinesis.stored',
			is => '80|3|49590338271490256608559692538361571095921575989136590922'
		},
		{   name => 'the rate of the API is kept to; the rest goes without, for its time',
			sql => "SELECT requests, period FROM dload.budgets WHERE server = 'kinesis' AND period IS NOT NULL; ALTER SERVER kinesis OPTIONS (DROP rate_limit)",
			is => '5|00:00:01'
		},
		{   name => 'the list of shards goes on without the name of the stream',
			sql => "SELECT count(*), count(parent) FROM kinesis.shards WHERE stream = 'orders'",
			is => '4|2'
		},
		{   name => 'all shards, with empty pages, and to the end of those that are open',
			sql => "SELECT count(*), count(DISTINCT number), sum((data->>'order')::int), min(data->>'text'), count(DISTINCT shard) FROM kinesis.orders",
			is => "80|80|1185|\xc3\xa4?>|3"
		},
		{   name => 'a closed shard has no further iterator (no option)',
			sql => "SELECT count(*) FROM kinesis.orders WHERE shard = 'shardId-000000000000'",
			is => '15'
		},
		{   name => 'times in seconds with a fraction',
			sql => 'SET timezone = UTC; SELECT min(arrived) FROM kinesis.orders',
			is => '2026-01-01 00:00:00.5+00'
		},
		{   name => 'nothing new',
			sql => 'SELECT count(*) FROM kinesis.new_orders',
			is => '0'
		},
	],
	controls => [
		{   name => 'an empty page is not the end',
			alter => "ALTER FOREIGN TABLE kinesis.records OPTIONS (ADD stop_on_empty 'true')",
			sql => 'SELECT count(*) FROM kinesis.orders',
			is => '80'
		},
		{   name => 'not behind is the end',
			alter => "ALTER FOREIGN TABLE kinesis.records OPTIONS (DROP stop_when, ADD max_pages '30')",
			sql => 'SELECT count(*) FROM kinesis.orders',
			is => '80'
		},
		{   name => 'what is sent with the token of the list',
			alter => "ALTER FOREIGN TABLE kinesis.shards OPTIONS (DROP follow_body, ADD token_in 'body', ADD token_param 'NextToken')",
			sql => "SELECT count(*) FROM kinesis.shards WHERE stream = 'orders'",
			is => '4'
		},
		{   name => 'base64',
			alter => 'ALTER FOREIGN TABLE kinesis.records ALTER COLUMN data OPTIONS (DROP decode)',
			sql => "SELECT sum((data->>'order')::int) FROM kinesis.orders",
			is => '1185'
		},
	],
	more => sub {
		my ($api) = @_;
		my $host = "$api->{url}/host/kinesis.eu-central-1.amazonaws.com";
		my $read = 'SELECT count(*) FROM kinesis.orders';

		HTTP::Tiny->new->get("$host/fault/busy/1");
		is(sql($api, $read), '80', 'kinesis: a shard that is busy is waited for');
		HTTP::Tiny->new->get("$host/fault/busy/1");
		like(sql($api, "BEGIN; ALTER SERVER kinesis OPTIONS (DROP response_rules); $read; ROLLBACK"),
			qr/ERROR:.*Rate exceeded for shard/s, 'kinesis: control: without the rule it is an error');
		HTTP::Tiny->new->get("$host/fault/expired/1");
		like(sql($api, $read), qr/ERROR:.*Iterator expired/s, 'kinesis: an iterator that expired is an error that says so');

		# 5 more in each open shard
		HTTP::Tiny->new->get("$host/fault/more/5");
		is(sql($api, 'INSERT INTO kinesis.stored SELECT * FROM kinesis.new_orders; SELECT count(*), count(DISTINCT shard) FROM kinesis.stored'),
			'95|4', 'kinesis: goes on behind the number of the last record of each shard');
		is(sql($api, 'BEGIN; DELETE FROM kinesis.stored WHERE number >= 49590338271490256608559692538361571095921575989136590920; SELECT count(*) FROM kinesis.new_orders; ROLLBACK'),
			'13', 'kinesis: control: with other rows from elsewhere');
	} };
