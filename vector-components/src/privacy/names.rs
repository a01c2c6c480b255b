//! Names whose values are secrets, as clients spell them: `accessToken`, `user[password]`,
//! `%74oken`, `card.number`.
//!
//! Rule's source: our own lists. A name is decoded, taken apart at brackets, dots and the like, and
//! compared without regard to case, `-`, `_` and spaces; each part counts, and so does the whole.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

/// Names whose values are never for analytics, neither as a property nor in an address. In the
/// order of the alphabet.
pub const REDACTED: [&str; 35] = [
    "accesstoken",
    "apikey",
    "authorization",
    "cardnumber",
    "clientsecret",
    "creditcard",
    "creditcardnumber",
    "cvc",
    "cvv",
    "iban",
    "idtoken",
    "jwt",
    "otp",
    "passphrase",
    "passwd",
    "password",
    "password1",
    "password2",
    "passwordagain",
    "passwordconfirm",
    "passwordconfirmation",
    "passwordhash",
    "passwordrepeat",
    "passwordverify",
    "privatekey",
    "pwd",
    "refreshtoken",
    "secret",
    "secretkey",
    "sessiontoken",
    "setcookie",
    "signingkey",
    "socialsecuritynumber",
    "ssn",
    "token",
];
/// Names whose values are secrets, or name a person, in an address; as a property they may be
/// harmless. In the order of the alphabet.
pub const SCRUBBED: [&str; 18] = [
    "accesskey",
    "auth",
    "code",
    "credential",
    "credentials",
    "email",
    "emailaddress",
    "jsessionid",
    "key",
    "mail",
    "phone",
    "phonenumber",
    "phpsessid",
    "samlresponse",
    "sig",
    "signature",
    "xamzcredential",
    "xamzsignature",
];
/// `new_password` and `stripeToken` are what they end with.
const REDACTED_ENDS: [&str; 7] = ["apikey", "authorization", "passphrase", "passwd", "password", "secret", "token"];
/// Likewise in an address: `user_email`.
const SCRUBBED_ENDS: [&str; 1] = ["email"];
/// Encodings of encodings that are undone; nobody's router goes further.
const DECODINGS_MAX: usize = 8;

/// The names, with those that the operator adds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    /// In their plain form.
    own: Vec<String>,
}

impl Names {
    /// The lists and `own` names.
    pub fn new<'n>(own: impl IntoIterator<Item = &'n str>) -> Self {
        let own = own.into_iter().map(|name| plain(name).into_owned());
        Self { own: own.filter(|name| !name.is_empty()).collect() }
    }

    /// How many the operator added.
    #[must_use]
    pub fn own_len(&self) -> usize {
        self.own.len()
    }

    /// Whether the value of a property of this name is a secret.
    #[must_use]
    pub fn is_property(&self, name: &str) -> bool {
        any_part(name, |part| self.is_redacted(part))
    }

    /// Whether the value of an address's parameter of this name is a secret.
    #[must_use]
    pub fn is_parameter(&self, name: &str) -> bool {
        any_part(name, |part| {
            SCRUBBED.binary_search(&part).is_ok()
                || SCRUBBED_ENDS.iter().any(|end| part.ends_with(end))
                || self.is_redacted(part)
        })
    }

    fn is_redacted(&self, part: &str) -> bool {
        REDACTED.binary_search(&part).is_ok()
            || REDACTED_ENDS.iter().any(|end| part.ends_with(end))
            || self.own.iter().any(|own| own == part)
    }
}

/// The whole name and each of its parts, in their plain form.
fn any_part(name: &str, is_secret: impl Fn(&str) -> bool) -> bool {
    let name = decoded(name);
    let is_between = |c: char| !(c.is_alphanumeric() || matches!(c, '-' | '_' | ' ' | '+'));
    if name.contains(is_between) && name.split(is_between).any(|part| is_secret(&plain(part))) {
        return true;
    }
    is_secret(&plain(&name))
}

/// Without percent-encoding, however often it was encoded.
fn decoded(name: &str) -> Cow<'_, str> {
    let mut name = Cow::Borrowed(name);
    for _ in 0..DECODINGS_MAX {
        if !name.contains('%') {
            break;
        }
        let once = percent_decode_str(&name).decode_utf8_lossy().into_owned();
        if once == *name {
            break;
        }
        name = Cow::Owned(once);
    }
    name
}

/// In lower case, letters and digits alone.
fn plain(name: &str) -> Cow<'_, str> {
    let is_plain = name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    match is_plain {
        true => Cow::Borrowed(name),
        false => name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lists_are_sorted_and_plain() {
        assert!(REDACTED.is_sorted() && SCRUBBED.is_sorted());
        assert!(REDACTED.iter().chain(&SCRUBBED).all(|name| plain(name) == **name));
    }

    #[test]
    fn golden_names() {
        let names = Names::new(["Customer E-Mail", "", "user.pin"]);
        assert_eq!(names.own_len(), 2);
        for name in [
            "password",
            "Pass-Word",
            "user[password]",
            "token[]",
            "%74oken",
            "%2574oken",
            "user%5Bpassword%5D",
            "accessToken",
            "new_password",
            "form.password.0",
            "customer_email",
            "user.pin",
            "X-Api-Key",
            "a b/authorization",
        ] {
            assert!(names.is_property(name) && names.is_parameter(name), "{name}");
        }
        for name in ["email", "user[email]", "e-mail", "code", "key", "sig"] {
            assert!(names.is_parameter(name) && !names.is_property(name), "{name}");
        }
        for name in [
            "keyword",
            "monkey",
            "keyboard",
            "tokens",
            "passwordless",
            "pin",
            "utm_source",
            "plan",
            "",
            "%",
            "max_tokens",
        ] {
            assert!(!names.is_parameter(name), "{name}");
        }
    }
}
