//! The capacity of Aurora Serverless v2.

use std::fmt;
use std::str::FromStr;

use aws_sdk_rds::types::{DbCluster, ServerlessV2ScalingConfiguration};
use serde::{Deserialize, Serialize};

use crate::input::InvalidInput;

/// The class of instances that are serverless.
pub(crate) const SERVERLESS: &str = "db.serverless";

/// Between which bounds the instances of a cluster scale, in Aurora capacity
/// units (ACU) by halves. Written `0.5-16`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Capacity {
    /// In half units.
    min: u16,
    /// In half units.
    max: u16,
}

impl Default for Capacity {
    fn default() -> Self {
        Self { min: 1, max: 32 }
    }
}

/// A number of units, in halves.
fn halves(text: &str) -> Option<u16> {
    let (whole, half) = match text.split_once('.') {
        None => (text, 0),
        Some((whole, "0")) => (whole, 0),
        Some((whole, "5")) => (whole, 1),
        Some(_) => return None,
    };
    let digits = !whole.is_empty() && whole.bytes().all(|byte| byte.is_ascii_digit());
    let units: u16 = whole.parse().ok().filter(|units| *units <= 256)?;
    digits.then_some(units * 2 + half)
}

impl FromStr for Capacity {
    type Err = InvalidInput;

    /// Reads `MIN-MAX`. (RDS API reference, `ServerlessV2ScalingConfiguration`:
    /// half steps up to 256, the maximum at least 1; a minimum of 0, which
    /// pauses what is idle, is not for every version.)
    fn from_str(text: &str) -> Result<Self, InvalidInput> {
        let bounds = text
            .split_once('-')
            .and_then(|(min, max)| Some((halves(min)?, halves(max)?)));
        let problem = match bounds {
            None => "is no capacity",
            Some((_, max)) if !(2..=512).contains(&max) => "has a maximum out of range",
            Some((min, max)) if min > max => "has a minimum above its maximum",
            Some((min, max)) => return Ok(Self { min, max }),
        };
        Err(InvalidInput {
            input: "serverless-capacity",
            value: text.to_owned(),
            problem: problem.to_owned(),
            allowed: "MIN-MAX in half steps, the minimum 0 to 256 and the maximum 1 to 256, such as 0.5-16".to_owned(),
        })
    }
}

impl TryFrom<String> for Capacity {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
            .map_err(|error: InvalidInput| error.to_string())
    }
}

impl From<Capacity> for String {
    fn from(capacity: Capacity) -> Self {
        capacity.to_string()
    }
}

impl fmt::Display for Capacity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", units(self.min), units(self.max))
    }
}

fn units(halves: u16) -> f64 {
    f64::from(halves) / 2.0
}

impl Capacity {
    /// As RDS takes it.
    pub(crate) fn scaling(self) -> ServerlessV2ScalingConfiguration {
        ServerlessV2ScalingConfiguration::builder()
            .min_capacity(units(self.min))
            .max_capacity(units(self.max))
            .build()
    }

    /// That of a cluster, as text, if it has one.
    pub(crate) fn of(cluster: &DbCluster) -> Option<String> {
        let scaling = cluster.serverless_v2_scaling_configuration()?;
        Some(format!(
            "{}-{}",
            scaling.min_capacity()?,
            scaling.max_capacity()?
        ))
    }

    /// Why it is not within what an engine version supports, if it is not.
    pub(crate) fn exceeds(self, least: Option<f64>, most: Option<f64>) -> Option<String> {
        if least.is_some_and(|least| units(self.min) < least) {
            return Some("has a minimum below what the engine version supports".to_owned());
        }
        if most.is_some_and(|most| units(self.max) > most) {
            return Some("has a maximum above what the engine version supports".to_owned());
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::Capacity;

    #[test]
    fn capacities_by_their_form() {
        for good in ["0.5-16", "0-1", "8-8", "0.5-256", "12.5-13"] {
            let capacity: Capacity = good.parse().expect(good);
            assert_eq!(capacity.to_string(), good);
        }
        let whole: Capacity = "1.0-2.0".parse().expect("a capacity");
        assert_eq!(whole.to_string(), "1-2");
        for bad in [
            "",
            "1",
            "1-",
            "-1",
            "0-0.5",
            "2-1",
            "0.25-1",
            "0.5-256.5",
            "1-257",
            "+1-2",
            "a-b",
            "1-2-3",
            ".5-1",
        ] {
            assert!(bad.parse::<Capacity>().is_err(), "{bad:?} is taken");
        }
        assert_eq!(Capacity::default().to_string(), "0.5-16");
    }

    #[test]
    fn capacities_within_what_a_version_supports() {
        let capacity: Capacity = "0-256".parse().expect("a capacity");
        assert_eq!(capacity.exceeds(Some(0.0), Some(256.0)), None);
        assert_eq!(capacity.exceeds(None, None), None);
        assert!(capacity.exceeds(Some(0.5), Some(256.0)).is_some());
        assert!(capacity.exceeds(Some(0.0), Some(128.0)).is_some());
    }
}
