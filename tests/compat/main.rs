//! Foreign clients, tools and suites against our broker.
