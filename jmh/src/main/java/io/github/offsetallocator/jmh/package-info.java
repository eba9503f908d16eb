/// Benchmarks of the allocator and its peers: what one operation costs, how the slowest ones behave, what the garbage
/// collector sees, how cost grows, and how much space is lost.
///
/// ```
///  Benchmarks --> QuickTable | Latency | GcSoak | Growth | FragmentationReport       a program for each question
///      |               | start a JVM for each subject: Jvm
///      |               v
///      |          Player | LatencyPlayer | SoakPlayer | GrowthPlayer
///      |               |
///      +--> JMH: TraceReplay, ChurnReplay, SteadyState
///                      |
///                      v
///                 Work -> Script       replayed on a       Subject of some Kind, checked by Check
///
///  what they save as JSON:  Plots -> docs/*.svg
/// ```
///
/// `docs/benchmarks.md` tells how to run them.
package io.github.offsetallocator.jmh;
