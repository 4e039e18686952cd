//! The rules: what a detector, or a member's name, says that a value is.

/// Declares the rules, their stable names, their tokens and their groups once, so that no list can drift.
macro_rules! rules {
    ($($(#[$doc:meta])* $variant:ident $name:literal $group:ident,)*) => {
        /// What a detector, or a member's name, says that a value is.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub(crate) enum Rule {
            $($(#[$doc])* $variant,)*
        }

        impl Rule {
            /// Every rule, in order of the discriminants.
            pub(crate) const ALL: [Self; [$($name),*].len()] = [$(Self::$variant),*];

            /// The stable name.
            pub(crate) const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// What stands in place of a value: the name in brackets.
            pub(crate) const fn token(self) -> &'static str {
                match self { $(Self::$variant => concat!("[", $name, "]"),)* }
            }

            /// The group that it is configured with; `None` where it goes by its own name only.
            pub(crate) const fn group(self) -> Option<Group> {
                match self { $(Self::$variant => Group::$group.some(),)* }
            }
        }
    };
}

rules! {
    Email "email" Contact,
    Card "card" Financial,
    Ipv4 "ipv4" Network,
    Ipv6 "ipv6" Network,
    Bearer "bearer" Secrets,
    Jwt "jwt" Secrets,
    Phone "phone" Contact,
    Iban "iban" Financial,
    /// A social security number of the United States.
    Ssn "ssn" Government,
    Mac "mac" Network,
    Imei "imei" Device,
    /// An address of a crypto-currency.
    Crypto "crypto" Financial,
    NationalId "national_id" Government,
    Passport "passport" Government,
    DriverLicense "driver_license" Government,
    TaxId "tax_id" Government,
    HealthId "health_id" Government,
    BankAccount "bank_account" Financial,
    LicensePlate "license_plate" Profile,
    BirthDate "birth_date" Profile,
    Person "person" Profile,
    Address "address" Contact,
    Geo "geo" Profile,
    DeviceId "device_id" Device,
    UserPath "user_path" Profile,
    /// A value under a name such as `password`.
    Secret "secret" Secrets,
    /// A key or token of a known issuer.
    ApiKey "api_key" Secrets,
    PrivateKey "private_key" Secrets,
    /// A password in a URL.
    UrlCredentials "url_credentials" Secrets,
    Cookie "cookie" Secrets,
    /// The seed of one-time passwords.
    Otp "otp" Secrets,
    /// A value under a name that the configuration lists in `pii_fields`.
    Pii "pii" Alone,
    /// `user_id` and `session_id` of the envelope.
    Identifier "identifier" Alone,
    /// What stands behind a URL's question mark.
    UrlQuery "url_query" Alone,
    /// A user agent's comments and minor versions.
    UserAgent "user_agent" Alone,
    /// Prose that no schema has a place for.
    FreeText "free_text" Alone,
    /// A match of one of the configuration's own rules, `privacy.rules`.
    Custom "custom" Alone,
}

/// Rules that are configured together. Each rule is in one group at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Group {
    Secrets,
    Contact,
    Financial,
    Government,
    Network,
    Device,
    Profile,
    /// No group.
    Alone,
}

impl Group {
    /// Every group that has a name.
    pub(crate) const ALL: [Self; 7] =
        [Self::Secrets, Self::Contact, Self::Financial, Self::Government, Self::Network, Self::Device, Self::Profile];

    /// The stable name; none is also a rule's.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Secrets => "secrets",
            Self::Contact => "contact",
            Self::Financial => "financial",
            Self::Government => "government",
            Self::Network => "network",
            Self::Device => "device",
            Self::Profile => "profile",
            Self::Alone => "",
        }
    }

    const fn some(self) -> Option<Self> {
        if matches!(self, Self::Alone) { None } else { Some(self) }
    }
}

/// Rules as a set: those of a length, and those of a first letter. Two names at the most have both.
struct Named {
    by_length: [u64; MAX_NAME + 1],
    by_first: [u64; 256],
}

/// Bytes of the longest name.
const MAX_NAME: usize = 16;

const NAMED: Named = {
    let mut named = Named { by_length: [0; _], by_first: [0; _] };
    let mut i = 0;
    while i < Rule::ALL.len() {
        let name = Rule::ALL[i].name().as_bytes();
        named.by_length[name.len()] |= 1 << i;
        named.by_first[name[0] as usize] |= 1 << i;
        i += 1;
    }
    named
};

impl Rule {
    /// The rule that is called `name`.
    pub(crate) fn named(name: &[u8]) -> Option<Self> {
        let by_first = NAMED.by_first[usize::from(*name.first()?)];
        let mut may_be = NAMED.by_length.get(name.len())? & by_first;
        while may_be != 0 {
            let rule = Self::ALL.get(may_be.trailing_zeros() as usize)?;
            if rule.name().as_bytes() == name {
                return Some(*rule);
            }
            may_be &= may_be - 1;
        }
        None
    }

    /// Whether it guards access to something: removed in every mode, whatever is configured.
    pub(crate) const fn is_secret(self) -> bool {
        matches!(self.group(), Some(Group::Secrets))
    }

    /// Whether a check digit proves a match, so that chance hardly makes one.
    pub(crate) const fn is_checked(self) -> bool {
        matches!(self, Self::Card | Self::Iban)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_rules_and_groups_are_different_words() {
        let mut names: Vec<_> = Rule::ALL.map(Rule::name).into_iter().chain(Group::ALL.map(Group::name)).collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
        for rule in Rule::ALL {
            assert_eq!(Rule::named(rule.name().as_bytes()), Some(rule));
            assert_eq!(rule.token(), format!("[{}]", rule.name()));
        }
    }
}
