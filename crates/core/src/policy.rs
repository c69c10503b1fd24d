//! Who may do what: one table for REST, MCP and every other door.
//!
//! The table decides whether an action is open to a caller at all. Which rows the caller then sees
//! is decided by [`crate::caller::Visibility`], and which fields a person may set by the use case.

use crate::{
    caller::{Caller, Credential},
    error::{Error, Result},
    token::Scope,
    user::Role,
};

/// What it takes to perform an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Requirement {
    /// The least role.
    pub role: Role,
    /// The scope that an API token needs; `None`: no API token serves, only a login.
    pub scope: Option<Scope>,
}

macro_rules! actions {
    ($($(#[$doc:meta])* $name:ident: $role:ident, $scope:expr;)*) => {
        /// Everything a caller can ask for.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Action { $($(#[$doc])* $name,)* }

        impl Action {
            /// All actions.
            pub const ALL: &'static [Action] = &[$(Action::$name,)*];

            /// The name, as the OpenAPI document shows it.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => stringify!($name),)* }
            }

            /// What it takes.
            #[must_use]
            pub const fn requirement(self) -> Requirement {
                match self { $(Self::$name => Requirement { role: Role::$role, scope: $scope },)* }
            }
        }
    };
}

use Scope::{
    Admin as AdminScope, FilesRead, FilesWrite, KnowledgeRead, KnowledgeWrite, TicketsRead,
    TicketsWrite,
};

actions! {
    /// See one's own account.
    ReadProfile: User, Some(TicketsRead);
    /// Change one's own name or password, end one's own session.
    ManageSession: User, None;
    /// List, make and delete one's own API tokens.
    ManageTokens: User, None;
    /// Let other programs act in one's name; see and end what one let them.
    ManageGrants: User, None;
    /// List and see accounts.
    ReadUsers: Admin, Some(AdminScope);
    /// Make and change accounts.
    WriteUsers: Admin, Some(AdminScope);
    /// See and list tickets, their comments, similar ones and statistics.
    ReadTickets: User, Some(TicketsRead);
    /// Make tickets, by form or from plain words.
    CreateTicket: User, Some(TicketsWrite);
    /// Change tickets.
    UpdateTicket: User, Some(TicketsWrite);
    /// Delete tickets.
    DeleteTicket: Agent, Some(TicketsWrite);
    /// Run triage on a ticket again.
    TriageTicket: Agent, Some(TicketsWrite);
    /// Comment, and edit or delete one's own comments.
    WriteComments: User, Some(TicketsWrite);
    /// Ask for a triage without storing anything.
    Categorize: User, Some(TicketsRead);
    /// Upload files, and delete or read again those that one may see.
    WriteFiles: User, Some(FilesWrite);
    /// See, list and download files.
    ReadFiles: User, Some(FilesRead);
    /// Have a ticket drafted from a file.
    AnalyzeFile: User, Some(FilesRead);
    /// Get a ticket for one WebSocket.
    OpenSocket: User, Some(TicketsRead);
    /// See one's own notifications and which kinds of them one wants.
    ReadNotifications: User, Some(TicketsRead);
    /// Mark one's own notifications as read, and choose the kinds of them.
    ManageNotifications: User, Some(TicketsWrite);
    /// See how the models fare.
    ReadAgents: User, Some(TicketsRead);
    /// See what agents decided, and how good they are.
    ReadDecisions: Agent, Some(TicketsRead);
    /// Put back what an agent decided.
    RevertDecision: Agent, Some(TicketsWrite);
    /// See which providers and models the agents use, and reports.
    ReadAiSettings: Admin, Some(AdminScope);
    /// Read the settings of the agents anew, give providers their keys, ask for reports.
    ManageAiSettings: Admin, Some(AdminScope);
    /// Talk with the customer support agent. What it does for someone needs the right to that as well.
    AskAssistant: User, Some(TicketsRead);
    /// See one's own conversations with it.
    ReadConversations: User, Some(TicketsRead);
    /// Delete one's own conversations, and approve or reject what it proposes in them.
    ManageConversations: User, Some(TicketsWrite);
    /// See categories.
    ReadCategories: User, Some(TicketsRead);
    /// Make, change and delete categories.
    WriteCategories: Admin, Some(AdminScope);
    /// See teams.
    ReadTeams: Agent, Some(TicketsRead);
    /// Make, change and delete teams.
    WriteTeams: Admin, Some(AdminScope);
    /// Read and search articles.
    ReadKnowledge: User, Some(KnowledgeRead);
    /// Write articles.
    WriteKnowledge: Agent, Some(KnowledgeWrite);
    /// See which other systems are told what happens, and how that went.
    ReadWebhooks: Admin, Some(AdminScope);
    /// Make, change and delete them, and tell them again.
    WriteWebhooks: Admin, Some(AdminScope);
    /// See which servers of others give agents tools, and which tools those are.
    ReadToolServers: Admin, Some(AdminScope);
    /// Add, change and remove them, and allow their tools.
    WriteToolServers: Admin, Some(AdminScope);
    /// Read the metrics.
    ReadMetrics: Admin, Some(AdminScope);
    /// See queues, workers and jobs.
    ReadJobs: Admin, Some(AdminScope);
    /// Retry, cancel and delete jobs; hold queues and let them go on.
    ManageJobs: Admin, Some(AdminScope);
}

/// Lets the caller perform the action, or says why not.
///
/// # Errors
/// [`crate::ErrorCode::Forbidden`] when the role is too low or the token lacks the scope.
pub fn authorize(caller: &Caller, action: Action) -> Result<()> {
    let needs = action.requirement();
    if caller.role < needs.role {
        return Err(Error::forbidden(format!("This needs the role {} or above.", needs.role)));
    }
    let Some(scopes) = caller.credential.scopes() else {
        return Ok(());
    };
    match needs.scope {
        None => {
            Err(Error::forbidden("A token with scopes cannot do this; log in with a password."))
        }
        Some(scope) if scopes.iter().any(|held| held.includes(scope)) => Ok(()),
        Some(scope) => {
            let what = match caller.credential {
                Credential::Grant { .. } => "This access",
                _ => "This API token",
            };
            Err(Error::forbidden(format!("{what} lacks the scope {scope}.")))
        }
    }
}

/// Whether a scope opens anything to a person of this role that a narrower one does not.
#[must_use]
pub fn is_of_use(scope: Scope, role: Role) -> bool {
    let opens = |action: &Action| {
        let needs = action.requirement();
        needs.role <= role && needs.scope == Some(scope)
    };
    Action::ALL.iter().any(opens)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        id::{GrantId, TokenId, UserId},
        user::Email,
    };
    use uuid::Uuid;

    fn caller(role: Role, credential: Credential) -> Caller {
        let email = Email::parse("a@b.c").unwrap();
        Caller { user_id: UserId(Uuid::nil()), email, role, credential }
    }

    fn token(scopes: &[Scope]) -> Credential {
        Credential::ApiToken { id: TokenId(Uuid::nil()), scopes: scopes.to_vec() }
    }

    fn grant(scopes: &[Scope]) -> Credential {
        Credential::Grant { id: GrantId(Uuid::nil()), scopes: scopes.to_vec() }
    }

    #[test]
    fn a_higher_role_may_do_all_that_a_lower_one_may() {
        for &action in Action::ALL {
            let allowed = Role::ALL
                .map(|role| authorize(&caller(role, Credential::Operator), action).is_ok());
            assert!(allowed.is_sorted(), "{action:?}: {allowed:?}");
            assert!(allowed[2], "an admin may do everything: {action:?}");
        }
    }

    #[test]
    fn a_token_is_never_broader_than_its_owner() {
        for role in Role::ALL {
            for &action in Action::ALL {
                let by_login = authorize(&caller(role, Credential::Operator), action).is_ok();
                for credential in [token(&[Scope::Admin]), grant(&[Scope::Admin])] {
                    let by_token = authorize(&caller(role, credential), action).is_ok();
                    assert!(by_login || !by_token, "{role} {action:?}");
                }
            }
        }
    }

    #[test]
    fn another_program_may_what_a_token_of_its_scopes_may() {
        for scope in Scope::ALL {
            for role in Role::ALL {
                for &action in Action::ALL {
                    let [by_token, by_grant] = [token(&[scope]), grant(&[scope])]
                        .map(|credential| authorize(&caller(role, credential), action).is_ok());
                    assert_eq!(by_token, by_grant, "{role} {scope} {action:?}");
                }
            }
        }
        let program = caller(Role::Admin, grant(&[Scope::Admin]));
        assert!(authorize(&program, Action::ManageGrants).is_err());
    }

    #[test]
    fn a_scope_is_of_use_to_whom_it_opens_something() {
        assert!(is_of_use(Scope::TicketsWrite, Role::User));
        assert!(!is_of_use(Scope::KnowledgeWrite, Role::User));
        assert!(is_of_use(Scope::KnowledgeWrite, Role::Agent));
        assert!(!is_of_use(Scope::Admin, Role::Agent));
        assert!(is_of_use(Scope::Admin, Role::Admin));
    }

    #[test]
    fn reading_does_not_write_and_no_token_makes_tokens() {
        let reader = caller(Role::Admin, token(&[TicketsRead]));
        assert!(authorize(&reader, Action::ReadTickets).is_ok());
        assert!(authorize(&reader, Action::CreateTicket).is_err());
        assert!(authorize(&reader, Action::ReadKnowledge).is_err());
        let full = caller(Role::Admin, token(&[Scope::Admin]));
        assert!(authorize(&full, Action::CreateTicket).is_ok());
        assert!(authorize(&full, Action::ManageTokens).is_err());
    }
}
