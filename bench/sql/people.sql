-- The organizations of an application that has been in use for a while, and their people. Each has one
-- member with its number; two people are members of a hundred and of ten thousand organizations. Rust's names
-- for all of them are in bench/src/requests/population.rs.
--
-- @organizations@: how many.
create table public.numbers as
  select n, n <= @organizations@ / 2 as pays,
    ('00000000-0000-4000-8000-' || lpad(to_hex(n), 12, '0'))::uuid as org,
    ('00000000-0000-4000-9000-' || lpad(to_hex(n), 12, '0'))::uuid as person,
    'cus_' || lpad(to_hex(n), 14, '0') as customer,
    'sub_' || repeat('0', 16) || lpad(to_hex(n), 8, '0') as subscription
  from generate_series(1, @organizations@) n;

insert into billing.own_organizations (id, name) select org, 'No. ' || n from public.numbers;
insert into billing.own_members (org_id, user_id, role) select org, person, 'owner' from public.numbers;
insert into billing.own_members (org_id, user_id, role)
  select org, ('00000000-0000-4000-9000-' || lpad(to_hex(@organizations@ + most), 12, '0'))::uuid, 'member'
  from public.numbers join (values (100), (10000)) as many (most) on n <= most;
