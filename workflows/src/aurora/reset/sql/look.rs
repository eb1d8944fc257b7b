//! The question what would keep a schema from being dropped, or would go with it.

use super::{arguments, literal};

/// What the database has against dropping a schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::aurora::reset) enum Objection {
    /// The schema is another's, by this name.
    Owner(String),
    /// The user may make no schema in this database.
    NoCreate(String),
    /// Something outside of the schema depends on what is in it.
    Dependent(String),
}

/// How many dependents are told.
const MOST: usize = 50;

/// The arguments of the `psql` that asks. It prints a line for each objection.
pub(in crate::aurora::reset) fn look_at_schema(schema: &str) -> Vec<String> {
    arguments([
        "--no-align".to_owned(),
        "--tuples-only".to_owned(),
        "--command=SET default_transaction_read_only = on".to_owned(),
        format!("--command={}", question(schema)),
    ])
}

/// The objections in what `psql` printed.
pub(in crate::aurora::reset) fn objections(lines: &[String]) -> Vec<Objection> {
    lines
        .iter()
        .filter_map(|line| {
            let (kind, text) = line.split_once(' ')?;
            let text = text.to_owned();
            match kind {
                "owner" => Some(Objection::Owner(text)),
                "create" => Some(Objection::NoCreate(text)),
                "dependent" => Some(Objection::Dependent(text)),
                _ => None,
            }
        })
        .collect()
}

/// Follows `pg_depend` as `DROP SCHEMA … CASCADE` does: from the schema to what
/// depends on it, and from a part to the whole that can't be without it (a view's
/// rule to the view, a member to its extension). What is then outside of the
/// schema is a dependent, unless it is merely a part of another one that is told,
/// or of an extension that lives in the schema. (PostgreSQL, "pg_depend".)
fn question(schema: &str) -> String {
    let schema = literal(schema);
    format!(
        "WITH RECURSIVE wanted AS (
  SELECT oid, nspname, nspowner FROM pg_namespace WHERE nspname = {schema}
), gone (class, object, part) AS (
  SELECT 'pg_namespace'::regclass::oid, oid, 0 FROM wanted
  UNION
  SELECT next.* FROM gone, LATERAL (
    SELECT d.classid, d.objid, d.objsubid FROM pg_depend AS d
      WHERE d.refclassid = gone.class AND d.refobjid = gone.object
        AND (gone.part = 0 OR d.refobjsubid = gone.part)
    UNION ALL
    SELECT d.refclassid, d.refobjid, d.refobjsubid FROM pg_depend AS d
      WHERE d.classid = gone.class AND d.objid = gone.object AND d.objsubid = gone.part
        AND d.deptype IN ('i', 'e')
  ) AS next
), told AS (
  SELECT gone.*, (pg_identify_object(class, object, part)).schema AS space,
    CASE class
      WHEN 'pg_trigger'::regclass THEN (SELECT tgrelid FROM pg_trigger WHERE oid = object AND NOT tgisinternal)
      WHEN 'pg_attrdef'::regclass THEN (SELECT adrelid FROM pg_attrdef WHERE oid = object)
      WHEN 'pg_policy'::regclass THEN (SELECT polrelid FROM pg_policy WHERE oid = object)
    END AS relation
  FROM gone
), outside AS (
  SELECT class, object, part FROM told
  WHERE NOT EXISTS (SELECT FROM pg_depend AS d JOIN gone AS extension
      ON d.refclassid = extension.class AND d.refobjid = extension.object
      WHERE d.classid = told.class AND d.objid = told.object AND d.deptype = 'e')
    AND NOT (class = 'pg_type'::regclass AND EXISTS (SELECT FROM pg_type AS t
      WHERE t.oid = object AND (t.typrelid <> 0 OR t.typcategory = 'A')))
    AND class <> 'pg_rewrite'::regclass
    AND NOT (part <> 0 AND EXISTS (SELECT FROM gone AS whole
      WHERE whole.class = told.class AND whole.object = told.object AND whole.part = 0))
    AND CASE
      WHEN class = 'pg_extension'::regclass THEN EXISTS (SELECT FROM pg_extension AS e, wanted
        WHERE e.oid = object AND e.extnamespace <> wanted.oid)
      WHEN relation IS NOT NULL THEN EXISTS (SELECT FROM pg_class AS c, wanted
        WHERE c.oid = relation AND c.relnamespace <> wanted.oid
          AND NOT EXISTS (SELECT FROM gone AS whole
            WHERE whole.class = 'pg_class'::regclass AND whole.object = relation AND whole.part = 0))
      WHEN space IS NOT NULL THEN space NOT LIKE 'pg\\_toast%' AND space <> (SELECT nspname FROM wanted)
      ELSE class IN ('pg_cast'::regclass, 'pg_event_trigger'::regclass, 'pg_foreign_server'::regclass,
        'pg_foreign_data_wrapper'::regclass, 'pg_language'::regclass, 'pg_transform'::regclass)
    END
)
SELECT 'owner ' || pg_get_userbyid(nspowner) FROM wanted WHERE NOT pg_has_role(nspowner, 'USAGE')
UNION ALL
SELECT 'create ' || current_database()
  WHERE NOT has_database_privilege(current_database(), 'CREATE')
UNION ALL
(SELECT DISTINCT 'dependent ' || replace(pg_describe_object(class, object, part), E'\\n', ' ')
  FROM outside ORDER BY 1 LIMIT {MOST})"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_objections() {
        let lines = [
            "owner rdsadmin",
            "create keycloak",
            "dependent view report.v",
            "WARNING:  01000: something else",
            "",
        ];
        let lines = lines.map(str::to_owned);
        assert_eq!(
            objections(&lines),
            [
                Objection::Owner("rdsadmin".to_owned()),
                Objection::NoCreate("keycloak".to_owned()),
                Objection::Dependent("view report.v".to_owned()),
            ]
        );
    }

    #[test]
    fn the_question_names_the_schema() {
        let words = look_at_schema("own");
        let text = words.last().unwrap();
        assert!(text.contains("WHERE nspname = 'own'"));
    }
}
