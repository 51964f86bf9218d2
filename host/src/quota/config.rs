//! What an organisation may use up: for all, and for those that a pattern names. Part of the configuration.

use std::collections::BTreeMap;

use hookwright_core::ident::OrgName;
use serde::{Deserialize, Serialize};

use crate::access::OrgPattern;

/// Each key stands here once: its documentation, its default, and the layer that may leave it out.
macro_rules! quotas {
    ($($(#[doc = $doc:literal])+ $key:ident: $type:ty = $default:expr, $least:literal;)+) => {
        /// What one organisation may use up.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub struct Quota {
            $($(#[doc = $doc])+ pub $key: $type,)+
        }

        /// What organisations may use up: all of them, and those that are named.
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub struct QuotaConfig {
            $($(#[doc = $doc])+ pub $key: $type,)+
            /// What is otherwise for organisations of a name or pattern. The more specific wins, key by key.
            pub orgs: BTreeMap<OrgPattern, QuotaLayer>,
        }

        /// What is otherwise for some organisations.
        #[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub struct QuotaLayer {
            $($(#[doc = $doc])+ #[serde(skip_serializing_if = "Option::is_none")] pub $key: Option<$type>,)+
        }

        impl Default for QuotaConfig {
            fn default() -> Self {
                Self { $($key: $default,)+ orgs: BTreeMap::new() }
            }
        }

        impl QuotaConfig {
            fn of_all(&self) -> Quota {
                Quota { $($key: self.$key,)+ }
            }

            /// The first key below the least that makes sense: its name, its value and the least.
            pub(crate) fn below(&self) -> Option<(String, u64, u64)> {
                let own = [$((stringify!($key), Some(u64::from(self.$key)), $least)),+];
                let low = |&(_, value, least): &(&str, Option<u64>, u64)| value.is_some_and(|value| value < least);
                if let Some((key, value, least)) = own.into_iter().find(low) {
                    return Some((format!("quotas.{key}"), value?, least));
                }
                self.orgs.iter().find_map(|(pattern, layer)| {
                    let keys = [$((stringify!($key), layer.$key.map(u64::from), $least)),+];
                    let (key, value, least) = keys.into_iter().find(low)?;
                    Some((format!("quotas.orgs.\"{pattern}\".{key}"), value?, least))
                })
            }
        }

        impl QuotaLayer {
            fn lay_over(&self, quota: &mut Quota) {
                $(quota.$key = self.$key.unwrap_or(quota.$key);)+
            }
        }
    };
}

quotas! {
    /// Milliseconds that its plugins may keep a processor busy within a minute, on each host. Default 30,000, half a
    /// processor: to work out a schema of 10,000 tables takes about 10,000 once.
    guest_ms_per_minute: u64 = 30_000, 1;
    /// Lines that are told of its plugins within a minute in a host's log, their own and those of their faults.
    /// Default 600: ten a second, for ever.
    log_lines_per_minute: u32 = 600, 0;
    /// Its plugin calls that run at the same time. Default 16, half of `sandbox.concurrent_calls`: the other half is
    /// always there for others.
    concurrent_calls: u32 = 16, 1;
    /// Its plugin calls that wait for that. Default 256: as many as changes of an organisation may be under way.
    waiting_calls: u32 = 256, 0;
    /// Its changes and comparisons that are only worked out, at the same time; further ones wait. Default 1, as for changes
    /// that are carried out: that is the part of the processors that others leave it when all have much to do.
    concurrent_trials: u32 = 1, 1;
    /// Components that are uploaded for it within an hour, tried out or installed. Default 120: two a minute.
    uploads_per_hour: u32 = 120, 0;
    /// Their bytes. Default 512 MiB: some thirty plugins of the largest kind.
    upload_bytes_per_hour: u64 = 512 << 20, 0;
    /// Plugins that are bound to it. Default 50: each is asked about every event.
    bound_plugins: u32 = 50, 1;
    /// Earlier versions that are kept of all its plugins together, those that worked. Default 50: one of each.
    kept_versions: u32 = 50, 0;
    /// Bytes of the components that it has, bound or earlier. Default 256 MiB: some fifteen of the largest kind.
    kept_bytes: u64 = 256 << 20, 1;
}

impl QuotaConfig {
    /// What an organisation may use up.
    #[must_use]
    pub fn of_org(&self, org: &OrgName) -> Quota {
        let mut quota = self.of_all();
        let mut layers: Vec<_> = self.orgs.iter().filter(|(pattern, _)| pattern.matches(org)).collect();
        layers.sort_by(|(a, _), (b, _)| a.specificity().cmp(&b.specificity()));
        layers.iter().for_each(|(_, layer)| layer.lay_over(&mut quota));
        quota
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_more_specific_wins_key_by_key() {
        let text = "uploads_per_hour = 7
            [orgs.\"acme-*\"]
            uploads_per_hour = 8
            concurrent_calls = 3
            [orgs.acme-live]
            concurrent_calls = 4";
        let config: QuotaConfig = toml::from_str(text).expect("a configuration");
        let of = |name: &str| {
            let quota = config.of_org(&OrgName::parse(name).expect("a name"));
            (quota.uploads_per_hour, quota.concurrent_calls, quota.kept_versions)
        };
        assert_eq!([of("other"), of("acme-test"), of("acme-live")], [(7, 16, 50), (8, 3, 50), (8, 4, 50)]);
    }

    #[test]
    fn what_makes_no_sense_is_named() {
        let config: QuotaConfig = toml::from_str("[orgs.\"a*\"]\nconcurrent_calls = 0").expect("one");
        let key = "quotas.orgs.\"a*\".concurrent_calls".to_owned();
        assert_eq!((QuotaConfig::default().below(), config.below()), (None, Some((key, 0, 1))));
        assert!(toml::from_str::<QuotaConfig>("[orgs.\"a*\"]\nconcurent_calls = 1").is_err());
    }
}
