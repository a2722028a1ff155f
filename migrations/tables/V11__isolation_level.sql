-- Runs as the role that migrates.
-- Whoever waited for an organization's lock must see what the one before it committed: at a higher level than
-- READ COMMITTED they would not (billing_private.lock_organizations refuses it). A database may have another
-- level as its default; the logins then have their own. If the migrating role may not alter them (another
-- database of this server made them), they stay as they are, and billing doctor says so.
do $$
declare
  login record;
begin
  for login in
    select r.rolname::text as name from pg_roles r
    where r.rolname in ('billing_reader', 'billing_checkout', 'billing_events', 'billing_operator')
      and not coalesce('default_transaction_isolation=read committed' = any (r.rolconfig), false)
  loop
    begin
      execute format('alter role %I set default_transaction_isolation = %L', login.name, 'read committed');
    exception when insufficient_privilege then null;
    end;
  end loop;
end $$;
