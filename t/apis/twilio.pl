my $run = "SELECT dload.run_atomic('twilio_messages') > 0; SELECT count(*), max(date_sent) AT TIME ZONE 'UTC' FROM twilio.loaded";

{   checks => [
		{   name => 'a next page that is a path',
			sql => 'SELECT count(*), count(DISTINCT sid), min(date_sent) AT TIME ZONE \'UTC\', sum(price) FROM twilio.messages',
			is => '1300|1300|2026-01-01 12:00:00|-9.75000'
		},
		{   name => 'operators inside the names of parameters',
			sql => "SELECT count(*), min(date_sent) AT TIME ZONE 'UTC' FROM (SELECT * FROM twilio.messages WHERE since = '2026-01-03' AND until = '2026-01-04') AS t",
			is => '0|'
		},
		{   name => 'what is sent',
			sql => "SELECT content FROM dload.preview('twilio.messages', params => '{\"DateSent>=\": \"2026-01-09\", \"DateSent<=\": \"2026-01-09\"}', max_rows => 1) WHERE section = 'record'",
			like => qr/"date_sent": ?"Fri, 09 Jan 2026 23:50:00 \+0000"/
		},
		{   name => 'the list is called what meta.key says',
			sql => 'SELECT count(*), count(DISTINCT sid), max(friendly_name) FROM twilio.services',
			is => '70|70|Service 9'
		},
		{   name => 'another account',
			sql => "BEGIN; ALTER FOREIGN TABLE twilio.messages OPTIONS (SET path '/Accounts/AC1/Messages.json'); SELECT count(*) FROM twilio.messages; ROLLBACK",
			like => qr/ERROR:.*404.*was not found/s
		},
		{   name => 'loaded',
			sql => "CALL dload.run('twilio_messages'); SELECT count(*), max(date_sent) AT TIME ZONE 'UTC' FROM twilio.loaded",
			is => '1300|2026-01-10 12:30:00'
		},
		{   name => 'then from the day before on',
			sql => "CALL dload.run('twilio_messages'); SELECT outcome, requests, rows_unchanged FROM dload.runs ORDER BY run_id DESC LIMIT 1",
			is => 'complete|1|220'
		},
	],
	controls => [
		{   name => 'the place of the next page',
			alter => "ALTER FOREIGN TABLE twilio.messages OPTIONS (SET next_path 'next_page_url')",
			sql => 'SELECT count(*) FROM twilio.messages',
			is => '1300'
		},
		{   name => 'the operator',
			alter => "SELECT dload.alter_pipeline('twilio_messages', cursor_param => 'DateSent')",
			sql => "SELECT dload.run_atomic('twilio_messages') > 0; SELECT rows_read FROM dload.runs ORDER BY run_id DESC LIMIT 1",
			is => "t\n220"
		},
		{   name => 'days',
			alter => "ALTER FOREIGN TABLE twilio.messages OPTIONS (DROP cursor_format)",
			sql => $run,
			is => "t\n1300|2026-01-10 12:30:00"
		},
		{   name => 'the name of the list is not that of the older API',
			alter => 'ALTER FOREIGN TABLE twilio.services OPTIONS (DROP records_key_path, ADD records_path \'messages\')',
			sql => 'SELECT count(*) FROM twilio.services',
			is => '70'
		},
	],
	more => sub {
		my ($api) = @_;
		my $get = sub { HTTP::Tiny->new->get("$api->{url}/host/api.twilio.com$_[0]"); };

		sql($api, "SELECT dload.create_pipeline('again', source => 'twilio.messages', target => 'twilio.again', write_disposition => 'merge', primary_key => ARRAY['sid'], cursor_path => 'date_sent', cursor_param => 'DateSent>=', initial_value => '2026-01-01')");
		is(sql($api, "CALL dload.run('again', max_pages => 1); CALL dload.run('again'); SELECT string_agg(outcome, ' '), sum(rows_inserted) FROM dload.runs WHERE pipeline = 'again'"),
			'partial complete|1300', 'twilio: a run that stops goes on with the path');
		$get->('/send/86400');
		is(sql($api, $run), "t\n1301|2026-01-11 12:30:00", 'twilio: what was sent since');
		$get->('/busy');
		like(sql($api, "BEGIN; ALTER SERVER twilio OPTIONS (ADD max_retries '0'); SELECT count(*) FROM twilio.messages; ROLLBACK"),
			qr/ERROR:.*429.*Too Many Requests/s, 'twilio: control: without retries');
		$get->('/busy');
		is(sql($api, 'SELECT count(*) FROM twilio.messages'), '1301', 'twilio: a bare 429 is waited for');
	} };
