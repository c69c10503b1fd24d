//! The sentences of the embedded engine. What they are filled with are the words of people and articles.

/// The sentences in one language; `{0}`, `{1}` … are filled.
pub(super) struct Phrases {
    /// Title, mark and passage of an article that answers.
    pub article: &'static str,
    /// The same of one that may.
    pub may_help: &'static str,
    /// Other articles.
    pub see_also: &'static str,
    /// Name, place, mark and words of a file.
    pub file: &'static str,
    /// A page.
    pub page: &'static str,
    /// A second.
    pub second: &'static str,
    /// Before tickets that are alike.
    pub alike: &'static str,
    /// Nothing answers.
    pub nothing: &'static str,
    /// Nothing was asked yet.
    pub greeting: &'static str,
    /// After thanks.
    pub welcome: &'static str,
    /// Title, category and priority of a ticket that could be made.
    pub drafted: &'static str,
    /// Number, title, category and priority of one that was.
    pub made: &'static str,
    /// The number of a ticket that was commented on.
    pub commented: &'static str,
    /// The number of one that could be.
    pub comment_proposed: &'static str,
    /// The name of a tool.
    pub tool: &'static str,
    /// What was proposed is dropped.
    pub rejected: &'static str,
    /// What the ticket is to be about.
    pub what_about: &'static str,
    /// The token or role does not allow it.
    pub not_allowed: &'static str,
    /// The number of a ticket that is not there.
    pub no_ticket: &'static str,
    /// Number, title, mark, status, assignee and last change of a ticket.
    pub status: &'static str,
    /// Nobody has it.
    pub nobody: &'static str,
    /// Author, time and words of a comment.
    pub last_comment: &'static str,
}

impl Phrases {
    /// Those of this language (ISO 639-1), or English ones.
    pub fn of(language: Option<&str>) -> &'static Self {
        match language {
            Some("de") => &GERMAN,
            Some("fr") => &FRENCH,
            Some("es") => &SPANISH,
            _ => &ENGLISH,
        }
    }
}

/// Puts words into a sentence.
pub(super) fn fill(sentence: &str, words: &[&str]) -> String {
    let mut out = String::with_capacity(sentence.len());
    let mut rest = sentence;
    while let Some(at) = rest.find('{') {
        let (before, hole) = rest.split_at(at);
        out.push_str(before);
        let Some((number, after)) = hole[1..].split_once('}') else {
            rest = hole;
            break;
        };
        out.push_str(number.parse().ok().and_then(|n: usize| words.get(n)).copied().unwrap_or(""));
        rest = after;
    }
    out.push_str(rest);
    out
}

static ENGLISH: Phrases = Phrases {
    article: "From our article “{0}” ([{1}]):\n\n{2}",
    may_help: "Our article “{0}” may help ([{1}]):\n\n{2}",
    see_also: "See also: {0}",
    file: "The file {0}{1} says ([{2}]): “{3}”",
    page: ", page {0},",
    second: ", at second {0},",
    alike: "Tickets about something like it:",
    nothing: "I found nothing in the knowledge base that answers this.",
    greeting: "Ask a question, say what is wrong, or name a ticket such as #12: what can I do for you?",
    welcome: "You are welcome.",
    drafted: "I drafted a ticket from your words: “{0}” (category {1}, priority {2}). Shall I make it?",
    made: "I made ticket #{0}: “{1}” (category {2}, priority {3}).",
    commented: "I added your words to ticket #{0}.",
    comment_proposed: "Shall I add your words to ticket #{0} as a comment?",
    tool: "The tool {0} was named.",
    rejected: "All right, nothing was written.",
    what_about: "To make the ticket I need to know: what happened, where, and since when?",
    not_allowed: "Your token does not allow me to make tickets.",
    no_ticket: "There is no ticket #{0}, or you may not see it.",
    status: "Ticket #{0}, “{1}” [{2}], is {3}. Assigned to: {4}. Last change: {5}.",
    nobody: "nobody",
    last_comment: "{0} wrote last ({1}): “{2}”",
};

static GERMAN: Phrases = Phrases {
    article: "Aus unserem Artikel „{0}“ ([{1}]):\n\n{2}",
    may_help: "Unser Artikel „{0}“ hilft vielleicht ([{1}]):\n\n{2}",
    see_also: "Siehe auch: {0}",
    file: "In der Datei {0}{1} steht ([{2}]): „{3}“",
    page: ", Seite {0},",
    second: ", bei Sekunde {0},",
    alike: "Tickets, die Ähnliches betreffen:",
    nothing: "In der Wissensdatenbank habe ich nichts gefunden, was das beantwortet.",
    greeting: "Stellen Sie eine Frage, sagen Sie, was nicht geht, oder nennen Sie ein Ticket wie #12: Was kann ich für Sie tun?",
    welcome: "Gern geschehen.",
    drafted: "Ich habe aus Ihren Worten ein Ticket entworfen: „{0}“ (Kategorie {1}, Priorität {2}). Soll ich es anlegen?",
    made: "Ich habe Ticket #{0} angelegt: „{1}“ (Kategorie {2}, Priorität {3}).",
    commented: "Ich habe Ihre Worte zu Ticket #{0} hinzugefügt.",
    comment_proposed: "Soll ich Ihre Worte als Kommentar zu Ticket #{0} hinzufügen?",
    tool: "Das Werkzeug {0} wurde genannt.",
    rejected: "Gut, es wurde nichts geschrieben.",
    what_about: "Damit ich das Ticket anlegen kann: Was ist geschehen, wo und seit wann?",
    not_allowed: "Ihr Token erlaubt mir nicht, Tickets anzulegen.",
    no_ticket: "Es gibt kein Ticket #{0}, oder Sie dürfen es nicht sehen.",
    status: "Ticket #{0}, „{1}“ [{2}], ist {3}. Zuständig: {4}. Letzte Änderung: {5}.",
    nobody: "niemand",
    last_comment: "{0} schrieb zuletzt ({1}): „{2}“",
};

static FRENCH: Phrases = Phrases {
    article: "D’après notre article « {0} » [{1}] :\n\n{2}",
    may_help: "Notre article « {0} » peut aider [{1}] :\n\n{2}",
    see_also: "Voir aussi : {0}",
    file: "Le fichier {0}{1} dit [{2}] : « {3} »",
    page: ", page {0},",
    second: ", à la seconde {0},",
    alike: "Tickets sur un sujet proche :",
    nothing: "Je n’ai rien trouvé dans la base de connaissances qui y réponde.",
    greeting: "Posez une question, dites ce qui ne va pas ou nommez un ticket comme #12 : que puis-je faire pour vous ?",
    welcome: "Je vous en prie.",
    drafted: "J’ai rédigé un ticket avec vos mots : « {0} » (catégorie {1}, priorité {2}). Dois-je le créer ?",
    made: "J’ai créé le ticket #{0} : « {1} » (catégorie {2}, priorité {3}).",
    commented: "J’ai ajouté vos mots au ticket #{0}.",
    comment_proposed: "Dois-je ajouter vos mots au ticket #{0} comme commentaire ?",
    tool: "L’outil {0} a été nommé.",
    rejected: "Très bien, rien n’a été écrit.",
    what_about: "Pour créer le ticket : que s’est-il passé, où et depuis quand ?",
    not_allowed: "Votre jeton ne me permet pas de créer des tickets.",
    no_ticket: "Il n’y a pas de ticket #{0}, ou vous ne pouvez pas le voir.",
    status: "Le ticket #{0}, « {1} » [{2}], est {3}. Responsable : {4}. Dernier changement : {5}.",
    nobody: "personne",
    last_comment: "{0} a écrit en dernier ({1}) : « {2} »",
};

static SPANISH: Phrases = Phrases {
    article: "De nuestro artículo «{0}» ([{1}]):\n\n{2}",
    may_help: "Nuestro artículo «{0}» puede ayudar ([{1}]):\n\n{2}",
    see_also: "Véase también: {0}",
    file: "El archivo {0}{1} dice ([{2}]): «{3}»",
    page: ", página {0},",
    second: ", en el segundo {0},",
    alike: "Tickets sobre algo parecido:",
    nothing: "No encontré nada en la base de conocimientos que responda a esto.",
    greeting: "Haga una pregunta, diga qué falla o nombre un ticket como #12: ¿qué puedo hacer por usted?",
    welcome: "De nada.",
    drafted: "Redacté un ticket con sus palabras: «{0}» (categoría {1}, prioridad {2}). ¿Lo creo?",
    made: "Creé el ticket #{0}: «{1}» (categoría {2}, prioridad {3}).",
    commented: "Añadí sus palabras al ticket #{0}.",
    comment_proposed: "¿Añado sus palabras al ticket #{0} como comentario?",
    tool: "Se nombró la herramienta {0}.",
    rejected: "De acuerdo, no se escribió nada.",
    what_about: "Para crear el ticket: ¿qué pasó, dónde y desde cuándo?",
    not_allowed: "Su token no me permite crear tickets.",
    no_ticket: "No existe el ticket #{0}, o usted no puede verlo.",
    status: "El ticket #{0}, «{1}» [{2}], está {3}. Responsable: {4}. Último cambio: {5}.",
    nobody: "nadie",
    last_comment: "{0} escribió por último ({1}): «{2}»",
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_put_in_as_they_are() {
        assert_eq!(fill("{1} and {0}{7}.", &["a {1}", "b"]), "b and a {1}.");
        assert_eq!(fill("open {0", &["a"]), "open {0");
    }
}
