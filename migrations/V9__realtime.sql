-- Supabase Realtime: a page hears at once that its organization's plan or flags have changed, and asks the API what they are now.
--
-- Who hears what is decided by the policies for `authenticated`, which Realtime evaluates for each listener and row. A deleted row is told
-- to nobody who filters by org_id: what ends a plan updates its subscription in the same commit, and that is heard.

do $$
declare
  heard constant text[] := array['entitlements', 'subscriptions'];
  relation text;
begin
  -- Only Supabase has it. One for all tables has ours already, and takes no list.
  if not exists (select from pg_publication p where p.pubname = 'supabase_realtime' and not p.puballtables) then
    return;
  end if;
  foreach relation in array heard loop
    if not exists (
      select from pg_publication_tables t
      where t.pubname = 'supabase_realtime' and t.schemaname = 'public' and t.tablename = relation)
    then
      execute format('alter publication supabase_realtime add table public.%I', relation);
    end if;
  end loop;
exception
  when insufficient_privilege then
    raise warning 'publication supabase_realtime not changed: % does not own it. Add the tables % to it as its owner', current_user, heard;
end $$;
