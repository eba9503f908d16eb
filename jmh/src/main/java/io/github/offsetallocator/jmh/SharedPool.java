package io.github.offsetallocator.jmh;

import io.github.offsetallocator.SegmentArena;
import io.netty.buffer.AdaptiveByteBufAllocator;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.PooledByteBufAllocator;
import java.util.function.IntFunction;

/// One allocator for many threads. Each gets a [Subject] of its own, with slots of its own, over the same pool.
///
/// ```
///  thread 0: Subject [slots] --+
///  thread 1: Subject [slots] --+--> one arena, one allocator of Netty, one malloc of the process
///  thread 2: Subject [slots] --+
/// ```
///
/// A kind that belongs to one thread, as the confined arena, is opened once for each: what the hardware would allow.
final class SharedPool {
    private final IntFunction<Subject> subjects;

    private SharedPool(IntFunction<Subject> subjects) {
        this.subjects = subjects;
    }

    /// Opens one.
    ///
    /// @param kind    of which kind
    /// @param threads how many will ask for a subject
    /// @param bytes   that each of them needs
    static SharedPool open(Kind kind, int threads, long bytes) {
        return switch (kind) {
            case ARENA_SHARED -> {
                SegmentArena arena = SegmentArena.ofShared(threads * bytes);
                yield new SharedPool(slots -> new OwnSubjects.Handles(slots, arena));
            }
            case NETTY_ADAPTIVE -> ofNetty(new AdaptiveByteBufAllocator(true));
            case NETTY_POOLED -> ofNetty(new PooledByteBufAllocator(true));
            default -> new SharedPool(slots -> kind.open(slots, bytes));
        };
    }

    /// Whether what one thread allocates another one may free.
    static boolean isForMany(Kind kind) {
        return switch (kind) {
            case ARENA_SHARED, MALLOC, MALLOC_PLAIN, LWJGL, LWJGL_MIMALLOC, NETTY_ADAPTIVE, NETTY_POOLED, NOTHING -> true;
            default -> false;
        };
    }

    private static SharedPool ofNetty(ByteBufAllocator allocator) {
        return new SharedPool(slots -> new PeerSubjects.Netty(slots, allocator));
    }

    /// For the thread that calls this.
    Subject subject(int slots) {
        return subjects.apply(slots);
    }
}
