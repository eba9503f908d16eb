/// Benchmarks of the allocator and its peers: what one operation costs, how the slowest ones behave, what the garbage
/// collector sees, and how cost grows.
package io.github.offsetallocator.jmh;
