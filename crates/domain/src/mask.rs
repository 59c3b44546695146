//! What is shown instead of what somebody may not see.
//!
//! A masked field says nothing of what stands there, not even how long it is. That there is
//! something remains visible: an address that is not known is another case for an agent than one
//! that is not shown.

use crate::{Customer, Order, Shipment, order::Address};

/// What stands in place of a text.
pub const MASK: &str = "•••";

/// Whether a text is not the real one.
pub fn is_masked(text: &str) -> bool {
    text == MASK
}

/// Whoever may not see contact and payment details sees this instead.
pub trait Masked {
    /// The same without contact and payment details.
    fn masked(self) -> Self;
}

fn hidden(text: &mut String) {
    if !text.is_empty() {
        MASK.clone_into(text);
    }
}

impl Masked for Customer {
    fn masked(mut self) -> Self {
        hidden(&mut self.email);
        self.phone.iter_mut().for_each(hidden);
        self.city.iter_mut().for_each(hidden);
        self
    }
}

impl Masked for Order {
    fn masked(mut self) -> Self {
        self.ship_to = self.ship_to.masked();
        for payment in &mut self.payments {
            hidden(&mut payment.label);
        }
        self
    }
}

impl Masked for Address {
    /// The country stays: it decides on duties, languages and carriers.
    fn masked(mut self) -> Self {
        for text in [
            &mut self.name,
            &mut self.street,
            &mut self.postal_code,
            &mut self.city,
        ] {
            hidden(text);
        }
        self
    }
}

impl Masked for Shipment {
    /// The carrier's words and places say where somebody lives. States and times stay. The number
    /// stays too: it is what is asked about.
    fn masked(mut self) -> Self {
        for scan in &mut self.scans {
            hidden(&mut scan.text);
            scan.place.iter_mut().for_each(hidden);
        }
        self
    }
}
