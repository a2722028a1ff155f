-- A claim of the request in whose name the statement runs, as Supabase's API and our functions set them for
-- the transaction. Null: there is none. They are read here and not by auth.jwt(), because a SECURITY DEFINER
-- function of ours calls nothing of another schema.
create or replace function billing_private.claim(name text) returns text
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
begin
  return coalesce(
    nullif(current_setting('request.jwt.claim.' || name, true), ''),
    -- After a commit the setting reads as the empty string, not as null.
    nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> name);
end $$;
revoke all on function billing_private.claim(text) from public;
grant execute on function billing_private.claim(text)
  to authenticated, service_role, billing_viewer, billing_operator;
