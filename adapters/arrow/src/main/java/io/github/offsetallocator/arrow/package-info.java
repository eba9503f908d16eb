/// Buffers of Apache Arrow in a [io.github.offsetallocator.SegmentArena].
package io.github.offsetallocator.arrow;
