//! `deskhand-lab payload`.

use anyhow::Context as _;
use clap::ValueEnum;
use deskhand_connectors::{
    carriers::{self, Track, Vendor},
    commerce::{
        Read,
        shopify::rest::{self, Told},
        woocommerce,
    },
};
use serde::Serialize;
use serde_json::{Value, json};
use std::{
    fs,
    io::{self, BufWriter, Write as _},
    path::{Path, PathBuf},
    process::ExitCode,
};

/// Whose payloads are read.
#[derive(Clone, Copy, ValueEnum)]
pub enum Provider {
    #[value(name = "easypost")]
    EasyPost,
    #[value(name = "aftership")]
    AfterShip,
    Shippo,
    #[value(name = "17track")]
    SeventeenTrack,
    Shopify,
    #[value(name = "woocommerce")]
    WooCommerce,
}

/// A line out.
#[derive(Serialize)]
#[serde(untagged)]
enum Answer {
    Read { tracks: Vec<Track> },
    Told(Told),
    Orders(Read),
    Refused { error: String },
}

/// One line a file. A refusal is an answer as well; only a file that cannot be opened is not.
pub fn read(provider: Provider, files: &[PathBuf]) -> anyhow::Result<ExitCode> {
    let mut output = BufWriter::new(io::stdout().lock());
    let mut all_opened = true;
    for file in files {
        let answer = match payload(file) {
            Ok(payload) => read_one(provider, &payload),
            Err(error) => {
                all_opened = false;
                let error = format!("{error:#}");
                Answer::Refused { error }
            }
        };
        serde_json::to_writer(&mut output, &answer)?;
        output.write_all(b"\n")?;
    }
    output.flush()?;
    Ok(if all_opened {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// A recorded exchange holds the payload beside the request and the status.
fn payload(file: &Path) -> anyhow::Result<Vec<u8>> {
    let bytes = fs::read(file).with_context(|| file.display().to_string())?;
    let Ok(Value::Object(mut exchange)) = serde_json::from_slice(&bytes) else {
        return Ok(bytes);
    };
    if !["request", "status", "body"]
        .iter()
        .all(|key| exchange.contains_key(*key))
    {
        return Ok(bytes);
    }
    let body = exchange.remove("body").unwrap_or_default();
    Ok(json!(body).to_string().into_bytes())
}

fn read_one(provider: Provider, payload: &[u8]) -> Answer {
    let vendor = match provider {
        Provider::EasyPost => Vendor::EasyPost,
        Provider::AfterShip => Vendor::AfterShip,
        Provider::Shippo => Vendor::Shippo,
        Provider::SeventeenTrack => Vendor::SeventeenTrack,
        Provider::Shopify => return read_shopify(payload),
        Provider::WooCommerce => return read_woocommerce(payload),
    };
    match carriers::read(vendor, payload) {
        Ok(tracks) => Answer::Read { tracks },
        Err(refusal) => Answer::Refused {
            error: refusal.to_string(),
        },
    }
}

/// What a shop's order is, or the first reason why there is none.
fn read_shopify(payload: &[u8]) -> Answer {
    let refused = |error: String| Answer::Refused { error };
    match rest::read(payload) {
        Ok(told) => match told.read.refused.first() {
            Some(broken) if told.read.orders.is_empty() => refused(broken.why.to_string()),
            _ => Answer::Told(told),
        },
        Err(error) => refused(error.to_string()),
    }
}

/// The same of a WooCommerce shop.
fn read_woocommerce(payload: &[u8]) -> Answer {
    let refused = |error: String| Answer::Refused { error };
    match woocommerce::read(payload) {
        Ok(read) => match read.refused.first() {
            Some(broken) if read.orders.is_empty() => refused(broken.why.to_string()),
            _ => Answer::Orders(read),
        },
        Err(error) => refused(error.to_string()),
    }
}
