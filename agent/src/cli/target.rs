//! Flags of the target: where it is, how to speak to it, and what it serves at first.

use super::Destination;
use crate::product_check::ProductCheck;
use crate::routing::{Mode, RouteBy};
use std::path::PathBuf;

/// The flags.
#[derive(Debug, Clone, clap::Args)]
#[command(rename_all = "camelCase")]
pub struct TargetFlags {
    /// The target, http(s)://host:port: clients may be routed to it
    #[arg(long, value_name = "URI", help_heading = "Target", value_parser = Destination::parse)]
    pub target_uri: Option<Destination>,
    /// What the target serves until routing is set at run time
    #[arg(long, value_enum, value_name = "MODE", help_heading = "Target", default_value = "source")]
    pub routing: Mode,
    /// Percent of connections that the target serves with --routing reads or all
    #[arg(long, value_name = "PERCENT", help_heading = "Target", default_value_t = 0, value_parser = clap::value_parser!(u8).range(0..=100))]
    pub target_weight: u8,
    /// What is decided by weight
    #[arg(long, value_enum, value_name = "WHAT", help_heading = "Target", default_value = "connection")]
    pub route_by: RouteBy,
    /// Percent of requests that the target may fail before the source serves everything again
    #[arg(long, value_name = "PERCENT", help_heading = "Target", default_value_t = 5, value_parser = clap::value_parser!(u8).range(0..=100))]
    pub max_target_errors: u8,
    /// Show clients an Elasticsearch of this version in the target's answers
    #[arg(long, value_name = "VERSION", help_heading = "Target")]
    pub product_check: Option<ProductCheck>,

    /// Accept any certificate of the target
    #[arg(long, help_heading = "Target")]
    pub insecure_target: bool,
    /// PEM file of the authorities for the target's certificate [default: the system's]
    #[arg(long, value_name = "FILE", help_heading = "Target")]
    pub target_ca_file: Option<PathBuf>,
    /// PEM file of the certificate to show the target
    #[arg(long, value_name = "FILE", help_heading = "Target", requires = "target_key_file")]
    pub target_cert_file: Option<PathBuf>,
    /// PEM file of that certificate's key
    #[arg(long, value_name = "FILE", help_heading = "Target", requires = "target_cert_file")]
    pub target_key_file: Option<PathBuf>,
    /// User at the target [default: clients' own credentials]
    #[arg(long, value_name = "NAME", help_heading = "Target")]
    pub target_username: Option<String>,
    /// File with that user's password
    #[arg(long, value_name = "FILE", help_heading = "Target")]
    pub target_password_file: Option<PathBuf>,
    /// File with an API key of the target, as id:key or encoded
    #[arg(long, value_name = "FILE", help_heading = "Target")]
    pub target_api_key_file: Option<PathBuf>,
}
