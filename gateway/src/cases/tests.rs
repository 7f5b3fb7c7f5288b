//! Cases over real mutual TLS and real databases: each part ends by itself, whoever is away and whatever dies in between.

mod batches;
mod files;
mod http;
mod parts;
mod world;
