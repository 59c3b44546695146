//! The gateway from outside: over HTTP without a socket, over real sockets, and at its start.

mod admin;
mod audit;
mod canaries;
mod changes;
mod chat;
mod codes;
mod config;
mod door;
mod fuzz;
mod http;
mod intake;
mod keys;
mod kit;
mod limits;
mod live;
mod notices;
mod proof;
mod replies;
mod restore;
mod scope;
mod sessions;
mod shops;
mod start;
mod storm;
mod table;
mod tampers;
