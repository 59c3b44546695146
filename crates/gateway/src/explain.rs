//! `deskhand-gateway policy explain`: which rule decides, for somebody who really signs in here.

use crate::{
    config::Config,
    policies,
    start::{StartError, location},
    store::Peek,
};
use deskhand_domain::{Money, TeamId};
use deskhand_policy::{Action, Decision, Resource};

/// Says whether the account of an address may do something, and which rule says so. The gateway may
/// run meanwhile: nothing is written.
pub async fn explain(
    config: &Config,
    email: &str,
    action: &str,
    resource: &str,
) -> Result<String, StartError> {
    let policy = policies::read(config.policy.folder.as_deref())?;
    let action: Action = action.parse().map_err(StartError::Config)?;
    let mut peek = Peek::open(&location(config)).await?;
    let account = peek.account(email).await?;
    let account = account.ok_or_else(|| StartError::NoAccount {
        email: email.to_owned(),
    })?;
    let resource = read(resource, &mut peek).await?;
    let subject = policy.subject(account.id, account.role, &account.teams, None);
    Ok(told(&policy.decide(&subject, action, &resource), action))
}

fn told(decision: &Decision, action: Action) -> String {
    let rule = match (&decision.rule, &decision.place) {
        (Some(rule), Some(place)) => format!("{rule} ({place})"),
        _ => "no rule".to_owned(),
    };
    if decision.allowed {
        format!("{action}: allowed by {rule}")
    } else {
        format!("{action}: denied by {rule}: {}", decision.words)
    }
}

/// `shop`, `customer`, `order`, `ticket:17`, `team:ID` for any ticket of a team, `refund:120.50:EUR`.
async fn read(text: &str, peek: &mut Peek) -> Result<Resource, StartError> {
    let wrong = || {
        StartError::Config(format!(
            "{text} names nothing: write shop, customer, order, ticket:17, team:ID or refund:120.50:EUR"
        ))
    };
    let (kind, of) = text.split_once(':').unwrap_or((text, ""));
    Ok(match (kind, of) {
        ("shop", "") => Resource::Shop,
        ("customer", _) => Resource::Customer,
        ("order", _) => Resource::Order,
        ("team", of) => Resource::Ticket {
            team: TeamId(of.parse().map_err(|_| wrong())?),
        },
        ("ticket", number) => {
            let number = number.parse().map_err(|_| wrong())?;
            let team = peek.team_of(number).await?;
            Resource::Ticket {
                team: team
                    .ok_or_else(|| StartError::Config(format!("there is no ticket {number}")))?,
            }
        }
        ("refund", of) => Resource::Refund {
            amount: amount(of).ok_or_else(wrong)?,
            // Somebody else asked, as it is with most.
            requested_by: deskhand_domain::AccountId(uuid::Uuid::nil()),
        },
        _ => return Err(wrong()),
    })
}

/// `120.50:EUR`.
fn amount(text: &str) -> Option<Money> {
    let (number, currency) = text.split_once(':')?;
    let currency: deskhand_domain::Currency = currency.parse().ok()?;
    let (units, rest) = number.split_once('.').unwrap_or((number, ""));
    let decimals = usize::try_from(currency.decimals()).ok()?;
    if rest.len() > decimals || !rest.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let units: u32 = units.parse().ok()?;
    let rest: i64 = format!("{rest:0<decimals$}0").parse().ok()?;
    let minor = i64::from(units) * 10_i64.pow(currency.decimals()) + rest / 10;
    Some(Money::new(minor, currency))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_is_read_with_the_decimals_of_its_currency() {
        for (text, minor) in [
            ("120.50:EUR", Some(12_050)),
            ("120.5:EUR", Some(12_050)),
            ("120:EUR", Some(12_000)),
            ("120:JPY", Some(120)),
            ("1.250:KWD", Some(1_250)),
            ("1.5:JPY", None),
            ("1.234:EUR", None),
            ("-1:EUR", None),
            ("1", None),
        ] {
            assert_eq!(amount(text).map(|money| money.minor), minor, "{text}");
        }
    }
}
