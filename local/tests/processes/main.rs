//! The local Lambda, and the suite around it, with real processes.

#[cfg(test)]
mod command;
#[cfg(test)]
mod function;
#[cfg(test)]
mod init;
#[cfg(test)]
mod probe;
#[cfg(test)]
mod routes;
#[cfg(test)]
mod scaling;
#[cfg(test)]
mod suite;
