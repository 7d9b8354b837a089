//! Tests of the mirror's parts together.
