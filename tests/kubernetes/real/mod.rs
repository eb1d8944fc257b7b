//! The commands through the real `kubectl`, against a stand-in for the API
//! servers of Kubernetes (`api/`) that is as strict as real ones: permissions,
//! quotas, limits, policies and webhooks refuse in their own words, nodes do not
//! start what they would not start, answers are lost, and Keycloak's pods come
//! and go as its operator and the controllers of Kubernetes have it.

mod absent;
mod api;
mod crash;
mod database;
mod failed;
mod order;
mod psql;
mod refused;
mod site;
mod survived;
