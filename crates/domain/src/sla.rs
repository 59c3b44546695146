//! When an answer is due.

use crate::{
    Instant,
    ticket::{Channel, Priority},
};
use chrono::TimeDelta;

/// How long a customer of a channel may wait for an answer.
pub fn answer_within(channel: Channel, priority: Priority) -> TimeDelta {
    let minutes = match channel {
        Channel::WebChat => 10,
        Channel::Whatsapp => 60,
        Channel::Email => 8 * 60,
    };
    TimeDelta::minutes(match priority {
        Priority::Low => minutes * 2,
        Priority::Normal => minutes,
        Priority::High => minutes / 2,
        Priority::Urgent => minutes / 4,
    })
}

/// When the answer to a customer who waits since `waiting_since` is due.
pub fn due_at(waiting_since: Instant, channel: Channel, priority: Priority) -> Instant {
    waiting_since + answer_within(channel, priority)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chats_are_due_sooner_than_mails_and_urgent_ones_sooner_still() {
        let chat = answer_within(Channel::WebChat, Priority::Normal);
        assert!(chat < answer_within(Channel::Whatsapp, Priority::Normal));
        assert!(answer_within(Channel::WebChat, Priority::Urgent) < chat);
        assert!(
            answer_within(Channel::Email, Priority::Low)
                > answer_within(Channel::Email, Priority::Normal)
        );
    }
}
