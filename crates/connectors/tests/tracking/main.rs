//! The one contract that every service passes that is asked where a parcel is.

mod contract;
mod fake;
mod words;

use deskhand_connectors::carriers::Vendor;

contract::suite!(easypost, Vendor::EasyPost);
contract::suite!(aftership, Vendor::AfterShip);
contract::suite!(shippo, Vendor::Shippo);
contract::suite!(seventeen_track, Vendor::SeventeenTrack);
