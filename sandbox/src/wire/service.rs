//! The services of AWS that are simulated.

use std::fmt;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Service {
    Ec2,
    Rds,
    Sts,
    SecretsManager,
}

impl Service {
    /// The name in the credential scope.
    #[must_use]
    pub fn signing_name(self) -> &'static str {
        match self {
            Self::Ec2 => "ec2",
            Self::Rds => "rds",
            Self::Sts => "sts",
            Self::SecretsManager => "secretsmanager",
        }
    }

    pub(crate) fn from_signing_name(name: &str) -> Option<Self> {
        [Self::Ec2, Self::Rds, Self::Sts, Self::SecretsManager]
            .into_iter()
            .find(|service| service.signing_name() == name)
    }
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.signing_name())
    }
}
