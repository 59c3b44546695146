//! Random scenarios: a plan made from a seed, carried out against a real gateway and real desks,
//! healed, and compared with what must be true.

mod compare;
mod dice;
mod disk;
mod plan;
mod run;
mod seat;
mod shop;

pub use dice::Dice;
pub use plan::{Plan, Step};
pub use run::{Ran, Sabotage, run};
pub use shop::{House, Template};
