//! `stepwell keycloak env`.

use serde::Serialize;
use serde_json::Value;
use stepwell_workflows::Secret;
use stepwell_workflows::aurora::Endpoint;
use stepwell_workflows::keycloak::{Credentials, credentials};

use crate::arguments::Output;
use crate::arguments::keycloak::{EnvArguments, EnvFormat};
use crate::exit::Exit;
use crate::problem::Problem;
use crate::report::{file, keycloak as report};
use crate::session::{Backend, Connection, serving};
use crate::settings::keycloak::EnvSettings;
use crate::{Context, runtime};

#[derive(Serialize)]
struct Document<'a> {
    schema: u32,
    cluster: &'a str,
    region: &'a str,
    format: EnvFormat,
    #[serde(skip_serializing_if = "Option::is_none")]
    variables: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    manifest: Option<Value>,
}

/// Prints what Keycloak needs to know of its database, or writes it to a file.
pub fn run(context: &Context, arguments: &EnvArguments) -> Result<Exit, Problem> {
    let settings = &context.settings;
    let wanted = EnvSettings::resolve(arguments, &context.environment)?;
    if let Some(path) = &wanted.output_file {
        file::check(path)?;
    }
    let backend = Backend::of(settings)?;
    let (found, known) = runtime::block_on(backend.pace(settings), async {
        let connection = backend.connect(settings, None).await?;
        let found = serving::find(context, &connection, &wanted.place).await?;
        let known = match wanted.format {
            EnvFormat::Secret => Some(log_in(context, &connection, &wanted, &found).await?),
            _ => None,
        };
        Ok((found, known))
    })?;
    let text = render(context, &wanted, &found, known.as_ref())?;
    let Some(path) = &wanted.output_file else {
        context.printer.raw(text.reveal().as_bytes())?;
        return Ok(Exit::Success);
    };
    file::replace(path, text.reveal().as_bytes(), known.is_some())?;
    context.printer.note(format!("wrote {}", path.display()));
    Ok(Exit::Success)
}

/// The user and the password for the manifest.
async fn log_in(
    context: &Context,
    connection: &Connection,
    wanted: &EnvSettings,
    found: &Endpoint,
) -> Result<Credentials, Problem> {
    if wanted.password.is_some() && found.password_secret.is_some() {
        context.printer.warn(
            "a password is given, and RDS keeps one in Secrets Manager too: the given one is used",
        );
    }
    credentials(
        &connection.aws,
        &wanted.place.region,
        found,
        wanted.password.clone(),
    )
    .await
    .map_err(|fault| Problem::from_fault("could not read the password that rds keeps", &fault))?
    .ok_or_else(|| {
        Problem::error(format!(
            "rds does not keep the password of cluster {}, and none is given",
            wanted.place.cluster
        ))
        .code("no_password")
        .hint("give the one that is in force: --password-file or AURORA_PASSWORD")
    })
}

/// What is printed or written, as a whole. Whether or not there is a password
/// in it, it is treated as if there were.
fn render(
    context: &Context,
    wanted: &EnvSettings,
    found: &Endpoint,
    known: Option<&Credentials>,
) -> Result<Secret, Problem> {
    let request = &wanted.request;
    let (name, namespace) = (&request.secret_name, request.namespace.as_deref());
    let variables = match wanted.format {
        EnvFormat::Shell | EnvFormat::Dotenv => report::scripts(&found.writer),
        EnvFormat::Keycloak => {
            let database = request.database.as_ref().or(found.database.as_ref());
            let database = database.ok_or_else(|| {
                Problem::error(format!(
                    "rds does not say which database cluster {} was made with",
                    wanted.place.cluster
                ))
                .code("not_found")
                .hint("name it with --database")
            })?;
            report::own(&found.writer, found.port, database, &found.username)
        }
        EnvFormat::Secret => Vec::new(),
    };
    let output = context.printer.output;
    if output == Output::Text {
        return Ok(match (wanted.format, known) {
            (EnvFormat::Shell, _) => Secret::new(report::exports(&variables)),
            (_, Some(known)) => report::manifest_yaml(name, namespace, known),
            (_, None) => Secret::new(report::lines(&variables)),
        });
    }
    let document = Document {
        schema: crate::SCHEMA,
        cluster: &wanted.place.cluster,
        region: &wanted.place.region,
        format: wanted.format,
        variables: known.is_none().then(|| report::object(&variables)),
        manifest: known.map(|known| report::manifest_json(name, namespace, known)),
    };
    let text = match output {
        Output::Jsonl => serde_json::to_string(&document),
        _ => serde_json::to_string_pretty(&document),
    };
    text.map(|text| Secret::new(text + "\n"))
        .map_err(|error| Problem::error("could not write JSON").because(&error))
}
