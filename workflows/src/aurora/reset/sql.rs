//! The statement that empties a schema.

use stepwell_engine::{RunId, Timestamp};

/// How `psql` is to be called: nothing of a person's own settings, the first
/// error ends it, and all of it takes place or nothing.
pub(crate) fn arguments(run: RunId, schema: &str, not_after: Timestamp) -> Vec<String> {
    let words = [
        "--no-psqlrc",
        "--quiet",
        "--set=ON_ERROR_STOP=1",
        "--single-transaction",
        "--command=SET LOCAL lock_timeout = '120s'",
    ];
    words
        .iter()
        .map(|&word| word.to_owned())
        .chain([format!("--command={}", statement(run, schema, not_after))])
        .collect()
}

/// Drops a schema with all that is in it and makes it anew.
///
/// - The schema's comment names the run, in the transaction that drops. So the
///   statement does nothing if this run has done it already: what Keycloak has
///   made since is safe, whatever becomes of pods and answers.
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

/// A text as PostgreSQL takes it.
fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_statement_names_the_schema_and_the_run() {
        let run = RunId::from_u128(7);
        let words = arguments(run, "public", Timestamp(1_800_000_000_500));
        let text = words.last().unwrap();
        assert!(text.contains("wanted constant text := 'public';"));
        assert!(text.contains(&format!("'reset by stepwell run {run}'")));
        assert!(text.contains("to_timestamp(1800000000)"));
        assert_eq!(literal("it's"), "'it''s'");
    }
}
