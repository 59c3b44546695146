//! Shippo: the track of a number of a carrier.

use super::{Limit, Line, NoAnswer, Parcel, Told, Tracking, Vendor, plain};
use crate::tracking::{Courier, recognise};
use async_trait::async_trait;
use reqwest::{Method, StatusCode, header};
use std::time::Duration;

pub(super) struct Shippo(pub(super) Line);

#[async_trait]
impl Tracking for Shippo {
    fn vendor(&self) -> Vendor {
        Vendor::Shippo
    }

    fn limit(&self) -> Limit {
        Limit {
            requests: 500,
            within: Duration::from_secs(60),
        }
    }

    fn learns(&self) -> &'static str {
        "is looked up at its carrier each time"
    }

    async fn track(&self, parcel: Parcel<'_>) -> Result<Option<Told>, NoAnswer> {
        let Some(carrier) = token(parcel) else {
            return Ok(None);
        };
        let number = plain(parcel.number);
        let path = format!("/tracks/{carrier}/{number}");
        let proof = format!("ShippoToken {}", self.0.access.key);
        let request = self.0.request(Method::GET, &path);
        let heard = self.0.ask(request.header(header::AUTHORIZATION, proof));
        let heard = heard.await?;
        match heard.status {
            status if status.is_success() => {
                let told = heard.told(self.vendor(), parcel.number)?;
                // What no carrier has told of yet has neither a state nor a history.
                Ok(told.filter(|told| !told.track.said.is_empty() && told.track.said != "UNKNOWN"))
            }
            // It does not know the carrier, or the number is none of theirs.
            StatusCode::BAD_REQUEST | StatusCode::NOT_FOUND => Ok(None),
            _ => Err(heard.refused(None)),
        }
    }
}

/// What Shippo calls the carrier: by the number where that is certain, else by the shop's name.
fn token(parcel: Parcel<'_>) -> Option<String> {
    let known = recognise(parcel.number).filter(|found| found.valid);
    let known = known.and_then(|found| match found.courier {
        Courier::CanadaPost => Some("canada_post"),
        Courier::Fedex => Some("fedex"),
        Courier::Lasership => Some("lasership"),
        Courier::Ontrac => Some("ontrac"),
        Courier::Purolator => Some("purolator"),
        Courier::Ups => Some("ups"),
        Courier::Usps => Some("usps"),
        _ => None,
    });
    let named = || {
        let name = parcel.carrier.trim().to_lowercase();
        let name: String = name
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
            .collect();
        Some(name).filter(|name| !name.is_empty())
    };
    known.map(str::to_owned).or_else(named)
}
