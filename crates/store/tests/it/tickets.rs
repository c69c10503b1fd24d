//! Tickets: rows, lists, search, audit.

use atc_core::{
    caller::Visibility,
    comment::Comment,
    id::{CommentId, TicketEventId, TicketNumber, TicketRef},
    page::{Limit, PageRequest},
    patch::Patch,
    text::{CommentBody, Description, Title},
    ticket::{
        AssigneeFilter, AuditChange, AuditKind, Priority, Status, TicketFilter, TicketPosition,
        TicketSort,
    },
    user::{Role, User, UserSummary},
};
use atc_store::{NewAuditEntry, NewTicketRow, StoredTriage, TicketChange};
use atc_testkit::{TestDb, on_both_engines};
use proptest::prelude::{Strategy, any};
use proptest::strategy::ValueTree;

use crate::fixtures::{id, insert_ticket, insert_user, minutes, noon, tags, ticket};

on_both_engines![
    a_ticket_comes_back_as_it_was_written,
    numbers_are_never_given_twice,
    the_requester_does_not_see_what_staff_see,
    a_change_changes_what_it_mentions,
    filters_narrow_and_alternatives_widen,
    pages_hold_together_under_every_order,
    words_are_found_where_they_stand,
    relevance_pages_hold_together_while_others_write,
    the_audit_trail_is_kept_in_order,
    a_deleted_ticket_is_forgotten_everywhere,
    statistics_count_what_is_visible,
    labels_are_told_apart_by_their_fingerprint,
    any_search_text_is_only_words,
];

async fn get(db: &TestDb, number: TicketNumber) -> atc_core::ticket::Ticket {
    db.store.tickets().get(TicketRef::Number(number), Visibility::All).await.unwrap()
}

async fn update(db: &TestDb, number: TicketNumber, change: TicketChange) {
    let tx = db.store.begin().await.unwrap();
    let before =
        tx.tickets().get_for_update(TicketRef::Number(number), Visibility::All).await.unwrap();
    tx.tickets().update(&before, &change, None, noon() + minutes(1)).await.unwrap();
    tx.commit().await.unwrap();
}

async fn numbers(db: &TestDb, filter: TicketFilter) -> Vec<i64> {
    let request = PageRequest { limit: Limit::new(100).unwrap(), ..PageRequest::default() };
    let sort = TicketSort::Number { descending: false };
    let page = db.store.tickets().list(&filter, sort, Visibility::All, request).await.unwrap();
    page.items.iter().map(|t| t.number.0).collect()
}

async fn a_ticket_comes_back_as_it_was_written(db: &TestDb) {
    let person = insert_user(&db.store, "a@x.y", Role::User).await;
    let new = NewTicketRow {
        description: Description::parse("Zeile 1\nZeile 2 — „ß“ 🖨").unwrap(),
        tags: tags(&["printer", "büro"]),
        ..ticket(&person, "Der Drucker „brennt“")
    };
    let number = insert_ticket(&db.store, &new).await;
    let by_number = get(db, number).await;
    let by_id = db.store.tickets().get(TicketRef::Id(new.id), Visibility::All).await.unwrap();
    assert_eq!(by_number, by_id);
    assert_eq!(
        (&by_id.title, &by_id.description, &by_id.tags),
        (&new.title, &new.description, &new.tags)
    );
    assert_eq!((by_id.created_at, by_id.version, by_id.requester.id), (noon(), 1, person.id));
}

async fn numbers_are_never_given_twice(db: &TestDb) {
    let person = insert_user(&db.store, "a@x.y", Role::User).await;
    let first = insert_ticket(&db.store, &ticket(&person, "one")).await;
    let second = insert_ticket(&db.store, &ticket(&person, "two")).await;
    let tx = db.store.begin().await.unwrap();
    tx.tickets().delete(second).await.unwrap();
    tx.commit().await.unwrap();
    let third = insert_ticket(&db.store, &ticket(&person, "three")).await;
    assert_eq!((first.0, second.0, third.0), (1, 2, 3));
}

async fn the_requester_does_not_see_what_staff_see(db: &TestDb) {
    let mine = insert_user(&db.store, "me@x.y", Role::User).await;
    let other = insert_user(&db.store, "other@x.y", Role::User).await;
    let triage = StoredTriage {
        full: r#"{"staff":1}"#.into(),
        public: "{}".into(),
        needs_review: false,
        mentions: vec![],
    };
    let new = NewTicketRow { triage: Some(triage), ..ticket(&mine, "t") };
    let number = insert_ticket(&db.store, &new).await;
    update(db, number, TicketChange { comments: Some((2, 1)), ..TicketChange::default() }).await;
    let see = async |who: &User| {
        db.store.tickets().find(TicketRef::Number(number), Visibility::Own(who.id)).await.unwrap()
    };
    let own = see(&mine).await.unwrap();
    assert_eq!((own.triage.unwrap().as_str(), own.comment_count), ("{}", 1));
    assert!(see(&other).await.is_none());
    assert_eq!(get(db, number).await.comment_count, 2);
}

async fn a_change_changes_what_it_mentions(db: &TestDb) {
    let person = insert_user(&db.store, "a@x.y", Role::Agent).await;
    let number =
        insert_ticket(&db.store, &NewTicketRow { tags: tags(&["old"]), ..ticket(&person, "t") })
            .await;
    let before = get(db, number).await;
    let change = TicketChange {
        status: Some(Status::Resolved),
        resolved_at: Patch::Set(noon()),
        priority: Some((Priority::Critical, true)),
        tags: Some(tags(&["new"])),
        assignee_id: Patch::Set(person.id),
        ..TicketChange::default()
    };
    update(db, number, change).await;
    let after = get(db, number).await;
    assert_eq!((after.status, after.priority), (Status::Resolved, Priority::Critical));
    assert_eq!(after.assignee.unwrap().id, person.id);
    assert_eq!((after.title, after.category), (before.title, before.category));
    assert_eq!((after.version, after.updated_at), (2, noon() + minutes(1)));
    let tagged = |tag: &str| TicketFilter { tag: Some(tag.into()), ..TicketFilter::default() };
    assert_eq!(numbers(db, tagged("old")).await, [] as [i64; 0]);
    assert_eq!(numbers(db, tagged("new")).await, [number.0]);
    update(db, number, TicketChange { assignee_id: Patch::Clear, ..TicketChange::default() }).await;
    assert_eq!(get(db, number).await.assignee, None);
}

async fn filters_narrow_and_alternatives_widen(db: &TestDb) {
    let a = insert_user(&db.store, "a@x.y", Role::Agent).await;
    let b = insert_user(&db.store, "b@x.y", Role::Agent).await;
    for (n, priority) in Priority::ALL.into_iter().enumerate() {
        let new = NewTicketRow {
            priority,
            status: Status::ALL[n],
            assignee_id: [Some(a.id), Some(b.id), None, None][n],
            created_at: noon() + minutes(i64::try_from(n).unwrap()),
            ..ticket(if n % 2 == 0 { &a } else { &b }, "t")
        };
        insert_ticket(&db.store, &new).await;
    }
    let all = TicketFilter::default;
    let low_or_high = TicketFilter { priority: vec![Priority::Low, Priority::High], ..all() };
    assert_eq!(numbers(db, low_or_high.clone()).await, [1, 3]);
    let also_new = TicketFilter { status: vec![Status::New], ..low_or_high };
    assert_eq!(numbers(db, also_new).await, [1]);
    let whose = |assignee| TicketFilter { assignee, ..all() };
    assert_eq!(numbers(db, whose(vec![AssigneeFilter::Nobody])).await, [3, 4]);
    let nobody_or_b = vec![AssigneeFilter::Nobody, AssigneeFilter::Person(b.id)];
    assert_eq!(numbers(db, whose(nobody_or_b)).await, [2, 3, 4]);
    let of_b = TicketFilter { requester_id: vec![b.id], ..all() };
    assert_eq!(numbers(db, of_b).await, [2, 4]);
    let middle = TicketFilter {
        created_after: Some(noon() + minutes(1)),
        created_before: Some(noon() + minutes(3)),
        ..all()
    };
    assert_eq!(numbers(db, middle).await, [2, 3]);
    let review = |wanted| TicketFilter { needs_review: Some(wanted), ..all() };
    assert_eq!(numbers(db, review(false)).await, [1, 2, 3, 4]);
    assert_eq!(numbers(db, review(true)).await, [] as [i64; 0]);
}

async fn collect(
    db: &TestDb,
    filter: &TicketFilter,
    sort: TicketSort,
    limit: u64,
    mut between: impl AsyncFnMut(),
) -> Vec<i64> {
    let mut seen = Vec::new();
    let mut after: Option<TicketPosition> = None;
    loop {
        let request =
            PageRequest { limit: Limit::new(limit).unwrap(), after, include_total: false };
        let page = db.store.tickets().list(filter, sort, Visibility::All, request).await.unwrap();
        seen.extend(page.items.iter().map(|t| t.number.0));
        after = page.next;
        if after.is_none() {
            return seen;
        }
        between().await;
    }
}

async fn pages_hold_together_under_every_order(db: &TestDb) {
    let person = insert_user(&db.store, "a@x.y", Role::User).await;
    for n in 0..23 {
        let new = NewTicketRow {
            priority: Priority::ALL[n % 4],
            // Many tickets share a time, so that the tie-breaker has work to do.
            created_at: noon() + minutes(i64::try_from(n % 5).unwrap()),
            ..ticket(&person, "t")
        };
        insert_ticket(&db.store, &new).await;
    }
    for sort in ["created_at", "updated_at", "priority", "number"] {
        for sort in [sort.to_owned(), format!("-{sort}")] {
            let order = TicketSort::parse(&sort).unwrap();
            let filter = TicketFilter::default();
            let whole = collect(db, &filter, order, 100, async || {}).await;
            assert_eq!(whole.len(), 23);
            let paged = collect(db, &filter, order, 4, async || {}).await;
            assert_eq!(paged, whole, "{sort}");
        }
    }
}

async fn words_are_found_where_they_stand(db: &TestDb) {
    let person = insert_user(&db.store, "a@x.y", Role::Agent).await;
    let with = |title: &str, text: &str| NewTicketRow {
        description: Description::parse(text).unwrap(),
        ..ticket(&person, title)
    };
    let comment = insert_ticket(&db.store, &with("Something else", "entirely")).await;
    let body = insert_ticket(&db.store, &with("Broken", "The printers in Zürich burn")).await;
    let title = insert_ticket(&db.store, &with("Printer on fire in Zurich", "")).await;
    let search = |q: &str| TicketFilter { query: Some(q.into()), ..TicketFilter::default() };
    let ranked =
        async |q: &str| collect(db, &search(q), TicketSort::Relevance, 1, async || {}).await;
    assert_eq!(ranked("Printers ZURICH").await, [title.0, body.0]);

    let written = Comment {
        id: CommentId(id()),
        ticket_id: get(db, comment).await.id,
        author: UserSummary { id: person.id, email: String::new(), full_name: String::new() },
        body: CommentBody::parse("It is the printer in zürich").unwrap(),
        internal: false,
        created_at: noon(),
        edited_at: None,
        version: 1,
    };
    let tx = db.store.begin().await.unwrap();
    tx.comments().insert(comment, &written).await.unwrap();
    let before =
        tx.tickets().get_for_update(TicketRef::Number(comment), Visibility::All).await.unwrap();
    let change = TicketChange { comments: Some((1, 1)), ..TicketChange::default() };
    tx.tickets().update(&before, &change, None, noon()).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(ranked("printer zurich").await, [title.0, body.0, comment.0]);

    let renamed =
        TicketChange { title: Some(Title::parse("Solved").unwrap()), ..TicketChange::default() };
    update(db, title, renamed).await;
    assert_eq!(ranked("printer zurich").await, [body.0, comment.0]);
    for nothing in ["", "?!", "printer \" NEAR *", "nowhere", "a' | 'b"] {
        assert_eq!(ranked(nothing).await, [] as [i64; 0], "{nothing}");
    }
    assert_eq!(numbers(db, search("printer")).await, [comment.0, body.0]);
}

async fn relevance_pages_hold_together_while_others_write(db: &TestDb) {
    let person = insert_user(&db.store, "a@x.y", Role::User).await;
    let mut at_start = Vec::new();
    for n in 0..12 {
        let new = NewTicketRow {
            description: Description::parse("a printer").unwrap(),
            ..ticket(&person, if n % 3 == 0 { "printer" } else { "other" })
        };
        at_start.push(insert_ticket(&db.store, &new).await.0);
    }
    let filter = TicketFilter { query: Some("printer".into()), ..TicketFilter::default() };
    let expected = collect(db, &filter, TicketSort::Relevance, 100, async || {}).await;
    let mut deleted = Vec::new();
    let seen = collect(db, &filter, TicketSort::Relevance, 2, async || {
        insert_ticket(&db.store, &ticket(&person, "printer printer printer")).await;
        let victim = expected[deleted.len() * 2];
        let tx = db.store.begin().await.unwrap();
        tx.tickets().delete(TicketNumber(victim)).await.unwrap();
        tx.commit().await.unwrap();
        deleted.push(victim);
    })
    .await;
    let mut once = seen.clone();
    once.sort_unstable();
    once.dedup();
    assert_eq!(once.len(), seen.len(), "no row is shown twice: {seen:?}");
    let kept = expected.iter().filter(|n| !deleted.contains(n));
    assert!(kept.clone().all(|n| seen.contains(n)), "none is skipped: {seen:?} {expected:?}");
}

async fn the_audit_trail_is_kept_in_order(db: &TestDb) {
    let person = insert_user(&db.store, "a@x.y", Role::Agent).await;
    let number = insert_ticket(&db.store, &ticket(&person, "t")).await;
    let tx = db.store.begin().await.unwrap();
    for n in 0..5 {
        tx.tickets()
            .record(NewAuditEntry {
                id: TicketEventId(id()),
                ticket: number,
                kind: AuditKind::Updated,
                actor: Some(person.id),
                changes: vec![AuditChange::new("title", format!("{n}"), format!("{}", n + 1))],
                internal: n == 2,
                request_id: "r",
                at: noon(),
            })
            .await
            .unwrap();
    }
    tx.commit().await.unwrap();
    let trail = async |visibility| {
        let page = PageRequest { limit: Limit::new(100).unwrap(), ..PageRequest::default() };
        let page = db.store.tickets().audit_trail(number, visibility, page).await.unwrap();
        page.items
    };
    let all = trail(Visibility::All).await;
    assert_eq!(all.len(), 5);
    assert_eq!(all[4].changes, [AuditChange::new("title", "4", "5")]);
    assert_eq!(all[0].actor.as_ref().unwrap().id, person.id);
    assert_eq!(trail(Visibility::Own(person.id)).await.len(), 4);
}

async fn a_deleted_ticket_is_forgotten_everywhere(db: &TestDb) {
    let person = insert_user(&db.store, "a@x.y", Role::User).await;
    let doomed = NewTicketRow { tags: tags(&["x"]), ..ticket(&person, "secret printer") };
    let doomed_number = insert_ticket(&db.store, &doomed).await;
    let triage = format!(
        r#"{{"category":"bug","priority":"low","confidence":0.5,"needs_review":false,
        "alternatives":[],"tags":[],"summary":"","rationale":"","language":null,
        "suggested_reply":null,"duplicates":[{{"ticket_id":"{}","number":{doomed_number},
        "title":"secret printer","score":0.9}}],"articles":[],"assignment":null,
        "provider":"local","model":"m","degraded":false,"took_ms":1}}"#,
        doomed.id
    );
    let triage = StoredTriage {
        full: triage.clone(),
        public: triage,
        needs_review: false,
        mentions: vec![doomed_number],
    };
    let other = NewTicketRow { triage: Some(triage), ..ticket(&person, "t") };
    let other = insert_ticket(&db.store, &other).await;
    let tx = db.store.begin().await.unwrap();
    tx.tickets().delete(doomed_number).await.unwrap();
    tx.commit().await.unwrap();
    assert!(!get(db, other).await.triage.unwrap().as_str().contains("secret"));
    let search = TicketFilter { query: Some("secret".into()), ..TicketFilter::default() };
    assert_eq!(numbers(db, search).await, [] as [i64; 0]);
    let tagged = TicketFilter { tag: Some("x".into()), ..TicketFilter::default() };
    assert_eq!(numbers(db, tagged).await, [] as [i64; 0]);
}

async fn statistics_count_what_is_visible(db: &TestDb) {
    let mine = insert_user(&db.store, "me@x.y", Role::User).await;
    let agent = insert_user(&db.store, "agent@x.y", Role::Agent).await;
    for n in 0..4i64 {
        let new = NewTicketRow {
            created_at: noon() + minutes(n * 24 * 60),
            assignee_id: (n > 1).then_some(agent.id),
            ..ticket(if n == 3 { &agent } else { &mine }, "t")
        };
        let number = insert_ticket(&db.store, &new).await;
        let change = TicketChange {
            status: Some(Status::Resolved),
            resolved_at: Patch::Set(noon() + minutes(3 * 24 * 60)),
            resolution_s: Patch::Set(100 * (n + 1)),
            first_response_s: (n == 0).then_some(7),
            ..TicketChange::default()
        };
        update(db, number, change).await;
    }
    let stats = async |visibility| {
        db.store.tickets().stats(&TicketFilter::default(), visibility).await.unwrap()
    };
    let all = stats(Visibility::All).await;
    assert_eq!((all.total, all.by_status), (4, vec![(Status::Resolved, 4)]));
    assert_eq!(all.median_resolution_s, Some(200));
    assert_eq!(all.median_first_response_s, Some(7));
    assert_eq!(all.per_day.len(), 4);
    assert_eq!((all.per_day[3].created, all.per_day[3].resolved), (1, 4));
    assert_eq!(all.by_assignee.iter().map(|a| a.count).collect::<Vec<_>>(), [2, 2]);
    let own = stats(Visibility::Own(mine.id)).await;
    assert_eq!((own.total, own.median_resolution_s), (3, Some(200)));
}

async fn labels_are_told_apart_by_their_fingerprint(db: &TestDb) {
    let person = insert_user(&db.store, "a@x.y", Role::Agent).await;
    let fingerprint = async || db.store.tickets().label_fingerprint().await.unwrap();
    assert_eq!(fingerprint().await, atc_store::LabelFingerprint::default());
    let number = insert_ticket(&db.store, &ticket(&person, "not labelled")).await;
    let new = NewTicketRow { category_by_person: true, ..ticket(&person, "labelled") };
    insert_ticket(&db.store, &new).await;
    let one = fingerprint().await;
    assert_eq!((one.count, one.latest), (1, Some(noon())));
    let bug = atc_core::category::Slug::parse("bug").unwrap();
    let change = TicketChange { category: Some((bug, true)), ..TicketChange::default() };
    update(db, number, change).await;
    let two = fingerprint().await;
    assert_eq!((two.count, two.latest), (2, Some(noon() + minutes(1))));
    let learnt = db.store.tickets().labelled(10).await.unwrap();
    assert_eq!(learnt.len(), 2);
    assert_eq!(learnt[1].category.as_ref().unwrap().as_str(), "bug");
    assert_eq!(learnt[1].priority, None);
}

/// Whatever is typed into the search box, both engines take it as words.
async fn any_search_text_is_only_words(db: &TestDb) {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    for _ in 0..100 {
        let text = any::<String>().new_tree(&mut runner).unwrap().current();
        let filter = TicketFilter { query: Some(text), ..TicketFilter::default() };
        let page = PageRequest::default();
        let found =
            db.store.tickets().list(&filter, TicketSort::Relevance, Visibility::All, page).await;
        assert_eq!(found.unwrap().items, []);
    }
}
