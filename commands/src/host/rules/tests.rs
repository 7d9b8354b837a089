//! Every rule on trees that make it pass and fail.
