//! Life events: subscriptions, feeds, delivery, application.
