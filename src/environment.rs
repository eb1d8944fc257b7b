//! The process environment. The only file that reads it (aws-config reads the
//! AWS settings by itself), and the one list of the variables that count.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

/// A variable of the environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Variable(&'static str);

impl Variable {
    /// Its name.
    pub fn name(self) -> &'static str {
        self.0
    }
}

macro_rules! variables {
    ($($(#[doc = $doc:literal])+ $name:ident;)*) => {
        $($(#[doc = $doc])+ pub const $name: Variable = Variable(stringify!($name));)*

        /// Every variable that counts, with what it is for.
        pub const VARIABLES: &[(Variable, &str)] = &[$(($name, concat!($($doc),+))),*];
    };
}

variables! {
    /// The cluster's name.
    AURORA_CLUSTER;
    /// The region of the cluster; before `AWS_REGION`.
    AURORA_REGION;
    /// How many database instances.
    AURORA_INSTANCES;
    /// The class of the instances.
    AURORA_INSTANCE_CLASS;
    /// The database engine.
    AURORA_ENGINE;
    /// The engine's version.
    AURORA_ENGINE_VERSION;
    /// The master user.
    AURORA_USERNAME;
    /// The master user's password.
    AURORA_PASSWORD;
    /// The snapshot to restore.
    AURORA_DB_SNAPSHOT_ID;
    /// The security group's name.
    AURORA_SECURITY_GROUP_NAME;
    /// The subnet group's name.
    AURORA_SUBNET_GROUP_NAME;
    /// The region where `AURORA_REGION` is not set; also the ROSA cluster's.
    AWS_REGION;
    /// The region where neither is set; else that of the AWS profile counts.
    AWS_DEFAULT_REGION;
    /// The ROSA cluster's name.
    CLUSTER_NAME;
    /// The ROSA cluster's VPC.
    ROSA_VPC;
    /// An offline, refresh or access token of OpenShift Cluster Manager.
    OCM_TOKEN;
    /// A service account of OpenShift Cluster Manager.
    OCM_CLIENT_ID;
    /// The service account's secret.
    OCM_CLIENT_SECRET;
    /// Another OpenShift Cluster Manager than the production one.
    OCM_URL;
    /// Where its access tokens are had.
    OCM_TOKEN_URL;
    /// Which AWS credentials the next one is about.
    AWS_ACCESS_KEY_ID;
    /// When the AWS credentials of the environment end.
    AWS_CREDENTIAL_EXPIRATION;
    /// Another endpoint than AWS's own, also part of the account's identity.
    AWS_ENDPOINT_URL;
    /// The state file.
    STEPWELL_STATE;
    /// What is run at the end of each run.
    STEPWELL_ON_FINISH;
    /// Where state lives by default.
    XDG_STATE_HOME;
    /// Where `.local/state` is.
    HOME;
    /// Who is at work.
    USER;
    /// Who is at work, where `USER` is not set.
    LOGNAME;
    /// Set by CI systems, unless to `false`: no live display.
    CI;
    /// The kind of terminal; `dumb`, or none, means no live display and no colour.
    TERM;
    /// Set to anything: no colour.
    NO_COLOR;
    /// The locale: one without UTF-8 gets ASCII.
    LC_ALL;
    /// The locale's letters, where `LC_ALL` is not set.
    LC_CTYPE;
    /// The locale, where neither is set.
    LANG;
}

/// The variables that count, as they were when the process started.
#[derive(Debug, Clone, Default)]
pub struct Environment {
    variables: BTreeMap<Variable, OsString>,
    has_profile: bool,
}

/// The home that the user database names for this process's user.
pub fn passwd_home() -> Option<PathBuf> {
    // The standard library asks all of the database where HOME is not set. What
    // is in the way of a HOME that is set is in the file: root, and the users
    // that a container makes up.
    if std::env::var_os("HOME").is_none() {
        return std::env::home_dir();
    }
    let database = std::fs::read_to_string("/etc/passwd").ok()?;
    let user = rustix::process::geteuid().as_raw().to_string();
    let mut entries = database.lines().map(|line| line.split(':'));
    let mut entry = entries.find(|entry| entry.clone().nth(2) == Some(&user))?;
    entry.nth(5).map(PathBuf::from)
}

impl Environment {
    /// Reads the process environment.
    pub fn read() -> Self {
        let known = VARIABLES.iter().map(|(variable, _)| *variable);
        Self {
            variables: known
                .filter_map(|variable| Some((variable, std::env::var_os(variable.0)?)))
                .collect(),
            has_profile: false,
        }
    }

    /// The same with the AWS profile of the configuration files, which a sandbox
    /// does not read.
    #[must_use]
    pub fn with_profile(self, has_profile: bool) -> Self {
        Self {
            has_profile,
            ..self
        }
    }

    /// The region of the AWS profile, if it has one.
    pub fn profile_region(&self) -> Option<String> {
        self.has_profile
            .then(stepwell_workflows::profile_region)
            .flatten()
    }

    /// An environment of these variables.
    pub fn of(variables: &[(Variable, &str)]) -> Self {
        Self {
            variables: variables
                .iter()
                .map(|(variable, value)| (*variable, OsString::from(value)))
                .collect(),
            has_profile: false,
        }
    }

    /// A variable's value; one that is empty counts as not set, as in the
    /// shell's `${X:-default}`.
    pub fn get(&self, variable: Variable) -> Option<&OsStr> {
        self.variables
            .get(&variable)
            .map(OsString::as_os_str)
            .filter(|value| !value.is_empty())
    }

    /// A variable's value as text.
    pub fn text(&self, variable: Variable) -> Option<String> {
        self.get(variable)
            .map(|value| value.to_string_lossy().into_owned())
    }

    /// A variable's value as a path.
    pub fn path(&self, variable: Variable) -> Option<PathBuf> {
        self.get(variable).map(PathBuf::from)
    }
}
