//! Code in documentation, which is compiled as a test.
//!
//! ```
//! let now = std::time::SystemTime::now(); //~ rust/system-time
//! ```
