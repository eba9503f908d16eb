/// [OffsetAllocator][io.github.offsetallocator.OffsetAllocator] divides a range of anything;
/// [SegmentArena][io.github.offsetallocator.SegmentArena] hands out slices of one large memory segment with it.
package io.github.offsetallocator;
