//! Measurements added up in the client.

mod histogram;

pub(crate) use self::histogram::{DEFAULT_BOUNDS, bucket};
