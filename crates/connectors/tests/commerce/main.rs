//! The one contract that every shop passes, and what else is particular to each.

mod contract;
mod memory;

contract::suite!(embedded, memory::Hollowpine);
