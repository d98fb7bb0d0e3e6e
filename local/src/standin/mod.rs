//! Stand-ins on loopback for what the functions talk to: Hydra, Slack, Secrets Manager and a target function.
