//! The function from event to answer, in this process, against upstreams on raw sockets.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on has failed"
)]

mod account;
mod authorization;
mod bad_tables;
mod cloudfront;
mod connection;
mod credentials;
mod credentials_again;
mod credentials_in_time;
mod endpoint;
mod formats;
mod front;
mod hostile;
mod invocations;
mod invoke;
mod lines;
mod lines_of_functions;
mod lines_of_settings;
mod logs_of_functions;
mod matching;
mod odd;
mod odd_answers;
mod odd_replies;
mod own_function;
mod passage;
mod refusals;
mod refused_again;
mod reload;
mod reply;
mod reply_formats;
mod resilience;
mod schema;
mod start_in_time;
mod streamed_odds;
mod streamed_replies;
mod streaming;
mod streams_in_time;
mod support;
mod table;
mod tls;
mod trouble;
