//! Tools that write: a ticket, a comment. Where the person wants to see it first, or where others than the
//! person and staff would read it, nothing is written: it is proposed.

use atc_core::{
    conversation::ActionState,
    id::TicketRef,
    text::{CommentBody, PlainText, Title},
};

use super::{
    Fault,
    arguments::{NewCommentWords, NewTicketWords},
};
use crate::assistant::{actions::Wanted, safety::clean, turn::Turn};

/// The most tickets and comments that one turn writes or proposes.
const MOST_WRITES: usize = 4;

/// Proposes a ticket, whatever the person said of confirming.
pub(super) async fn draft_ticket(
    turn: &mut Turn<'_>,
    args: NewTicketWords,
) -> Result<String, Fault> {
    let wanted = ticket(turn, &args)?;
    propose(turn, wanted).await
}

/// Makes a ticket.
pub(super) async fn create_ticket(
    turn: &mut Turn<'_>,
    args: NewTicketWords,
) -> Result<String, Fault> {
    let wanted = ticket(turn, &args)?;
    if turn.confirm {
        return propose(turn, wanted).await;
    }
    let action = turn.carry_out(wanted).await?;
    let number = action.ticket.as_ref().map(|t| t.number.to_string()).unwrap_or_default();
    Ok(format!("Done: ticket #{number} was made."))
}

/// Writes a comment on a ticket that the conversation is about.
pub(super) async fn add_comment(
    turn: &mut Turn<'_>,
    args: NewCommentWords,
) -> Result<String, Fault> {
    check_count(turn)?;
    let reference = match &args.ticket {
        Some(name) => name.reference()?,
        None => match turn.writable().into_iter().collect::<Vec<_>>().as_slice() {
            [one] => TicketRef::Number(*one),
            _ => return Err(Fault::call("Say with `ticket` which ticket is meant.")),
        },
    };
    let ticket = turn.app.get_ticket(&turn.ctx, reference).await?;
    let number = ticket.number;
    if !turn.is_about(number) {
        return Err(Fault::call(format!(
            "This conversation is not about ticket #{number}: the agent does not write there."
        )));
    }
    let staff = turn.ctx.caller.is_staff();
    let internal = args.internal.unwrap_or(staff);
    if internal && !staff {
        return Err(Fault::call("Only agents and administrators write internal notes."));
    }
    let (body, _) = clean(&args.body, &turn.known, &turn.sources);
    let body = CommentBody::parse(body).map_err(|e| Fault::call(format!("`body`: {e}")))?;
    // What someone else reads who is not staff, the person sees first: it may hold what only staff may know.
    let leaves = !internal && ticket.requester.id != turn.ctx.caller.user_id;
    let wanted = Wanted::Comment { ticket: Box::new(ticket), body, internal };
    if turn.confirm || leaves {
        return propose(turn, wanted).await;
    }
    turn.carry_out(wanted).await?;
    Ok(format!("Done: the comment stands on ticket #{number}."))
}

async fn propose(turn: &mut Turn<'_>, wanted: Wanted) -> Result<String, Fault> {
    let action = turn.propose(wanted).await?;
    Ok(format!(
        "Proposed: {} is shown to the person, who approves or rejects it. Nothing is written yet. Tell them \
         so.",
        action.draft.kind()
    ))
}

/// The ticket that these words make.
fn ticket(turn: &Turn<'_>, args: &NewTicketWords) -> Result<Wanted, Fault> {
    check_count(turn)?;
    let (title, _) = clean(&args.title.replace(['\n', '\r'], " "), &turn.known, &turn.sources);
    let title = Title::parse(title).map_err(|e| Fault::call(format!("`title`: {e}")))?;
    let (text, _) = clean(&args.description, &turn.known, &turn.sources);
    let text = PlainText::parse(text).map_err(|e| Fault::call(format!("`description`: {e}")))?;
    Ok(Wanted::Ticket { title: Some(title), text })
}

pub(super) fn check_count(turn: &Turn<'_>) -> Result<(), Fault> {
    if turn.actions.iter().filter(|a| a.state != ActionState::Failed).count() >= MOST_WRITES {
        return Err(Fault::call("Enough was written for one answer; ask the person first."));
    }
    Ok(())
}
