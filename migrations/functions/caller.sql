-- The user in whose name the statement runs: the `sub` of the access token's claims, as Supabase's API and our functions
-- set them for the transaction. Null: nobody, or a `sub` that is no UUID and so no member of anything. The claims are
-- read here and not by auth.uid(), because a SECURITY DEFINER function of ours calls nothing of another schema.
create or replace function billing_private.caller() returns uuid
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
  sub constant text := coalesce(
    nullif(current_setting('request.jwt.claim.sub', true), ''),
    -- After a commit the setting reads as the empty string, not as null.
    nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub');
begin
  return case when sub ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then sub::uuid end;
end $$;
revoke all on function billing_private.caller() from public;
grant execute on function billing_private.caller() to authenticated, service_role, billing_viewer, billing_operator;
