//! Archives into Parquet, Arrow and the aggregate report (R0): what there is, and what was wrong.
//!
//! [`aggregate`] counts outcomes and knows no files, so that a collector can keep one too; [`row`] opens an accepted
//! record for it and for [`columns`], which stand as Arrow has them and become Parquet or Arrow arrays without a
//! detour. [`etl`] is the job: it reads archives that it has not read, on all cores, and commits everything at once.

mod aggregate;
#[cfg(feature = "arrow")]
mod arrow;
mod columns;
mod counts;
mod etl;
mod fields;
mod foreign;
mod form;
mod html;
mod lines;
mod memo;
mod outcomes;
mod parquet;
mod partition;
mod quantiles;
mod row;
mod source;
mod stage;
mod state;
mod sync;

#[cfg(test)]
mod tests;

pub use self::aggregate::Report;
#[cfg(feature = "arrow")]
pub use self::arrow::ArrowRecords;
pub(crate) use self::etl::run;
pub(crate) use self::html::page;
pub(crate) use self::parquet::to_parquet;
