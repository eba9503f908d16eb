package io.github.offsetallocator.examples.peers;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.github.offsetallocator.SegmentArena;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import org.lwjgl.system.MemoryUtil;

/// What LWJGL allocates by `memAlloc`, `malloc()` of a struct and the like, in an arena.
///
/// ```java
/// Configuration.MEMORY_ALLOCATOR.set(new ArenaMemoryAllocator(arena));   // before LWJGL has allocated anything
/// ByteBuffer vertices = MemoryUtil.memAlloc(4096);
/// MemoryUtil.memFree(vertices);
/// ```
///
/// LWJGL keeps nothing but addresses, so all goes by address: [SegmentArena#freeAt(long)], [SegmentArena#allocationAt(long)]. An
/// address that is not live is an [IllegalArgumentException], where a C library corrupts its heap. A request that can't be served is NULL.
///
/// **Native code** gets pointers to these methods too, [#getMalloc()] and so on. An exception that leaves one of them ends the JVM, with a
/// message: there is no caller in Java that could catch it.
///
/// **Threads.** As the arena, which should be shared: LWJGL is free to allocate on any thread.
public final class ArenaMemoryAllocator implements MemoryUtil.MemoryAllocator {
    private static final long NULL = 0;
    /// As `malloc` on all 64-bit systems.
    private static final long ALIGNMENT = 16;

    private final SegmentArena arena;
    private final long mallocPointer = pointer("malloc", FunctionDescriptor.of(JAVA_LONG, JAVA_LONG));
    private final long callocPointer = pointer("calloc", FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_LONG));
    private final long reallocPointer = pointer("realloc", FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_LONG));
    private final long freePointer = pointer("free", FunctionDescriptor.ofVoid(JAVA_LONG));
    private final long alignedAllocPointer = pointer("aligned_alloc", FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_LONG));

    /// @param arena whose memory is native; it must outlive all that LWJGL allocates
    /// @throws IllegalArgumentException if the arena lies in an array: LWJGL writes to addresses, and there are none
    public ArenaMemoryAllocator(SegmentArena arena) {
        if (!isNative(arena)) {
            throw new IllegalArgumentException(arena + " lies in an array of the heap, and LWJGL writes to addresses: take one over native memory");
        }
        this.arena = arena;
    }

    private static boolean isNative(SegmentArena arena) {
        try {
            return arena.backing().isNative();
        } catch (UnsupportedOperationException inChunks) { // which are native
            return true;
        }
    }

    @Override
    public long malloc(long size) {
        return aligned_alloc(ALIGNMENT, size);
    }

    @Override
    public long calloc(long num, long size) {
        long bytes = num * size;
        if (bytes < 0 || Math.unsignedMultiplyHigh(num, size) != 0) {
            return NULL;
        }
        try {
            return address(arena.tryAllocateZeroed(bytes, ALIGNMENT));
        } catch (OutOfMemoryError | UncheckedIOException noChunk) {
            return NULL;
        }
    }

    /// @return where the block is now, or NULL if there is no room; the old one is as it was then
    @Override
    public long realloc(long ptr, long size) {
        if (ptr == NULL) {
            return malloc(size);
        }
        if (size == 0) {
            free(ptr);
            return NULL;
        }
        long allocation = arena.allocationAt(ptr);
        if (allocation == SegmentArena.NO_SPACE) {
            throw new IllegalArgumentException("realloc of 0x" + Long.toHexString(ptr) + ", where no live block starts");
        }
        try {
            return size < 0 ? NULL : address(arena.reallocate(allocation, size, ALIGNMENT));
        } catch (OutOfMemoryError | UncheckedIOException noChunk) {
            return NULL;
        }
    }

    @Override
    public void free(long ptr) {
        if (ptr != NULL) {
            arena.freeAt(ptr);
        }
    }

    /// @return where the block is, or NULL if there is no room, or the alignment is none that the arena has
    @Override
    public long aligned_alloc(long alignment, long size) {
        try {
            return size < 0 ? NULL : address(arena.tryAllocate(size, alignment));
        } catch (OutOfMemoryError | UncheckedIOException noChunk) {
            return NULL;
        } catch (IllegalArgumentException badAlignment) {
            return NULL;
        }
    }

    @Override
    public void aligned_free(long ptr) {
        free(ptr);
    }

    private long address(long allocation) {
        return allocation == SegmentArena.NO_SPACE ? NULL : arena.address(allocation);
    }

    /// A C function that calls a method of this object, for as long as the JVM lives.
    @SuppressWarnings("restricted")
    private long pointer(String method, FunctionDescriptor function) {
        try {
            MethodHandle target = MethodHandles.lookup().bind(this, method, function.toMethodType());
            return Linker.nativeLinker().upcallStub(target, function, Arena.global()).address();
        } catch (ReflectiveOperationException e) {
            throw new AssertionError(e);
        }
    }

    @Override
    public long getMalloc() {
        return mallocPointer;
    }

    @Override
    public long getCalloc() {
        return callocPointer;
    }

    @Override
    public long getRealloc() {
        return reallocPointer;
    }

    @Override
    public long getFree() {
        return freePointer;
    }

    @Override
    public long getAlignedAlloc() {
        return alignedAllocPointer;
    }

    @Override
    public long getAlignedFree() {
        return freePointer;
    }
}
