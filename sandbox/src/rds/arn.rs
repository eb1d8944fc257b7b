//! Names that come as ARNs.

use super::*;

/// The parts of `arn:aws:rds:REGION:ACCOUNT:KIND:NAME`.
pub(crate) struct Arn<'a> {
    pub(crate) region: &'a str,
    pub(crate) account: &'a str,
    pub(crate) kind: &'a str,
    /// In lower case, as RDS keeps names.
    pub(crate) name: String,
}

impl<'a> Arn<'a> {
    pub(crate) fn parse(text: &'a str) -> Option<Self> {
        let parts: Vec<&str> = text.splitn(7, ':').collect();
        let ["arn", "aws", "rds", region, account, kind, name] = parts[..] else {
            return None;
        };
        Some(Self {
            region,
            account,
            kind,
            name: name.to_ascii_lowercase(),
        })
    }

    /// A cluster that is given by its ARN, or by its name in the region of the call.
    pub(crate) fn of_cluster(context: &'a Context<'_>, text: &'a str) -> Self {
        Self::parse(text).unwrap_or_else(|| Self {
            region: context.region,
            account: &context.world.account_id,
            kind: "cluster",
            name: text.to_ascii_lowercase(),
        })
    }

    pub(crate) fn is_own(&self, context: &Context<'_>) -> bool {
        self.account == context.world.account_id
    }
}
