//! The statement that empties a schema.

use stepwell_engine::{RunId, Timestamp};

use super::{arguments, literal};

/// The arguments of the `psql` that drops: all of it takes place or nothing.
///
/// A lock that is not to be had soon is given up and asked for again by another
/// pod: while it is waited for, nobody else gets at the tables either.
/// (PostgreSQL, "Explicit Locking".)
pub(in crate::aurora::reset) fn drop_schema(
    run: RunId,
    schema: &str,
    not_after: Timestamp,
) -> Vec<String> {
    arguments([
        "--single-transaction".to_owned(),
        "--command=SET LOCAL lock_timeout = '20s'".to_owned(),
        format!("--command={}", statement(run, schema, not_after)),
    ])
}

/// Drops a schema with all that is in it and makes it anew.
///
/// - The schema's comment names the run, in the transaction that drops. So the
///   statement does nothing if this run has done it already: what Keycloak has
///   made since is safe, whatever becomes of pods and answers.
/// - Other sessions of the same user in the database are ended first: they are
///   Keycloak's, and one that waits for the other's lock would have one of the two
///   fail. It needs no right but to be the same user. (PostgreSQL, "Server
///   Signaling Functions".)
/// - A pod that comes to life long after the person has left drops nothing.
/// - The new schema belongs to the user of the connection, Keycloak's. What
///   others were allowed on the schema itself they are allowed again: in a
///   fresh database everyone may look into `public`. (PostgreSQL
///   documentation, "Schemas and Privileges".)
fn statement(run: RunId, schema: &str, not_after: Timestamp) -> String {
    let schema = literal(schema);
    let mark = literal(&format!("reset by stepwell run {run}"));
    let seconds = not_after.0 / 1000;
    format!(
        "DO $stepwell$
DECLARE
  wanted constant text := {schema};
  mark constant text := {mark};
  grants text[];
  allowed text;
BEGIN
  IF now() > to_timestamp({seconds}) THEN
    RAISE EXCEPTION 'this reset was asked for too long ago: nothing is dropped';
  END IF;
  IF (SELECT obj_description(oid, 'pg_namespace') FROM pg_namespace WHERE nspname = wanted) = mark THEN
    RAISE NOTICE 'this run has reset schema % already', wanted;
    RETURN;
  END IF;
  PERFORM pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND usename = current_user AND pid <> pg_backend_pid();
  SELECT array_agg(format('GRANT %s ON SCHEMA %I TO %s%s',
      entry.privilege_type, wanted,
      CASE entry.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(entry.grantee)) END,
      CASE WHEN entry.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END))
    INTO grants
    FROM pg_namespace, aclexplode(nspacl) AS entry
    WHERE nspname = wanted AND entry.grantee <> nspowner;
  EXECUTE format('DROP SCHEMA IF EXISTS %I CASCADE', wanted);
  EXECUTE format('CREATE SCHEMA %I', wanted);
  EXECUTE format('COMMENT ON SCHEMA %I IS %L', wanted, mark);
  FOREACH allowed IN ARRAY coalesce(grants, '{{}}') LOOP
    EXECUTE allowed;
  END LOOP;
END
$stepwell$"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_statement_names_the_schema_and_the_run() {
        let run = RunId::from_u128(7);
        let words = drop_schema(run, "public", Timestamp(1_800_000_000_500));
        let text = words.last().unwrap();
        assert!(text.contains("wanted constant text := 'public';"));
        assert!(text.contains(&format!("'reset by stepwell run {run}'")));
        assert!(text.contains("to_timestamp(1800000000)"));
        assert_eq!(literal("it's"), "'it''s'");
    }
}
