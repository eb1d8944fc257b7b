//! The database's schema and how an older one becomes the present one.

use std::path::Path;

use rusqlite::{Connection, Transaction, TransactionBehavior};

use crate::chain;
use crate::error::StoreError;

/// Marks our databases among all SQLite files: "step" in ASCII.
const APPLICATION_ID: u32 = 0x7374_6570;

/// One step from a schema version to the next.
struct Migration {
    sql: &'static str,
    /// What SQL can't say, done after it in the same transaction.
    then: fn(&Transaction<'_>) -> rusqlite::Result<()>,
}

/// The steps from one schema version to the next; the first makes version 1
/// out of nothing. Never changed once released, only added to.
const MIGRATIONS: &[Migration] = &[
    Migration {
        sql: include_str!("schema/v1.sql"),
        then: |_| Ok(()),
    },
    Migration {
        sql: include_str!("schema/v2.sql"),
        then: chain::forge,
    },
    Migration {
        sql: include_str!("schema/v3.sql"),
        then: |_| Ok(()),
    },
    Migration {
        sql: include_str!("schema/v4.sql"),
        then: |_| Ok(()),
    },
];

/// The newest schema version.
pub(crate) const KNOWN: u32 = MIGRATIONS.len() as u32;

/// Reads the schema version: 0 for an empty database. Refuses another
/// program's database and a newer version.
pub(crate) fn version(connection: &Connection, path: &Path) -> Result<u32, StoreError> {
    // One statement, so one snapshot: another process may be making it just now.
    let (application, version, blank): (u32, u32, bool) = connection
        .query_row(
            "SELECT application_id, user_version, NOT EXISTS (SELECT 1 FROM sqlite_schema)
             FROM pragma_application_id, pragma_user_version",
            [],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )
        .map_err(|error| StoreError::sqlite("read", path, error))?;
    match application {
        APPLICATION_ID if version > KNOWN => Err(StoreError::Newer {
            path: path.to_owned(),
            found: version,
            known: KNOWN,
        }),
        APPLICATION_ID => Ok(version),
        0 if version == 0 && blank => Ok(0),
        _ => Err(StoreError::Foreign {
            path: path.to_owned(),
        }),
    }
}

/// Brings the schema to the newest version, all or nothing.
pub(crate) fn migrate(connection: &mut Connection, path: &Path) -> Result<(), StoreError> {
    let failed = |error| StoreError::sqlite("upgrade", path, error);
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(failed)?;
    // Looked at again under the lock: another process may have been faster.
    let from = version(&transaction, path)?;
    for migration in &MIGRATIONS[from as usize..] {
        transaction.execute_batch(migration.sql).map_err(failed)?;
        (migration.then)(&transaction).map_err(failed)?;
    }
    transaction
        .pragma_update(None, "application_id", APPLICATION_ID)
        .map_err(failed)?;
    transaction
        .pragma_update(None, "user_version", KNOWN)
        .map_err(failed)?;
    transaction.commit().map_err(failed)
}
