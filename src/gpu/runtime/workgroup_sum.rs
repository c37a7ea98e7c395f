//! Sums that the invocations of a workgroup share, as `lib/workgroup_sum` adds them up.

/// Invocations of a workgroup.
pub(crate) const WORKGROUP: usize = 64;
/// Iterations of the tree that adds up the sums of a workgroup.
pub(crate) const TREE: usize = 6;
/// Terms of one dispatch that a workgroup shares at most.
pub(crate) const MOST_SHARED: usize = WORKGROUP * 50_000;
