-- Whose billing it is: two views that everything else reads. `billing adopt` writes them over the
-- application's own tables; until then they stand over two tables of ours. Nothing refers to the
-- application's tables by a foreign key.

create table billing.own_organizations (
  id uuid primary key default gen_random_uuid(),
  name text not null,
  created_at timestamptz not null default now()
);
comment on table billing.own_organizations is
  'The organizations of an application that has no table of its own for them.';

create table billing.own_members (
  org_id uuid not null references billing.own_organizations (id) on delete cascade,
  user_id uuid not null,
  role text not null default 'member',
  created_at timestamptz not null default now(),
  primary key (org_id, user_id),
  constraint own_members_role_known check (role in ('owner', 'admin', 'member'))
);
-- With both columns: one on the user alone may be taken for both, and then a person of many organizations
-- waits.
create index own_members_user_id on billing.own_members (user_id, org_id);
comment on column billing.own_members.role is 'owner and admin may change billing; member may read.';

create view billing.organizations as
  select o.id, o.name from billing.own_organizations o;
comment on view billing.organizations is 'own';

create view billing.members as
  select m.org_id, m.user_id, m.role from billing.own_members m;
comment on view billing.members is 'own';

-- The work on one organization is serialized by locking the row of its slot
-- (billing_private.lock_organizations). A row lock, because anybody who can log in can take an advisory lock,
-- and holding one would stop an organization's events. A fixed number of slots, because they stay in memory
-- however many organizations there are.
create table billing_private.organization_locks (
  slot integer primary key
);
insert into billing_private.organization_locks (slot) select generate_series(0, 16383);
