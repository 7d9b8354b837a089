//! What ACLs are made of, in Kafka's terms.

use std::fmt;
use std::str::FromStr;

/// A list of Kafka's codes with a word for each. Words are read in any spelling: describe-configs, DescribeConfigs,
/// DESCRIBE_CONFIGS.
macro_rules! codes {
    ($(#[$about:meta])* $name:ident: $what:literal { $($(#[$doc:meta])* $variant:ident = $code:literal $word:literal,)* }) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum $name {
            $($(#[$doc])* $variant,)*
            /// One that is not known here, by its code.
            Unknown(i8),
        }

        impl $name {
            /// All that are known.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// Kafka's code.
            pub const fn code(self) -> i8 {
                match self {
                    $(Self::$variant => $code,)*
                    Self::Unknown(code) => code,
                }
            }

            /// The one with this code.
            pub const fn of_code(code: i8) -> Self {
                match code {
                    $($code => Self::$variant,)*
                    code => Self::Unknown(code),
                }
            }

            /// Kafka's word for it, in small letters.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)*
                    Self::Unknown(_) => "unknown",
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self {
                    Self::Unknown(code) => write!(out, "unknown-{code}"),
                    known => out.write_str(known.name()),
                }
            }
        }

        impl FromStr for $name {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, String> {
                let found = Self::ALL.iter().find(|known| letters(known.name()).eq(letters(text)));
                found.copied().ok_or_else(|| {
                    let names: Vec<&str> = Self::ALL.iter().map(|known| known.name()).collect();
                    format!("\"{text}\" is no {}: {}", $what, names.join(", "))
                })
            }
        }
    };
}

fn letters(text: &str) -> impl Iterator<Item = char> {
    let letters = text.chars().filter(|c| !matches!(c, '-' | '_'));
    letters.map(|c| c.to_ascii_lowercase())
}

codes! {
    /// Kind of thing that access is about.
    AclResource: "type of resource" {
        /// Topics.
        Topic = 2 "topic",
        /// Groups.
        Group = 3 "group",
        /// The cluster.
        Cluster = 4 "cluster",
        /// Transactional ids.
        TransactionalId = 5 "transactional-id",
        /// Delegation tokens, by their ids.
        DelegationToken = 6 "delegation-token",
        /// Users, as owners of tokens.
        User = 7 "user",
    }
}

codes! {
    /// How a name of a resource is meant. The first two are for filters only.
    AclPattern: "type of pattern" {
        /// This name, whatever the pattern's type.
        Any = 1 "any",
        /// Whatever decides about the resource of this name: itself, its prefixes, and `*`.
        Match = 2 "match",
        /// The resource of this name; `*` is all of them.
        Literal = 3 "literal",
        /// Resources whose names begin so.
        Prefixed = 4 "prefixed",
    }
}

codes! {
    /// What is done.
    AclOperation: "operation" {
        /// Anything.
        All = 2 "all",
        /// Reading.
        Read = 3 "read",
        /// Writing.
        Write = 4 "write",
        /// Creating.
        Create = 5 "create",
        /// Deleting.
        Delete = 6 "delete",
        /// Altering.
        Alter = 7 "alter",
        /// Describing.
        Describe = 8 "describe",
        /// What brokers do among themselves.
        ClusterAction = 9 "cluster-action",
        /// Describing configurations.
        DescribeConfigs = 10 "describe-configs",
        /// Altering configurations.
        AlterConfigs = 11 "alter-configs",
        /// Idempotent writing.
        IdempotentWrite = 12 "idempotent-write",
        /// Creating tokens for others.
        CreateTokens = 13 "create-tokens",
        /// Describing tokens of others.
        DescribeTokens = 14 "describe-tokens",
        /// Taking part in commits in two phases (KIP-939).
        TwoPhaseCommit = 15 "two-phase-commit",
    }
}

codes! {
    /// Yes or no. A no is stronger.
    AclPermission: "permission" {
        /// No.
        Deny = 2 "deny",
        /// Yes.
        Allow = 3 "allow",
    }
}

impl AclResource {
    /// What can be done to it, as Kafka's authorizer has it; besides all of that.
    pub const fn operations(self) -> &'static [AclOperation] {
        use AclOperation as Op;
        match self {
            Self::Topic => &[
                Op::Read,
                Op::Write,
                Op::Create,
                Op::Describe,
                Op::Delete,
                Op::Alter,
                Op::DescribeConfigs,
                Op::AlterConfigs,
            ],
            Self::Group => &[
                Op::Read,
                Op::Describe,
                Op::Delete,
                Op::DescribeConfigs,
                Op::AlterConfigs,
            ],
            Self::Cluster => &[
                Op::Create,
                Op::ClusterAction,
                Op::DescribeConfigs,
                Op::AlterConfigs,
                Op::IdempotentWrite,
                Op::Alter,
                Op::Describe,
            ],
            Self::TransactionalId => &[Op::Describe, Op::Write, Op::TwoPhaseCommit],
            Self::DelegationToken => &[Op::Describe],
            Self::User => &[Op::CreateTokens, Op::DescribeTokens],
            Self::Unknown(_) => &[],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_in_any_spelling_and_codes_are_kafkas() {
        for text in [
            "describe-configs",
            "DescribeConfigs",
            "DESCRIBE_CONFIGS",
            "describeconfigs",
        ] {
            assert_eq!(text.parse(), Ok(AclOperation::DescribeConfigs));
        }
        assert!("describes".parse::<AclOperation>().is_err() && "".parse::<AclPattern>().is_err());
        for operation in AclOperation::ALL {
            assert_eq!(AclOperation::of_code(operation.code()), *operation);
            assert_eq!(operation.to_string().parse(), Ok(*operation));
        }
        assert_eq!(AclPermission::of_code(9).to_string(), "unknown-9");
        assert_eq!((AclResource::User.code(), AclPattern::Prefixed.code()), (7, 4));
    }
}
