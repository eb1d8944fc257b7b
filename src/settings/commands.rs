//! Commands in what is printed, as they have to be typed to work from anywhere.

use stepwell_workflows::Target;

use super::Settings;
use crate::report::shell;
use crate::settings::place::ClusterArguments;
use crate::settings::rosa::RosaArguments;

/// How a command begins in the texts of the workflows, which know neither the
/// state file nor the account nor, often, what the whole command is about.
const COMMAND: &str = "`stepwell ";

/// What a text is about: what its commands lack is taken from here.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Subject {
    run: Option<String>,
    /// `--cluster C --region R`
    cluster: String,
    /// `--rosa-vpc V`
    rosa: String,
}

impl Subject {
    /// A run and its target. For all peerings of a ROSA cluster, the region is
    /// the VPC's.
    pub fn of_run(run: &str, target: &str) -> Self {
        let known: Option<Target> = target.parse().ok();
        let region = known.as_ref().map(|target| target.region().to_owned());
        let part =
            |part: fn(&Target) -> Option<&str>| known.as_ref().and_then(part).map(str::to_owned);
        let (cluster, vpc) = (part(Target::cluster_name), part(Target::rosa_vpc));
        let (cluster, rosa) = match &cluster {
            None => (
                String::new(),
                flags(&[("--rosa-vpc", &vpc), ("--rosa-region", &region)]),
            ),
            Some(_) => (
                flags(&[("--cluster", &cluster), ("--region", &region)]),
                flags(&[("--rosa-vpc", &vpc)]),
            ),
        };
        Self {
            run: Some(run.to_owned()),
            cluster,
            rosa,
        }
    }

    /// The clusters that a command line names. What the environment names stays
    /// there.
    pub fn of_clusters(cluster: &ClusterArguments, rosa: &RosaArguments) -> Self {
        Self {
            run: None,
            cluster: flags(&[
                ("--cluster", &cluster.cluster),
                ("--region", &cluster.region),
            ]),
            rosa: flags(&[
                ("--rosa-cluster", &rosa.rosa_cluster),
                ("--rosa-vpc", &rosa.rosa_vpc),
                ("--rosa-region", &rosa.rosa_region),
                ("--rosa-profile", &rosa.rosa_profile),
            ]),
        }
    }

    /// A command's words with the arguments that it lacks.
    fn complete(&self, words: &str) -> String {
        let mut own = words.split(' ');
        let (group, verb) = (own.next().unwrap_or_default(), own.next());
        match (group, verb) {
            ("resume" | "rollback", None) => match &self.run {
                Some(run) => format!("{group} {run}"),
                None => words.to_owned(),
            },
            (_, Some(verb)) if !words.contains("--cluster") => {
                let rest = words[group.len() + 1 + verb.len()..].to_owned();
                let (cluster, rosa) = match (group, verb) {
                    ("peering", "create" | "delete") if words.contains("--rosa-") => {
                        (&*self.cluster, "")
                    }
                    ("peering", "create" | "delete") => (&*self.cluster, &*self.rosa),
                    ("aurora", "create" | "endpoint" | "scale" | "delete" | "psql" | "reset")
                    | ("keycloak", "env")
                    | ("peering", "verify" | "list") => (&*self.cluster, ""),
                    _ => ("", ""),
                };
                format!("{group} {verb}{cluster}{rosa}{rest}")
            }
            _ => words.to_owned(),
        }
    }
}

/// The flags that have values, each with a space before it.
fn flags(all: &[(&str, &Option<String>)]) -> String {
    let flag = |(name, value): &(&str, &Option<String>)| {
        Some(format!(" {name} {}", shell::quote(value.as_ref()?)))
    };
    all.iter().filter_map(flag).collect()
}

impl Settings {
    /// The command line that does something with a run.
    pub fn command_for(&self, verb: &str, run: &str) -> String {
        format!("{} {verb} {run}", self.invocation)
    }

    /// A text with the commands in it as they have to be typed: with the state
    /// file, with what they lack of the text's subject, and where they start
    /// something new, with the account (`sandboxed` says whether that is the
    /// sandbox).
    pub fn placed(&self, text: &str, sandboxed: bool, subject: &Subject) -> String {
        let account = match &self.endpoint_url {
            _ if sandboxed => " --sandbox".to_owned(),
            Some(url) => format!(" --endpoint-url {}", shell::quote(url)),
            None => String::new(),
        };
        let mut parts = text.split(COMMAND);
        let mut placed = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let (words, rest) = part.split_once('`').unwrap_or((part, ""));
            if words.starts_with("--") {
                // It is placed already.
                placed.push_str(&format!("{COMMAND}{words}`{rest}"));
                continue;
            }
            let first = words.split(' ').next().unwrap_or_default();
            let account = match first {
                "resume" | "rollback" | "runs" => "",
                _ => &account,
            };
            let words = subject.complete(words);
            placed.push_str(&format!("`{}{account} {words}`{rest}", self.invocation));
        }
        placed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_command_lacks_is_taken_from_its_subject() {
        let of = |target| Subject::of_run("01a2", target);
        let cluster = of("aurora/eu-west-1/keycloak");
        let cases = [
            ("resume", "resume 01a2"),
            ("rollback", "rollback 01a2"),
            ("resume 01b3", "resume 01b3"),
            (
                "aurora delete",
                "aurora delete --cluster keycloak --region eu-west-1",
            ),
            (
                "keycloak env --format secret",
                "keycloak env --cluster keycloak --region eu-west-1 --format secret",
            ),
            (
                "aurora delete --cluster other --region us-east-1",
                "aurora delete --cluster other --region us-east-1",
            ),
            ("aurora list --all-regions", "aurora list --all-regions"),
            ("runs show 01a2", "runs show 01a2"),
        ];
        for (bare, whole) in cases {
            assert_eq!(cluster.complete(bare), whole);
        }
        assert_eq!(
            of("peering/eu-west-1/keycloak/vpc-1").complete("peering create"),
            "peering create --cluster keycloak --region eu-west-1 --rosa-vpc vpc-1"
        );
        assert_eq!(
            of("peering/eu-west-1/*/vpc-1").complete("peering delete --all"),
            "peering delete --rosa-vpc vpc-1 --rosa-region eu-west-1 --all"
        );
        assert_eq!(Subject::default().complete("resume"), "resume");
    }
}
