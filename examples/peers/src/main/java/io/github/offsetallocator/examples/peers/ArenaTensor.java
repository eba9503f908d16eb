package io.github.offsetallocator.examples.peers;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import io.github.offsetallocator.SegmentArena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.util.concurrent.atomic.AtomicBoolean;

/// A tensor of ONNX Runtime whose numbers lie in an arena: nobody copies them. What is written to the slice is what a model reads, and
/// what a model writes is in the slice.
///
/// ```java
/// try (ArenaTensor in = ArenaTensor.ofFloats(environment, arena, 1, 3, 224, 224);
///         ArenaTensor out = ArenaTensor.ofFloats(environment, arena, 1, 1000)) {
///     MemorySegment.copy(pixels, 0, in.slice(), ValueLayout.JAVA_FLOAT, 0, pixels.length);
///     session.run(Map.of("in", in.tensor()), Map.of("out", out.tensor())).close();
///     float first = out.slice().get(ValueLayout.JAVA_FLOAT, 0);
/// }
/// ```
///
/// ONNX Runtime copies a buffer that is not direct, which the view of a slice of native memory is. It keeps an address and no
/// reference, so the slice must not be freed before the tensor is closed: this class does both, in this order.
public final class ArenaTensor implements AutoCloseable {
    /// As ONNX Runtime aligns its own.
    private static final long ALIGNMENT = 64;

    private final MemorySegment slice;
    private final OnnxTensor tensor;
    private final SegmentArena arena;
    private final AtomicBoolean isClosed = new AtomicBoolean();

    private ArenaTensor(MemorySegment slice, OnnxTensor tensor, SegmentArena arena) {
        this.slice = slice;
        this.tensor = tensor;
        this.arena = arena;
    }

    /// A new one, whose numbers are whatever they are.
    ///
    /// @param arena whose memory is native
    /// @param shape the lengths of its dimensions
    /// @throws IllegalArgumentException if the arena lies in an array: ONNX Runtime would copy that
    /// @throws OrtException             if ONNX Runtime refuses it
    public static ArenaTensor ofFloats(OrtEnvironment environment, SegmentArena arena, long... shape) throws OrtException {
        if (!isNative(arena)) {
            throw new IllegalArgumentException(arena + " lies in an array of the heap, which ONNX Runtime copies: take one over native memory");
        }
        long byteSize = Float.BYTES;
        for (long length : shape) {
            byteSize = Math.multiplyExact(byteSize, length);
        }
        MemorySegment slice = arena.allocate(byteSize, ALIGNMENT);
        try {
            return new ArenaTensor(slice,
                    OnnxTensor.createTensor(environment, slice.asByteBuffer().order(ByteOrder.nativeOrder()).asFloatBuffer(), shape), arena);
        } catch (Throwable failure) {
            arena.free(slice);
            throw failure;
        }
    }

    private static boolean isNative(SegmentArena arena) {
        try {
            return arena.backing().isNative();
        } catch (UnsupportedOperationException inChunks) { // which are native
            return true;
        }
    }

    /// The numbers.
    public MemorySegment slice() {
        return slice;
    }

    /// What a session takes.
    public OnnxTensor tensor() {
        return tensor;
    }

    /// A second one does nothing: the slice may be someone else's by then.
    @Override
    public void close() {
        if (isClosed.compareAndSet(false, true)) {
            tensor.close();
            arena.free(slice);
        }
    }
}
