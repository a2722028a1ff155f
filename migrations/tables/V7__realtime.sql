-- Runs as the role that migrates.
--
-- Supabase Realtime: a page hears at once that its organization's plan or flags have changed, and asks the
-- API what they are now. Who hears what is decided by the policies for `authenticated`, which Realtime
-- evaluates for each listener and row. A deleted row is told to nobody who filters by org_id: what ends a
-- plan updates its subscription in the same commit, and that is heard.

do $$
begin
  -- Only Supabase has it. One for all tables has ours already, and takes no list.
  if exists (select from pg_publication p where p.pubname = 'supabase_realtime' and not p.puballtables) then
    alter publication supabase_realtime add table billing.entitlements, billing.subscriptions;
  end if;
exception
  when insufficient_privilege then
    raise warning 'publication supabase_realtime not changed: % does not own it. '
      'Add billing.entitlements and billing.subscriptions to it as its owner', current_user;
end $$;
