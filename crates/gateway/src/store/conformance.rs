//! One suite for both engines: what every [`Store`] does, whatever lies behind it.

mod audit;
mod changes;
mod commerce;
mod feed;
mod identities;
mod inbox;
mod keys;
mod merges;
mod notices;
mod people;
mod records;
mod replies;
mod sessions;

use super::{Done, ListCursor, Operation, OrderFilter, Store, StoreError, TicketFilter, Visitor};
use crate::{
    sight::Sight,
    testing::{id, small_shop},
};
use chrono::TimeDelta;
use deskhand_domain::{
    Account, AccountId, Customer, CustomerId, Delivery, Instant, Message, MessageId, MessageKind,
    OpId, Order, Role, Team, TeamId, Ticket, TicketId, TicketStatus, text, ticket::Identity,
};
use deskhand_policy::Policy;
use deskhand_protocol::{
    chat::OpenConversation,
    rest::{NewMessage, TicketPatch},
    sync::{Kind, Record},
};
use futures_util::future::join_all;
use std::{
    collections::{BTreeMap, BTreeSet},
    future::Future,
};
use uuid::Uuid;

/// Texts that break programs which treat text as anything else.
pub const HOSTILE: &[&str] = &[
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)> & \"quotes\" 'single' `ticks`",
    "'; drop table tickets; --",
    "$1 ? %s {} \\ \\n \\u0000",
    "Zürich 🏔️ עברית العربية 日本語",
    "= cmd|' /C calc'!A0",
];

const SHOP_SIZE: u64 = 200;

/// Runs the whole suite; each case gets a store of its own.
pub async fn all<F: Future<Output = Store>>(fresh: impl Fn() -> F) {
    sessions::sessions_open_last_and_end(shop(fresh().await).await).await;
    sessions::a_refresh_token_is_exchanged_once_and_again_only_unheard(shop(fresh().await).await)
        .await;
    sessions::a_refresh_token_that_was_exchanged_on_is_spent(shop(fresh().await).await).await;
    sessions::of_two_who_exchange_at_once_one_pair_is_left(shop(fresh().await).await).await;
    sessions::a_role_is_new_at_the_next_request(shop(fresh().await).await).await;
    sessions::devices_are_listed_and_revoked_one_by_one(shop(fresh().await).await).await;
    sessions::a_ticket_is_taken_once_and_in_time(shop(fresh().await).await).await;
    sessions::codes_are_taken_once_and_challenges_end(shop(fresh().await).await).await;
    sessions::a_password_and_a_lock_end_sessions(shop(fresh().await).await).await;
    identities::a_browser_sign_in_is_taken_once_and_in_time(shop(fresh().await).await).await;
    identities::somebody_of_a_provider_has_one_account(shop(fresh().await).await).await;
    keys::a_key_stands_for_its_machine_account_until_it_ends(shop(fresh().await).await).await;
    keys::a_key_is_revoked_by_its_id_or_its_beginning(shop(fresh().await).await).await;
    keys::nobody_gets_a_key_of_a_colleague(shop(fresh().await).await).await;
    records::an_operation_is_carried_out_once(shop(fresh().await).await).await;
    feed::positions_follow_the_commits(shop(fresh().await).await).await;
    feed::a_sync_reaches_everything(shop(fresh().await).await).await;
    feed::roles_see_what_they_may(shop(fresh().await).await).await;
    feed::a_team_sees_its_own_and_is_told_what_went_to_another(shop(fresh().await).await).await;
    people::a_conversation_is_opened_once(shop(fresh().await).await).await;
    people::an_answer_ends_the_waiting(shop(fresh().await).await).await;
    records::texts_come_back_as_they_were(shop(fresh().await).await).await;
    records::lists_filter_and_go_on(shop(fresh().await).await).await;
    records::a_patch_changes_only_what_it_names(shop(fresh().await).await).await;
    records::a_write_goes_on_when_its_caller_is_gone(shop(fresh().await).await).await;
    feed::a_new_seed_is_a_new_history(shop(fresh().await).await).await;
    replies::a_reply_that_missed_something_is_refused(shop(fresh().await).await).await;
    replies::what_was_refused_is_refused_again_whatever_became_of_the_reason(
        shop(fresh().await).await,
    )
    .await;
    replies::a_reply_and_a_customer_never_cross(shop(fresh().await).await).await;
    replies::a_held_reply_is_taken_back_as_if_it_never_was(shop(fresh().await).await).await;
    replies::a_held_reply_is_released_when_its_moment_has_passed(shop(fresh().await).await).await;
    replies::an_undo_and_a_release_never_both_win(shop(fresh().await).await).await;
    replies::of_two_agents_who_answer_at_once_one_is_told(shop(fresh().await).await).await;
    replies::a_clock_that_was_set_back_holds_nothing_for_hours(shop(fresh().await).await).await;
    replies::an_undo_keeps_what_others_did_since(shop(fresh().await).await).await;
    changes::a_change_that_was_overtaken_changes_nothing(shop(fresh().await).await).await;
    changes::every_value_is_compared_by_itself(shop(fresh().await).await).await;
    changes::of_two_changes_at_once_one_is_told(shop(fresh().await).await).await;
    changes::fields_are_defined_and_their_values_checked(shop(fresh().await).await).await;
    changes::a_stored_answer_changes_with_its_message_and_is_undone_with_it(
        shop(fresh().await).await,
    )
    .await;
    changes::operations_are_remembered_for_half_a_year(shop(fresh().await).await).await;
    commerce::an_order_of_a_shop_is_taken_over_once(shop(fresh().await).await).await;
    commerce::a_number_names_one_order(shop(fresh().await).await).await;
    commerce::somebody_who_wrote_is_the_customer_who_bought(shop(fresh().await).await).await;
    commerce::what_a_carrier_scanned_stays(shop(fresh().await).await).await;
    merges::a_merged_ticket_takes_everything_along(shop(fresh().await).await).await;
    merges::what_cannot_be_merged_is_refused_and_stays(shop(fresh().await).await).await;
    merges::two_merges_at_once_end_in_one_ticket(shop(fresh().await).await).await;
    merges::a_reply_to_a_merged_ticket_must_have_seen_the_other(shop(fresh().await).await).await;
    merges::a_merge_and_a_reply_never_cross(shop(fresh().await).await).await;
    merges::a_held_reply_of_a_merged_ticket_can_be_undone(shop(fresh().await).await).await;
    merges::a_chat_goes_on_in_the_other_ticket_and_shows_only_itself(shop(fresh().await).await)
        .await;
    audit::what_is_done_is_told_with_it(shop(fresh().await).await).await;
    inbox::what_is_told_is_kept_once_and_changes_the_parcel(shop(fresh().await).await).await;
    inbox::a_ticket_sleeps_until_its_parcel_moves(shop(fresh().await).await).await;
    inbox::a_parcel_may_be_told_of_before_it_is_known(shop(fresh().await).await).await;
    inbox::what_cannot_be_read_is_set_aside_and_holds_nothing_up(shop(fresh().await).await).await;
    inbox::an_answer_is_kept_once_and_notes_when_it_was_given(shop(fresh().await).await).await;
    inbox::letters_of_shops_wait_for_their_shop(shop(fresh().await).await).await;
    notices::a_customer_is_told_once_however_many_look(shop(fresh().await).await).await;
    notices::who_does_not_want_to_be_told_is_not(shop(fresh().await).await).await;
    notices::what_befell_a_parcel_before_is_not_told(shop(fresh().await).await).await;
    audit::the_trail_is_only_added_to(shop(fresh().await).await).await;
}

async fn shop(store: Store) -> Store {
    let seed = small_shop(store.clock().now(), SHOP_SIZE, "no hash".to_owned());
    store.seed(seed).await.expect("the shop is stored");
    store
}

async fn tx_patch(
    tx: &mut super::Tx,
    ticket: TicketId,
    patch: TicketPatch,
) -> Result<Option<Ticket>, StoreError> {
    tx.patch_ticket(ticket, patch, agent()).await
}

/// Writes as an agent who has seen everything.
async fn say(store: &Store, ticket: TicketId, message: Uuid, mut new: NewMessage) {
    let public = store.public_messages(ticket).await.expect("messages");
    new.seen = public.last().map(|message| message.id);
    let write = store.write(move |tx| {
        Box::pin(async move {
            tx.add_message(MessageId(message), ticket, agent(), new)
                .await
        })
    });
    write.await.expect("a write").expect("a ticket");
}

async fn chat(store: &Store) -> Visitor {
    let open = OpenConversation {
        name: "Ben".to_owned(),
        email: "ben@example.com".to_owned(),
        text: "Hello?".to_owned(),
        id: id(9, 4),
        language: None,
    };
    let opened = store.open_conversation(open, "r".to_owned(), "ben".to_owned());
    opened.await.expect("it opens").visitor
}

async fn the_ticket(store: &Store, id: TicketId) -> Ticket {
    let found = store.get::<Ticket>(id.0).await.expect("a lookup");
    found.expect("a ticket")
}

fn reply(text: &str, kind: MessageKind) -> NewMessage {
    NewMessage {
        kind,
        text: text.to_owned(),
        seen: None,
        then: None,
        macro_id: None,
        changes: None,
    }
}

fn agent() -> AccountId {
    AccountId(id(1, 1))
}

fn ticket(number: u64) -> TicketId {
    TicketId(id(5, number))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{clock::Clock, store::Location, tasks::Tasks, testing::postgres::Postgres};
    use std::sync::atomic::{AtomicUsize, Ordering};

    fn clock() -> Clock {
        Clock::fixed(chrono::DateTime::from_timestamp(1_795_000_000, 0).expect("a moment"))
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn sqlite_conforms() {
        let folder = tempfile::tempdir().expect("a folder");
        let count = AtomicUsize::new(0);
        all(|| async {
            let number = count.fetch_add(1, Ordering::Relaxed);
            let file = Location::File(folder.path().join(format!("a shop {number}%.db")));
            Store::open(&file, clock(), Tasks::default())
                .await
                .expect("a store")
        })
        .await;
        assert_eq!(count.into_inner(), 63);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn postgres_conforms() {
        let server = Postgres::start();
        let count = AtomicUsize::new(0);
        all(|| async {
            let number = count.fetch_add(1, Ordering::Relaxed);
            let url = Location::Url(server.create(&format!("shop{number}")));
            Store::open(&url, clock(), Tasks::default())
                .await
                .expect("a store")
        })
        .await;
        assert_eq!(count.into_inner(), 63);
    }
}
