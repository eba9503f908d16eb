package io.github.offsetallocator;

import java.lang.foreign.MemorySegment;

/// Where a growable arena gets its chunks from, if not from the JDK: mapped device memory, huge pages, the memory of one
/// NUMA node.
///
/// ```java
/// ChunkSource pinned = new ChunkSource() {
///     public MemorySegment open(long byteSize, long byteAlignment) {
///         return driver.allocateHost(byteSize).reinterpret(byteSize);
///     }
///     public void close(MemorySegment chunk) {
///         driver.freeHost(chunk);
///     }
/// };
/// SegmentArena arena = SegmentArena.builder().growable(pinned, 64 << 20, 4L << 30).build();
/// ```
///
/// **Threads.** A confined arena calls from its own thread. A shared one calls `open` from whatever thread needs the
/// chunk, one at a time, and the others wait if they need a chunk or a large block; `close` from whatever thread freed the
/// last block, maybe several at once. Neither may change the arena: `open` may look at it, and a call that would change it throws an
/// [IllegalStateException], as in the visitor of a walk; nothing stops `close` from such a call. What `open` waits for must not wait for the
/// arena. So have ready what both need, and don't take it from this arena. A request that has room only once a chunk has gone waits for the
/// `close` of that chunk, if another thread is in it: so what `close` waits for must not wait for such a request.
public interface ChunkSource {
    /// A new chunk. What it throws is thrown by the request that needed it, unless free slots in slabs make room for that request; no
    /// allocation has changed then. A segment that is no such chunk goes to [#close(MemorySegment)] at once, and the request throws an
    /// [IllegalArgumentException]; so it does for null. One whose first `byteSize` bytes overlap those of a chunk that has not been closed
    /// yet, or could not be, is refused too, but left as it is: to close it
    /// would end what is live there. Chunks of other arenas are the source's to keep apart.
    ///
    /// @param byteSize      bytes that the chunk must have
    /// @param byteAlignment a power of two that its address must be a multiple of
    /// @return native memory of this size or more, that can be written to and is used by no one else; by the thread that calls, or, if the
    ///         arena is shared, by any thread
    MemorySegment open(long byteSize, long byteAlignment);

    /// Ends a chunk in which no block is live any more. If it throws, no matter what, no caller sees that at first. The arena calls it again when the
    /// next chunk goes or a request needs its room, since its bytes count towards the limit until then; at last [SegmentArena#close()] calls it, and
    /// passes on what it throws.
    ///
    /// @param chunk the segment that [#open(long, long)] returned
    void close(MemorySegment chunk);
}
