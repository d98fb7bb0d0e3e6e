//! The function from event to answer, in this process, against upstreams on raw sockets.

mod endpoint;
mod invoke;
mod signing;
mod support;
mod table;
