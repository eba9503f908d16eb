/// Benchmarks of the allocator and its peers: what one operation costs, how the slowest ones behave, what the garbage
/// collector sees, how cost grows, how threads get on, and how much space is lost.
///
/// ```
///  Benchmarks --> Quick | Shared | Latency | Growth | Fragmentation | Footprint     a program for each question
///      |              |
///      |           Runner        starts a Fork for each subject and round, in turn, and keeps Results as JSON
///      |              |
///      |            Fork         a JVM that runs the program's main: one subject, one piece of work
///      |              |
///      +--> JMH: TraceReplay
///                     |
///              Work -> Script    replayed on a    Subject of some Kind, seen through by Check
///
///  Results --> Plots --> docs/*.svg
/// ```
///
/// `docs/benchmarks.md` tells how to run them.
package io.github.offsetallocator.jmh;
