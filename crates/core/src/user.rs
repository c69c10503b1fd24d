//! People: accounts, roles, e-mail addresses and the rule for passwords.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{id::UserId, text::FullName};

/// What a person may do, from least to most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Own tickets and files only.
    User,
    /// All tickets, files and knowledge.
    Agent,
    /// Everything, settings and users included.
    Admin,
}

impl Role {
    /// All roles, from least to most.
    pub const ALL: [Role; 3] = [Role::User, Role::Agent, Role::Admin];

    /// The word used in the API and the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Agent => "agent",
            Self::Admin => "admin",
        }
    }

    /// Whether tickets can be assigned to people of this role, and all tickets be seen by them.
    #[must_use]
    pub const fn is_staff(self) -> bool {
        matches!(self, Self::Agent | Self::Admin)
    }
}

impl std::fmt::Display for Role {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for Role {
    type Err = UnknownRole;
    fn from_str(s: &str) -> Result<Self, UnknownRole> {
        Self::ALL.into_iter().find(|r| r.as_str() == s).ok_or(UnknownRole)
    }
}

/// The text names no role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("The role is one of user, agent, admin.")]
pub struct UnknownRole;

/// A person's account as others may see it. The password's hash is never part of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Its identity.
    pub id: UserId,
    /// The address, as the person wrote it.
    pub email: Email,
    /// The person's name.
    pub full_name: FullName,
    /// What the person may do.
    pub role: Role,
    /// Whether the person may log in; an inactive person has no access at all.
    pub is_active: bool,
    /// When the account was made.
    pub created_at: DateTime<Utc>,
    /// Counts every change, for `ETag`.
    pub version: i64,
}

/// A person as shown inside a ticket or a comment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserSummary {
    /// Identity of the account.
    pub id: UserId,
    /// The address.
    pub email: String,
    /// The name.
    pub full_name: String,
}

/// An account to be made.
#[derive(Debug, Clone)]
pub struct NewUser {
    /// The address; unique without regard to case.
    pub email: Email,
    /// The password; `None` makes a contact, who cannot log in until an admin sets one.
    pub password: Option<Password>,
    /// The person's name.
    pub full_name: FullName,
    /// What the person may do.
    pub role: Role,
}

/// What an admin changes about an account.
#[derive(Debug, Clone, Default)]
pub struct UserPatch {
    /// A new role.
    pub role: Option<Role>,
    /// Allow or end access.
    pub is_active: Option<bool>,
    /// A new name.
    pub full_name: Option<FullName>,
}

/// What a person changes about their own account.
#[derive(Debug, Clone, Default)]
pub struct ProfilePatch {
    /// A new name.
    pub full_name: Option<FullName>,
    /// A new password, with the present one as proof.
    pub password: Option<PasswordChange>,
}

/// A change of password by its owner.
#[derive(Debug, Clone)]
pub struct PasswordChange {
    /// The present password.
    pub current: Password,
    /// The one to be.
    pub new: Password,
}

/// An e-mail address. Keeps the person's spelling; compares by [`Email::key`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Email(String);

/// The text is no e-mail address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("This is not an e-mail address such as name@example.com.")]
pub struct NotAnEmail;

impl Email {
    /// Longest address that mail can carry (RFC 5321, 4.5.3.1.3, without the brackets).
    pub const MAX: usize = 254;

    /// Takes an address by the rule that browsers apply to `<input type="email">`
    /// (WHATWG HTML, "valid e-mail address"), in at most 254 bytes.
    ///
    /// # Errors
    /// When the text is no such address.
    pub fn parse(text: impl Into<String>) -> Result<Self, NotAnEmail> {
        let text = text.into();
        let (local, domain) = text.split_once('@').ok_or(NotAnEmail)?;
        let local_ok = !local.is_empty()
            && local.len() <= 64
            && local
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b".!#$%&'*+/=?^_`{|}~-".contains(&b));
        let label_ok = |label: &str| {
            (1..=63).contains(&label.len())
                && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
                && !label.starts_with('-')
                && !label.ends_with('-')
        };
        let valid = text.len() <= Self::MAX && local_ok && domain.split('.').all(label_ok);
        if valid { Ok(Self(text)) } else { Err(NotAnEmail) }
    }

    /// The address as written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The form in which two addresses are compared: without case.
    #[must_use]
    pub fn key(&self) -> String {
        self.0.to_ascii_lowercase()
    }

    /// The part before the `@`, for want of a name.
    #[must_use]
    pub fn local_part(&self) -> &str {
        self.0.split_once('@').map_or(self.0.as_str(), |(local, _)| local)
    }
}

impl TryFrom<String> for Email {
    type Error = NotAnEmail;
    fn try_from(text: String) -> Result<Self, NotAnEmail> {
        Self::parse(text)
    }
}

impl From<Email> for String {
    fn from(email: Email) -> String {
        email.0
    }
}

impl std::fmt::Display for Email {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// A password in the clear. It prints as stars and is wiped from no log, because it reaches none.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

/// Why a password was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WeakPassword {
    /// Fewer than [`Password::MIN_CHARS`] characters.
    #[error("A password has at least 12 characters.")]
    TooShort,
    /// More than [`Password::MAX_BYTES`] bytes, which is all that bcrypt reads.
    #[error("A password has at most 72 bytes (in UTF-8).")]
    TooLong,
    /// bcrypt ends at U+0000.
    #[error("A password must not contain the character U+0000 (NUL).")]
    Nul,
}

impl Password {
    /// The least characters (NIST SP 800-63B asks for eight; length is the cheapest strength).
    pub const MIN_CHARS: usize = 12;
    /// The most bytes: bcrypt ignores what comes after.
    pub const MAX_BYTES: usize = 72;

    /// Takes a password that someone wants to set.
    ///
    /// # Errors
    /// Says which rule it breaks.
    pub fn parse(text: impl Into<String>) -> Result<Self, WeakPassword> {
        let text = text.into();
        if text.contains('\0') {
            return Err(WeakPassword::Nul);
        }
        if text.len() > Self::MAX_BYTES {
            return Err(WeakPassword::TooLong);
        }
        if text.chars().count() < Self::MIN_CHARS {
            return Err(WeakPassword::TooShort);
        }
        Ok(Self(text))
    }

    /// Takes whatever someone typed to log in; a wrong one is found by comparing, not by its form.
    #[must_use]
    pub fn unchecked(text: String) -> Self {
        Self(text)
    }

    /// The password itself, for hashing and comparing only.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Password(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_follow_the_browsers_rule() {
        for good in ["a@b", "admin@localhost", "A.b+c@Example.COM", "x_y@sub-domain.example"] {
            assert!(Email::parse(good).is_ok(), "{good}");
        }
        for bad in ["", "@", "a@", "@b", "a b@c", "a@b..c", "a@-b", "a@b-", "a@b@c", "ä@b", "a@b\n"]
        {
            assert!(Email::parse(bad).is_err(), "{bad:?}");
        }
        assert!(Email::parse(format!("{}@b", "a".repeat(65))).is_err());
        assert_eq!(Email::parse("A@B.C").map(|e| e.key()), Ok("a@b.c".into()));
    }

    #[test]
    fn passwords_are_bounded_and_never_printed() {
        assert_eq!(Password::parse("short"), Err(WeakPassword::TooShort));
        assert_eq!(Password::parse("ä".repeat(37)), Err(WeakPassword::TooLong));
        assert_eq!(Password::parse("twelve chars\0"), Err(WeakPassword::Nul));
        let good = Password::parse("correct horse battery").unwrap();
        assert_eq!(format!("{good:?}"), "Password(***)");
    }
}
