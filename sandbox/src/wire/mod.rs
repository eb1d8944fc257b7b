//! The wire: forms and JSON in, XML and JSON out.

pub(crate) mod error;
pub(crate) mod params;
pub(crate) mod reply;
pub(crate) mod request;
pub(crate) mod service;
pub(crate) mod timestamp;
pub(crate) mod token;
pub(crate) mod xml;
