-- Of this transaction alone: nothing may rely on what a session remembers. A lock is waited for a
-- few seconds; a program that stops in the middle of a transaction, or of reading an answer, holds
-- nobody up for longer. A commit is on disk when it is answered, whatever the database's default.
-- Then the time, and by what a commit whose answer is lost can be found again.
SELECT set_config('lock_timeout', '5s', true),
       set_config('idle_in_transaction_session_timeout', '20s', true),
       floor(extract(epoch FROM clock_timestamp()) * 1000000)::bigint,
       gen_random_uuid(), pg_backend_pid()::bigint,
       floor(extract(epoch FROM now()) * 1000000)::bigint,
       set_config('tcp_user_timeout', '20s', true),
       set_config('synchronous_commit', CASE current_setting('synchronous_commit')
         WHEN 'off' THEN 'on' ELSE current_setting('synchronous_commit') END, true)
