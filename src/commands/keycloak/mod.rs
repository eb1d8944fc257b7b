//! `stepwell keycloak …`.

pub mod env;
