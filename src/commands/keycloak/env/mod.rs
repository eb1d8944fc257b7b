//! `stepwell keycloak env`.

mod arguments;

use serde::Serialize;
use serde_json::Value;
use stepwell_workflows::Secret;
use stepwell_workflows::aurora::Endpoint;
use stepwell_workflows::keycloak::{Credentials, credentials, must_be_active};

use crate::arguments::Output;
use crate::exit::Exit;
use crate::problem::Problem;
use crate::report::{file, keycloak as report};
use crate::session::{Backend, Connection, serving};
use crate::{Context, runtime};
use arguments::{EnvFormat, EnvSettings};

pub use arguments::EnvArguments;

#[derive(Serialize)]
struct Document<'a> {
    schema: u32,
    cluster: &'a str,
    region: &'a str,
    format: EnvFormat,
    #[serde(skip_serializing_if = "Option::is_none")]
    variables: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    manifest: Option<&'a Value>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    notes: &'a [String],
}

/// What is printed, with advice on it, a line each.
enum Content {
    Variables(report::Variables, Vec<String>),
    Manifest(Value, Vec<String>),
}

/// Prints what Keycloak needs to know of its database, or writes it to a file.
pub fn run(context: &Context, arguments: &EnvArguments) -> Result<Exit, Problem> {
    let settings = &context.settings;
    let wanted = EnvSettings::resolve(arguments, &context.environment)?;
    if let Some(path) = &wanted.output_file {
        file::check(path)?;
    }
    let backend = Backend::of(settings)?;
    let content = runtime::block_on(backend.pace(settings), async {
        let connection = backend.connect(settings, None).await?;
        let found = serving::find(context, &connection, &wanted.place).await?;
        content(context, &connection, &wanted, &found).await
    })?;
    let text = render(context, &wanted, &content)?;
    let Some(path) = &wanted.output_file else {
        context.printer.raw(text.reveal().as_bytes())?;
        return Ok(Exit::Success);
    };
    let private = wanted.format == EnvFormat::Secret;
    file::replace(path, text.reveal().as_bytes(), private)?;
    context.printer.note(format!("wrote {}", path.display()));
    Ok(Exit::Success)
}

async fn content(
    context: &Context,
    connection: &Connection,
    wanted: &EnvSettings,
    found: &Endpoint,
) -> Result<Content, Problem> {
    let (request, host, port) = (&wanted.request, &found.writer, found.port);
    Ok(match wanted.format {
        EnvFormat::Shell | EnvFormat::Dotenv => {
            if port != report::PORT {
                context.printer.warn(format!(
                    "the cluster serves on port {port}, and the scripts' deployment takes {} for granted; --format keycloak names the port to Keycloak itself",
                    report::PORT
                ));
            }
            Content::Variables(report::scripts(host, port), Vec::new())
        }
        EnvFormat::Keycloak => {
            let (database, user) = (database(wanted, found)?, &found.username);
            if wanted.wrapper {
                let url = report::url(host, port, database);
                Content::Variables(report::wrapped(url, user), report::image_notes())
            } else {
                Content::Variables(report::own(host, port, database, user), Vec::new())
            }
        }
        EnvFormat::Cr => {
            let (operator, database) = (wanted.operator, database(wanted, found)?);
            Content::Manifest(
                report::custom_resource(operator, request, host, port, database),
                report::custom_resource_notes(operator, request),
            )
        }
        EnvFormat::Secret => {
            let known = log_in(context, connection, wanted, found).await?;
            Content::Manifest(report::secret(request, &known), Vec::new())
        }
        EnvFormat::ExternalSecret => {
            let arn = kept_secret(connection, wanted, found).await?;
            Content::Manifest(
                report::external_secret(request, arn),
                report::external_secret_notes(request, arn),
            )
        }
    })
}

/// The database that Keycloak is to use.
fn database<'a>(wanted: &'a EnvSettings, found: &'a Endpoint) -> Result<&'a str, Problem> {
    let database = wanted.request.database.as_ref().or(found.database.as_ref());
    database.map(String::as_str).ok_or_else(|| {
        Problem::error(format!(
            "rds does not say which database cluster {} was made with",
            wanted.place.cluster
        ))
        .code("not_found")
        .hint("name it with --database")
    })
}

/// The secret in which RDS keeps the password, once it can be read.
async fn kept_secret<'a>(
    connection: &Connection,
    wanted: &EnvSettings,
    found: &'a Endpoint,
) -> Result<&'a str, Problem> {
    let (region, cluster) = (&wanted.place.region, &wanted.place.cluster);
    let Some(arn) = &found.password_secret else {
        return Err(Problem::refused(format!(
            "rds does not keep the password of cluster {cluster}, so there is nothing for an ExternalSecret to read"
        ))
        .code("no_password")
        .hint("use --format secret with the password that is in force, or store it in Secrets Manager yourself"));
    };
    must_be_active(&connection.aws, region, cluster)
        .await
        .map_err(|fault| Problem::from_fault("the secret of the cluster can't be used", &fault))?;
    Ok(arn)
}

/// The user and the password for the manifest.
async fn log_in(
    context: &Context,
    connection: &Connection,
    wanted: &EnvSettings,
    found: &Endpoint,
) -> Result<Credentials, Problem> {
    if found.password_secret.is_some() {
        context.printer.warn(if wanted.password.is_some() {
            "a password is given, and RDS keeps one in Secrets Manager too: the given one is used"
        } else {
            "RDS changes this password every seven days, and the Secret then holds the former one: apply it again after that, or use --format external-secret"
        });
    }
    credentials(
        &connection.aws,
        &wanted.place.region,
        &wanted.place.cluster,
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
fn render(context: &Context, wanted: &EnvSettings, content: &Content) -> Result<Secret, Problem> {
    let output = context.printer.output;
    if output == Output::Text {
        return Ok(match content {
            Content::Manifest(manifest, notes) => report::manifest_yaml(manifest, notes),
            Content::Variables(variables, _) if wanted.format == EnvFormat::Shell => {
                Secret::new(report::exports(variables))
            }
            Content::Variables(variables, notes) => {
                Secret::new(report::comments(notes) + &report::lines(variables))
            }
        });
    }
    let (variables, manifest, notes) = match content {
        Content::Variables(variables, notes) => (Some(report::object(variables)), None, notes),
        Content::Manifest(manifest, notes) => (None, Some(manifest), notes),
    };
    let document = Document {
        schema: crate::SCHEMA,
        cluster: &wanted.place.cluster,
        region: &wanted.place.region,
        format: wanted.format,
        variables,
        manifest,
        notes,
    };
    let text = match output {
        Output::Jsonl => serde_json::to_string(&document),
        _ => serde_json::to_string_pretty(&document),
    };
    text.map(|text| Secret::new(text + "\n"))
        .map_err(|error| Problem::error("could not write JSON").because(&error))
}
