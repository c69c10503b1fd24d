//! Reading a text: the engine's analysis, joined with what the store finds.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use atc_core::{
    Error, Result,
    article::SearchMode,
    caller::Visibility,
    category::Category,
    file::ReadFile,
    id::{TicketNumber, UserId},
    ports::{Analysis, TriageInput},
    triage::{Alternative, ArticleMatch, Duplicate, Triage},
};
use atc_store::{ArticleQuery, SimilarHit, SimilarQuery, StoredTriage};

use super::{
    citation::{Citation, cite},
    rationale,
};
use crate::{
    App,
    agents::{Advice, Task, digest_of},
};

/// The most tickets that a triage names as possible duplicates.
const MAX_DUPLICATES: usize = 5;
/// The most articles that a triage names.
const MAX_ARTICLES: usize = 3;
/// The most categories that a triage names besides the likeliest.
const MAX_ALTERNATIVES: usize = 4;

/// A text that was read: what the engine says, and the triage made of it as staff see it.
#[derive(Debug, Clone)]
pub struct TriageReading {
    /// What the engine says of the text alone.
    pub analysis: Analysis,
    /// What clients get.
    pub triage: Triage,
    /// Who requested the possible duplicates, in the order of the triage.
    duplicate_requesters: Vec<UserId>,
    /// What its files say of the matter.
    citations: Vec<Citation>,
    /// SHA-256 of what was read.
    pub(crate) input_digest: Vec<u8>,
    /// What a language model added.
    advice: Option<Advice>,
}

impl TriageReading {
    /// Why it reads so, for its requester or, without one, for staff.
    fn rationale(&self, triage: &Triage, requester: Option<UserId>) -> String {
        let audience = match requester {
            Some(_) => rationale::Audience::Requester,
            None => rationale::Audience::Staff,
        };
        // A file is its uploader's and the staff's.
        let shown = |c: &&Citation| requester.is_none_or(|person| person == c.uploaded_by);
        let citations: Vec<_> =
            self.citations.iter().filter(shown).map(|c| c.text.as_str()).collect();
        let advice = self.advice.as_ref().map(Advice::sentences).unwrap_or_default();
        rationale::compose(&self.analysis, triage, &citations, &advice, audience)
    }

    /// What a language model added, where one is configured.
    pub(crate) fn advice(&self) -> Option<&Advice> {
        self.advice.as_ref()
    }

    /// Adds what a language model said.
    pub(crate) fn set_advice(&mut self, advice: Advice) {
        self.advice = Some(advice);
        self.triage.rationale = self.rationale(&self.triage, None);
    }

    /// The triage as the requester may see it: of other people's tickets nothing is shown.
    #[must_use]
    pub fn for_requester(&self, requester: UserId) -> Triage {
        let mut own = self.triage.clone();
        let mut requesters = self.duplicate_requesters.iter();
        own.duplicates.retain(|_| requesters.next() == Some(&requester));
        own.rationale = self.rationale(&own, Some(requester));
        own
    }

    /// Both views as they are kept with the ticket.
    pub(crate) fn stored(&self, requester: UserId) -> Result<StoredTriage> {
        let json = |t: &Triage| serde_json::to_string(t).map_err(Error::internal);
        Ok(StoredTriage {
            full: json(&self.triage)?,
            public: json(&self.for_requester(requester))?,
            needs_review: self.triage.needs_review,
            mentions: self.triage.duplicates.iter().map(|d| d.number).collect(),
        })
    }
}

impl App {
    /// Reads one text, or gives up after the configured time: a slow, busy or failing engine holds
    /// no ticket up.
    pub(crate) async fn read_in_time(
        &self,
        input: TriageInput,
        files: &[ReadFile],
        categories: &[Category],
    ) -> Option<TriageReading> {
        let limit = Duration::from_millis(self.config.triage_timeout_ms);
        let reading = self.read_with_files(input, files, categories, Visibility::All, None);
        let why = match tokio::time::timeout(limit, reading).await {
            Ok(Ok(reading)) => return Some(reading),
            Ok(Err(e)) => e.to_string(),
            Err(_) => format!("no answer within {} ms", limit.as_millis()),
        };
        metrics::counter!("triage_skipped_total").increment(1);
        tracing::warn!(%why, "a ticket is made without triage; it will be read later");
        None
    }

    /// Reads one text together with what was read in its files, which are named as evidence.
    ///
    /// # Errors
    /// Unavailable when the engine has too much to do.
    pub(crate) async fn read_with_files(
        &self,
        mut input: TriageInput,
        files: &[ReadFile],
        categories: &[Category],
        visibility: Visibility,
        exclude: Option<TicketNumber>,
    ) -> Result<TriageReading> {
        for file in files {
            file.append_to(&mut input.text);
        }
        let readings = self.read_texts(vec![input], categories, visibility, exclude).await?;
        let [mut reading] = <[TriageReading; 1]>::try_from(readings)
            .map_err(|_| Error::internal("one text gave no single reading"))?;
        reading.citations = files.iter().filter_map(|f| cite(f, &reading.analysis)).collect();
        reading.triage.rationale = reading.rationale(&reading.triage, None);
        Ok(reading)
    }

    /// The same, and the agent of this task is asked, where it has a language model.
    ///
    /// # Errors
    /// Unavailable when the engine has too much to do.
    pub(crate) async fn read_with_agent(
        &self,
        input: TriageInput,
        files: &[ReadFile],
        categories: &[Category],
        visibility: Visibility,
        exclude: Option<TicketNumber>,
        (task, person): (Task, Option<UserId>),
    ) -> Result<TriageReading> {
        let mut whole = input.clone();
        for file in files {
            file.append_to(&mut whole.text);
        }
        let mut reading =
            self.read_with_files(input, files, categories, visibility, exclude).await?;
        // Boxed: with it, whoever calls this would be large.
        Box::pin(self.advise(&mut reading, &whole, categories, task, person)).await?;
        Ok(reading)
    }

    /// Reads texts: at most 256 at once.
    ///
    /// # Errors
    /// Unavailable when the engine has too much to do.
    pub(crate) async fn read_texts(
        &self,
        inputs: Vec<TriageInput>,
        categories: &[Category],
        visibility: Visibility,
        exclude: Option<TicketNumber>,
    ) -> Result<Vec<TriageReading>> {
        let started = Instant::now();
        let count = inputs.len().max(1);
        let analyses = self.engine.analyse(inputs.clone(), Arc::from(categories)).await?;
        let analysed = started.elapsed() / u32::try_from(count).unwrap_or(u32::MAX);
        let provider = self.engine.status().provider;
        let mut readings = Vec::with_capacity(analyses.len());
        for (input, analysis) in inputs.into_iter().zip(analyses) {
            let looking = Instant::now();
            let similar = self.look_for_duplicates(&input, &analysis, visibility, exclude).await?;
            let articles = self.look_for_articles(&input, &analysis).await?;
            let took = analysed + looking.elapsed();
            let digest = digest_of(&input.text);
            readings.push(compose(analysis, similar, articles, provider, took, digest)?);
        }
        Ok(readings)
    }

    async fn look_for_duplicates(
        &self,
        input: &TriageInput,
        analysis: &Analysis,
        visibility: Visibility,
        exclude: Option<TicketNumber>,
    ) -> Result<Vec<SimilarHit>> {
        let query = SimilarQuery {
            title: input.title.as_deref().unwrap_or(&analysis.title),
            text: &input.text,
            meaning: analysis.meaning.as_ref(),
            visibility,
            exclude,
            limit: MAX_DUPLICATES,
        };
        let mut hits = self.store.read(async |store| store.similar_tickets(&query).await).await?;
        hits.retain(|hit| hit.score >= super::similar::LIKELY_DUPLICATE);
        Ok(hits)
    }

    async fn look_for_articles(
        &self,
        input: &TriageInput,
        analysis: &Analysis,
    ) -> Result<Vec<ArticleMatch>> {
        let text = match &input.title {
            Some(title) => format!("{title}\n{}", input.text),
            None => input.text.clone(),
        };
        let query = ArticleQuery {
            text: &text,
            vector: analysis.meaning.as_ref().map(|m| &m.whole),
            mode: SearchMode::Hybrid,
            drafts: false,
            limit: MAX_ARTICLES,
        };
        let hits = self.store.read(async |store| store.search_articles(&query).await).await?;
        Ok(hits
            .into_iter()
            .filter(|hit| hit.score >= super::similar::HELPFUL_ARTICLE)
            .map(|hit| ArticleMatch {
                id: hit.id,
                title: hit.title,
                score: rounded(hit.score),
                snippet: hit.snippet,
            })
            .collect())
    }
}

fn compose(
    analysis: Analysis,
    similar: Vec<SimilarHit>,
    articles: Vec<ArticleMatch>,
    provider: &str,
    took: Duration,
    input_digest: Vec<u8>,
) -> Result<TriageReading> {
    let mut ranked = analysis.category.ranked.iter();
    let (category, confidence) =
        ranked.next().ok_or_else(|| Error::internal("the engine ranked no category"))?;
    let alternatives = ranked
        .take(MAX_ALTERNATIVES)
        .map(|(category, p)| Alternative { category: category.clone(), confidence: rounded(*p) })
        .collect();
    let duplicate_requesters = similar.iter().map(|hit| hit.requester_id).collect();
    let duplicates = similar
        .into_iter()
        .map(|hit| Duplicate {
            ticket_id: hit.id,
            number: hit.number,
            title: hit.title,
            score: rounded(hit.score),
        })
        .collect();
    let mut triage = Triage {
        category: category.clone(),
        priority: analysis.priority.priority,
        confidence: rounded(*confidence),
        needs_review: analysis.category.needs_review,
        alternatives,
        tags: analysis.tags.clone(),
        summary: analysis.summary.clone(),
        rationale: String::new(),
        language: analysis.language.clone(),
        suggested_reply: articles.first().and_then(rationale::suggested_reply),
        duplicates,
        articles,
        assignment: None,
        provider: provider.to_owned(),
        model: analysis.model.clone().into_owned(),
        degraded: analysis.degraded,
        took_ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
    };
    triage.rationale = rationale::compose(&analysis, &triage, &[], &[], rationale::Audience::Staff);
    Ok(TriageReading {
        analysis,
        triage,
        duplicate_requesters,
        citations: Vec::new(),
        input_digest,
        advice: None,
    })
}

/// Four decimals are more than any of these figures is worth.
fn rounded(x: f64) -> f64 {
    (x * 10_000.0).round() / 10_000.0
}
