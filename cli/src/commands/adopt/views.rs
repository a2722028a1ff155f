//! Writing the two views, and counting what they show: in one transaction, which a look rolls back.

use tokio_postgres::{Client, Transaction};

use super::report::{Adopted, RoleSeen};
use super::{Error, Source, search_path};

impl Source {
    /// The organizations, as SQL.
    pub(super) fn organizations_view(&self) -> String {
        let Self { organizations, id_column, .. } = self;
        let name = self.name_column.as_ref().unwrap_or(id_column);
        let condition =
            self.organizations_where.as_ref().map(|sql| format!(" where ({sql}\n)")).unwrap_or_default();
        // The view was made with this collation, and keeps it whatever the column has.
        format!(
            "select o.{id_column} as id, o.{name}::text collate \"default\" as name
                from {organizations} o{condition}"
        )
    }

    /// The members of organizations that exist, as SQL.
    pub(super) fn members_view(&self) -> String {
        let Self { members, org_column, user_column, .. } = self;
        let condition = self.members_where.as_ref().map(|sql| format!(" and ({sql}\n)")).unwrap_or_default();
        format!(
            "select m.{org_column} as org_id, m.{user_column} as user_id, {} as role from {members} m
                where m.{user_column} is not null and exists (select from billing.organizations o
                  where o.id = m.{org_column}){condition}",
            self.becomes()
        )
    }

    /// What a member's role becomes: `owner`, `admin` or `member`.
    fn becomes(&self) -> String {
        let role = self.role_column.as_ref().map(|column| format!("lower(m.{column}::text)"));
        let everybody = self.buyers.iter().any(|buyer| buyer == "*");
        let Some(role) = role else {
            return format!("'{}'::text", if everybody { "admin" } else { "member" });
        };
        let mut arms = String::new();
        if everybody || self.buyers.iter().any(|buyer| buyer == "owner") {
            arms += &format!(" when {role} = 'owner' then 'owner'");
        }
        let others: Vec<String> = self
            .buyers
            .iter()
            .filter(|buyer| !["owner", "*"].contains(&buyer.as_str()))
            .map(|buyer| literal(buyer))
            .collect();
        if !everybody && !others.is_empty() {
            arms += &format!(" when {role} in ({}) then 'admin'", others.join(", "));
        }
        let rest = if everybody { "admin" } else { "member" };
        if arms.is_empty() { format!("'{rest}'::text") } else { format!("case{arms} else '{rest}' end") }
    }
}

fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// Writes the views and tells what they show. Without `keep` nothing of it stays.
pub(super) async fn write(client: &mut Client, source: &Source, keep: bool) -> Result<Adopted, Error> {
    let transaction = client.transaction().await?;
    search_path::pin(&transaction).await?;
    own(&transaction).await?;
    search_path::theirs(&transaction).await?;
    for (view, sql) in [("organizations", source.organizations_view()), ("members", source.members_view())] {
        // The extended protocol takes one statement: a condition that ends this one and begins another is
        // refused.
        let create = format!("create or replace view billing.{view} as {sql}");
        if let Err(error) = transaction.execute(&create, &[]).await {
            return Err(refused(view, &error));
        }
    }
    search_path::ours(&transaction).await?;
    closed(&transaction).await?;
    let note = serde_json::to_string(source).map_err(|error| Error::Unusable(error.to_string()))?;
    transaction
        .batch_execute(&format!(
            "comment on view billing.organizations is {note};
             comment on view billing.members is {note};
             revoke all on billing.organizations, billing.members from public;
             grant select on billing.organizations, billing.members to billing_owner",
            note = literal(&note)
        ))
        .await?;
    let adopted = counted(&transaction, source).await?;
    if keep {
        transaction.commit().await?;
    } else {
        transaction.rollback().await?;
    }
    Ok(adopted)
}

/// Makes the views this role's own, who may read the tables beneath: a view reads with its owner's rights.
async fn own(transaction: &Transaction<'_>) -> Result<(), Error> {
    let sql = "
        do $$
        declare
          lacking constant boolean := not has_schema_privilege('billing', 'create');
        begin
          -- The new owner of a view needs this right while it becomes the owner.
          if lacking then
            execute format('grant create on schema billing to %I', current_user);
          end if;
          alter view billing.organizations owner to current_user;
          alter view billing.members owner to current_user;
          if lacking then
            execute format('revoke create on schema billing from %I', current_user);
          end if;
        end $$";
    transaction.batch_execute(sql).await.map_err(|error| match error.as_db_error() {
        Some(refusal) => Error::Unusable(format!(
            "This role may not replace the views: {}. Run billing adopt as the role that ran billing \
             migrate, or grant billing_owner to this one.",
            refusal.message()
        )),
        None => error.into(),
    })
}

fn refused(view: &str, error: &tokio_postgres::Error) -> Error {
    let words = error.as_db_error().map_or_else(|| error.to_string(), |refusal| refusal.message().to_owned());
    let option = if view == "members" { "--members-where" } else { "--organizations-where" };
    Error::Unusable(format!(
        "The view billing.{view} cannot be made: {words}. Look at {option} and the columns."
    ))
}

/// That the views call no function or operator that somebody made: it would run inside our functions, with
/// their rights.
async fn closed(transaction: &Transaction<'_>) -> Result<(), Error> {
    // Of a view of the application's beneath them too.
    let sql = "
        with recursive views (id) as (
          select unnest(array['billing.organizations'::regclass, 'billing.members'::regclass])::oid
          union
          select c.oid from views v
          join pg_rewrite r on r.ev_class = v.id
          join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = r.oid
            and d.refclassid = 'pg_class'::regclass
          join pg_class c on c.oid = d.refobjid and c.relkind = 'v')
        select string_agg(distinct case d.refclassid
          when 'pg_proc'::regclass then (select p.oid::regprocedure::text from pg_proc p
            where p.oid = d.refobjid)
          else (select o.oid::regoperator::text from pg_operator o where o.oid = d.refobjid) end, ', ')
        from pg_rewrite r join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = r.oid
        where r.ev_class in (select id from views)
          and d.refclassid in ('pg_proc'::regclass, 'pg_operator'::regclass)";
    let rows = transaction.query_typed(sql, &[]).await?;
    match rows.first().and_then(|row| row.get::<_, Option<String>>(0)) {
        None => Ok(()),
        Some(called) => Err(Error::Unusable(format!(
            "The condition, or a view beneath, calls {called}, which would run with the rights of billing's \
             functions. Use columns and PostgreSQL's own functions alone."
        ))),
    }
}

async fn counted(transaction: &Transaction<'_>, source: &Source) -> Result<Adopted, Error> {
    let sql = "select (select count(*) from billing.organizations), (select count(*) from billing.members),
        (select count(*) from billing.organizations o where not exists (
           select from billing.members m where m.org_id = o.id and m.role in ('owner', 'admin')))";
    // As our functions read them.
    transaction.batch_execute("set local role billing_owner").await?;
    let rows = transaction.query_typed(sql, &[]).await.map_err(|error| refused("members", &error))?;
    transaction.batch_execute("reset role").await?;
    // They call nothing that somebody made: that was looked at before.
    search_path::theirs(transaction).await?;
    let number = |column| rows.first().map_or(0, |row| row.get::<_, i64>(column));
    let (organizations, members, without_buyer) = (number(0), number(1), number(2));
    let role = source.role_column.as_ref().map_or("null".to_owned(), |column| format!("m.{column}::text"));
    let kept =
        source.members_where.as_ref().map_or("true".to_owned(), |sql| format!("coalesce(({sql}\n), false)"));
    let sql = format!(
        "select {role}, {becomes}, count(*) filter (where kept.it), count(*) filter (where not kept.it)
         from {members} m,
           lateral (select {kept} and m.{user} is not null
             and exists (select from billing.organizations o where o.id = m.{org}) as it) kept
         group by 1, 2 order by 3 desc, 1",
        becomes = source.becomes(),
        members = source.members,
        user = source.user_column,
        org = source.org_column,
    );
    let rows = transaction.query(&sql, &[]).await.map_err(|error| refused("members", &error))?;
    let roles = rows
        .iter()
        .map(|row| RoleSeen {
            role: row.get(0),
            becomes: row.get(1),
            members: row.get(2),
            left_out: row.get(3),
        })
        .collect();
    Ok(Adopted { dry_run: false, source: source.clone(), organizations, members, without_buyer, roles })
}
