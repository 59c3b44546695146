//! How many may be here at once: all together, and of one address.

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv6Addr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::sync::Notify;

/// Why somebody does not come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Full {
    /// Too many are here.
    House,
    /// Too many of that address are here.
    Address,
}

/// The room behind the door.
#[derive(Clone)]
pub struct Room {
    inside: Arc<Mutex<Inside>>,
    house: usize,
    address: usize,
}

#[derive(Default)]
struct Inside {
    open: usize,
    of: BTreeMap<IpAddr, usize>,
    /// Who has not asked for anything yet, in the order in which they came.
    unproven: BTreeMap<u64, Arc<Notify>>,
    came: u64,
}

/// Somebody's place, until it is dropped.
pub struct Place {
    number: u64,
    room: Room,
    _counted: Option<Counted>,
}

/// One more of an address, until it is dropped.
pub struct Counted {
    address: IpAddr,
    room: Room,
}

impl Room {
    pub fn new(house: usize, address: usize) -> Self {
        Self {
            inside: Arc::default(),
            house,
            address,
        }
    }

    /// Lets somebody in. When the house is full, whoever said nothing for longest is told to go; what
    /// comes back with the place is how one is told so.
    pub fn enter(&self, address: Option<IpAddr>) -> Result<(Place, Arc<Notify>), Full> {
        let counted = address.map(|address| self.count(address)).transpose()?;
        let mut inside = self.inside();
        if inside.open >= self.house {
            let (_, silent) = inside.unproven.pop_first().ok_or(Full::House)?;
            silent.notify_one();
        }
        inside.open += 1;
        inside.came += 1;
        let number = inside.came;
        let made_room = Arc::new(Notify::new());
        inside.unproven.insert(number, made_room.clone());
        drop(inside);
        let place = Place {
            number,
            room: self.clone(),
            _counted: counted,
        };
        Ok((place, made_room))
    }

    /// Counts one more of an address.
    pub fn count(&self, address: IpAddr) -> Result<Counted, Full> {
        let address = network(address);
        let mut inside = self.inside();
        let count = inside.of.entry(address).or_default();
        if *count >= self.address {
            return Err(Full::Address);
        }
        *count += 1;
        Ok(Counted {
            address,
            room: self.clone(),
        })
    }

    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    /// Asked for something: need not make room any more.
    pub fn proven(&self) {
        self.room.inside().unproven.remove(&self.number);
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut inside = self.room.inside();
        inside.open -= 1;
        inside.unproven.remove(&self.number);
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        let mut inside = self.room.inside();
        if let Some(count) = inside.of.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                inside.of.remove(&self.address);
            }
        }
    }
}

/// Whom an address stands for: with IPv6 everybody has a whole /64.
pub fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(six) => {
            let upper = u128::from(six) & (u128::MAX << 64);
            IpAddr::V6(Ipv6Addr::from(upper))
        }
        four => four,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt as _;

    fn address(text: &str) -> Option<IpAddr> {
        Some(text.parse().expect("an address"))
    }

    #[test]
    fn who_said_nothing_for_longest_makes_room() {
        let room = Room::new(3, 10);
        let come = || room.enter(address("192.0.2.1"));
        let (asked, _) = come().expect("room");
        asked.proven();
        let (silent, told) = come().expect("room");
        let (newer, not_told) = come().expect("room");
        let (last, _) = come().expect("the silent one goes");
        assert!(told.notified().now_or_never().is_some());
        assert!(not_told.notified().now_or_never().is_none());
        drop(silent);
        newer.proven();
        last.proven();
        assert_eq!(
            come().err(),
            Some(Full::House),
            "all of them asked for something"
        );
        drop(asked);
        assert!(come().is_ok());
    }

    #[test]
    fn an_address_has_its_share() {
        let room = Room::new(100, 2);
        let one = room.enter(address("2001:db8::1")).expect("room");
        let two = room.enter(address("2001:db8::2")).expect("room");
        assert_eq!(
            room.enter(address("2001:db8::3")).err(),
            Some(Full::Address),
            "one /64"
        );
        assert!(
            room.enter(address("2001:db8:0:1::3")).is_ok(),
            "another /64"
        );
        assert!(room.enter(None).is_ok(), "a proxy is not counted");
        drop((one, two));
        assert!(room.enter(address("2001:db8::3")).is_ok());
        assert_eq!(
            network("::ffff:192.0.2.1".parse().expect("one")),
            "192.0.2.1".parse::<IpAddr>().expect("one")
        );
    }
}
