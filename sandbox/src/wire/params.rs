//! The parameters of one request, as the query form has them.

use super::error::{ApiError, ApiResult, refusal, refuse};
use std::collections::{BTreeMap, BTreeSet};

/// A query filter: a name and the values of which one must match.
#[derive(Clone, Debug)]
pub(crate) struct Filter {
    pub(crate) name: String,
    pub(crate) values: Vec<String>,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Params(pub(crate) BTreeMap<String, String>);

impl Params {
    /// Adds the pairs of a form (`a=b&c=d`).
    pub(crate) fn add_form(&mut self, form: &str) {
        self.0
            .extend(form_urlencoded::parse(form.as_bytes()).into_owned());
    }

    /// A parameter that is present and not empty.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0
            .get(name)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    }

    /// Whether the parameter is there, be it empty.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    pub(crate) fn need(&self, name: &str) -> ApiResult<&str> {
        self.get(name).ok_or_else(|| ApiError::missing(name))
    }

    pub(crate) fn flag(&self, name: &str) -> ApiResult<Option<bool>> {
        match self.get(name) {
            None => Ok(None),
            Some(text) if text.eq_ignore_ascii_case("true") => Ok(Some(true)),
            Some(text) if text.eq_ignore_ascii_case("false") => Ok(Some(false)),
            Some(text) => Err(refusal!("InvalidParameterValue":
                "Invalid value '{text}' for {name}. Must be true or false")),
        }
    }

    /// Whether the parameter is there and true.
    pub(crate) fn is_set(&self, name: &str) -> ApiResult<bool> {
        Ok(self.flag(name)?.unwrap_or(false))
    }

    pub(crate) fn number(&self, name: &str) -> ApiResult<Option<i64>> {
        self.get(name)
            .map(|text| {
                text.parse().map_err(|_| {
                    refusal!("InvalidParameterValue":
                        "Invalid value '{text}' for {name}: not a number")
                })
            })
            .transpose()
    }

    pub(crate) fn need_number(&self, name: &str) -> ApiResult<i64> {
        self.number(name)?.ok_or_else(|| ApiError::missing(name))
    }

    /// The indices under `prefix.`, ascending.
    pub(crate) fn indices(&self, prefix: &str) -> Vec<u32> {
        let dotted = format!("{prefix}.");
        let found: BTreeSet<u32> = self
            .0
            .range(dotted.clone()..)
            .take_while(|(name, _)| name.starts_with(&dotted))
            .filter_map(|(name, _)| name[dotted.len()..].split('.').next()?.parse().ok())
            .collect();
        found.into_iter().collect()
    }

    /// The elements `prefix.1`, `prefix.2`, …
    pub(crate) fn list(&self, prefix: &str) -> Vec<String> {
        self.indices(prefix)
            .into_iter()
            .filter_map(|index| self.get(&format!("{prefix}.{index}")))
            .map(str::to_owned)
            .collect()
    }

    /// A list in either form that clients use: `Name.member.1` or `Name.Element.1`.
    pub(crate) fn wrapped_list(&self, name: &str, element: &str) -> Vec<String> {
        let values = self.list(&format!("{name}.{element}"));
        if values.is_empty() {
            self.list(&format!("{name}.member"))
        } else {
            values
        }
    }

    /// Tags under `prefix.1.Key`, `prefix.1.Value`, … checked for AWS's limits.
    pub(crate) fn tags(&self, prefix: &str) -> ApiResult<BTreeMap<String, String>> {
        let mut tags = BTreeMap::new();
        for index in self.indices(prefix) {
            let key = self
                .get(&format!("{prefix}.{index}.Key"))
                .ok_or_else(|| refusal!("InvalidParameterValue": "Tag keys can't be empty"))?;
            let value = self.get(&format!("{prefix}.{index}.Value")).unwrap_or("");
            if key.chars().count() > 128 || value.chars().count() > 256 {
                refuse!("InvalidParameterValue":
                    "Tag '{key}' exceeds the maximum length (key 128, value 256)");
            }
            if key.to_ascii_lowercase().starts_with("aws:") {
                refuse!("InvalidParameterValue":
                    "Tag keys starting with 'aws:' are reserved for internal use: {key}");
            }
            if tags.insert(key.to_owned(), value.to_owned()).is_some() {
                refuse!("InvalidParameterValue": "Duplicate tag key '{key}' specified.");
            }
        }
        if tags.len() > 50 {
            refuse!("TagLimitExceeded": "More than 50 tags specified.");
        }
        Ok(tags)
    }

    /// Filters under `prefix.1.Name`, with values under `prefix.1.<values>.1`.
    pub(crate) fn filters(&self, prefix: &str, values: &str) -> ApiResult<Vec<Filter>> {
        self.indices(prefix)
            .into_iter()
            .map(|index| {
                let name = self.need(&format!("{prefix}.{index}.Name"))?.to_owned();
                let values: Vec<String> = self.list(&format!("{prefix}.{index}.{values}"));
                if values.is_empty() {
                    refuse!("InvalidParameterValue": "The filter '{name}' has no value");
                }
                Ok(Filter { name, values })
            })
            .collect()
    }
}

/// Whether `value` matches `pattern`, in which `*` is any text and `?` any character.
pub(crate) fn wildcard(pattern: &str, value: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let value: Vec<char> = value.chars().collect();
    let (mut p, mut v, mut star) = (0, 0, None);
    while v < value.len() {
        if p < pattern.len() && pattern[p] == '*' {
            star = Some((p, v));
            p += 1;
        } else if p < pattern.len() && (pattern[p] == '?' || pattern[p] == value[v]) {
            p += 1;
            v += 1;
        } else if let Some((star_p, star_v)) = star {
            p = star_p + 1;
            v = star_v + 1;
            star = Some((star_p, star_v + 1));
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}
