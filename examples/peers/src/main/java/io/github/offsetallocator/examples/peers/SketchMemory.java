package io.github.offsetallocator.examples.peers;

import io.github.offsetallocator.SegmentArena;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.apache.datasketches.common.MemorySegmentRequest;

/// The memory of one sketch of Apache DataSketches: the first segment, and each larger one that the sketch asks for as it fills.
///
/// ```java
/// try (SketchMemory memory = new SketchMemory(arena)) {
///     UpdatableThetaSketch sketch = UpdatableThetaSketch.builder().setMemorySegmentRequest(memory).build(memory.request(1 << 10));
///     sketch.update("a visitor");
/// }
/// ```
///
/// A sketch copies itself into the larger segment and gives the old one back, here and now. It does not give its last one back, and
/// has no `close`: so all that is left ends with this object, by a scope. The segments are zeros, as the sketches expect without
/// saying so.
///
/// **Threads.** As the arena.
public final class SketchMemory implements MemorySegmentRequest, AutoCloseable {
    private static final long ALIGNMENT = 8;

    private final SegmentArena arena;
    private final Arena scope;

    /// @param arena where the segments lie
    public SketchMemory(SegmentArena arena) {
        this.arena = arena;
        scope = arena.scope();
    }

    /// @throws OutOfMemoryError if the arena has no room; the sketch is as it was then, but for the entry that made it grow
    @Override
    public MemorySegment request(long byteSize) {
        return scope.allocate(byteSize, ALIGNMENT);
    }

    @Override
    public void requestClose(MemorySegment segment) {
        arena.free(segment);
    }

    /// Frees what the sketch has kept. It can't be used any more.
    @Override
    public void close() {
        scope.close();
    }
}
