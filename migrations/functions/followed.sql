-- A plan's versions after its flags changed for everybody: what is switched on or off now is so in each, and
-- a flag that there is no more (`flags` has all) is in none.
create or replace function billing_private.followed(versions jsonb, before jsonb, after jsonb, flags jsonb)
returns jsonb language sql immutable
begin atomic
  select coalesce(jsonb_agg(v.version || jsonb_build_object('features', (
    select coalesce(jsonb_object_agg(f.flag, true), '{}')
    from jsonb_object_keys((v.version -> 'features') || after) as f (flag)
    where flags ? f.flag
      and case when (before ? f.flag) = (after ? f.flag) then v.version -> 'features' ? f.flag
        else after ? f.flag end)) order by v.place), '[]')
  from jsonb_array_elements(versions) with ordinality v (version, place);
end;
revoke all on function billing_private.followed(jsonb, jsonb, jsonb, jsonb) from public;
-- A server that changes the matrix runs the trigger of it.
grant execute on function billing_private.followed(jsonb, jsonb, jsonb, jsonb) to service_role;
