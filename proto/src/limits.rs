//! The bounds of every list and string on the wire.
//!
//! The writing side cuts to them, visibly; the reading side refuses what exceeds them. Together they
//! bound the largest single item, and so the largest message: see [`crate::split`](mod@crate::split).

/// No message is larger, in bytes.
pub const MAX_MESSAGE_BYTES: usize = 1 << 20;

/// No message takes more memory once it is decoded, in bytes. Far above what an agent sends.
pub const MAX_DECODED_BYTES: usize = 64 << 20;

/// The largest number of anything: tasks, wakes, bytes. Sums of thousands of them stay within `u64`.
pub const MAX_COUNT: u64 = 1 << 48;

/// Names of services, tasks, spans and versions, and paths of files, in bytes.
pub const MAX_NAME_BYTES: usize = 1024;
/// Demangled function names, in bytes: generics make them long.
pub const MAX_FUNCTION_BYTES: usize = 2048;
/// Names of threads, in bytes.
pub const MAX_THREAD_NAME_BYTES: usize = 64;
/// Sentences for a person, in bytes.
pub const MAX_SENTENCE_BYTES: usize = 4096;
/// The text of a view's query, in bytes.
pub const MAX_QUERY_BYTES: usize = 4096;

/// Items of one kind in one message: sites, tasks, stacks, resources.
pub const MAX_ITEMS: usize = 1 << 16;
/// Rows of a window.
pub const MAX_ROWS: usize = 10_000;
/// Focused tasks of a view.
pub const MAX_FOCUS: usize = 256;
/// Faults of a target.
pub const MAX_FAULTS: usize = 32;
/// Kinds of facts that a source may announce, known or not.
pub const MAX_CAPS: usize = 256;
/// Clusters of a site.
pub const MAX_CLUSTERS: usize = 64;
/// Stacks of a cluster.
pub const MAX_CLUSTER_STACKS: usize = 8;
/// Example tasks of a cluster.
pub const MAX_EXAMPLES: usize = 32;
/// Spawning sites of a site.
pub const MAX_SPAWNED_BY: usize = 256;
/// Stacks of a site, each with its number of tasks.
pub const MAX_STACK_COUNTS: usize = 32;
/// Resources for which a task, or the tasks of a cluster, wait.
pub const MAX_WAITS: usize = 32;
/// Bins of a history.
pub const MAX_BINS: usize = 1024;
/// Registrations of a task.
pub const MAX_REGISTRATIONS: usize = 8;
/// Addresses, and frames, of a park stack.
pub const MAX_STACK_DEPTH: usize = 128;
/// Holders of a resource.
pub const MAX_HOLDERS: usize = 64;
/// Hand-overs of a resource that nobody has taken up.
pub const MAX_GRANTS: usize = 64;
/// Handles of a resource.
pub const MAX_HANDLES: usize = 256;
/// The tasks that took a resource last.
pub const MAX_TAKERS: usize = 8;
/// Threads that poll.
pub const MAX_WORKERS: usize = 1024;
/// Tasks that were woken and not polled.
pub const MAX_UNPOLLED: usize = 256;
/// Tasks that keep waking themselves.
pub const MAX_SPINNING: usize = 256;
