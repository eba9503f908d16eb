package io.github.offsetallocator.jmh;

import io.github.offsetallocator.Fit;
import io.github.offsetallocator.OffsetAllocator;
import io.github.offsetallocator.SegmentArena;
import io.netty.buffer.AdaptiveByteBufAllocator;
import io.netty.buffer.PooledByteBufAllocator;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.function.Supplier;

/// The allocators that are compared; ours come first.
///
/// ```
///  thread 0: Subject [slots] --+
///  thread 1: Subject [slots] --+--> one arena, one allocator of Netty, one malloc of the process
///  thread 2: Subject [slots] --+
/// ```
///
/// A kind that belongs to one thread, as the confined arena, is opened once for each: what the hardware would allow.
public enum Kind {
    /// [OffsetAllocator] as it comes.
    OFFSET_ALLOCATOR("OffsetAllocator", forOne((slots, bytes) ->
            new OwnSubjects.Offsets(slots, OffsetAllocator.create(bytes >> 4)))),
    /// The original algorithm.
    OFFSET_REFERENCE("Fit.REFERENCE", forOne((slots, bytes) ->
            new OwnSubjects.Offsets(slots, OffsetAllocator.builder(bytes >> 4).fit(Fit.REFERENCE).build()))),
    /// For real time, with all metadata for as many allocations as there are slots.
    OFFSET_REAL_TIME("realTime()", forOne((slots, bytes) -> new OwnSubjects.Offsets(
            slots, OffsetAllocator.builder(bytes >> 4).realTime().maxAllocations(slots).build()))),
    /// [SegmentArena] by handle.
    ARENA("SegmentArena, handles", forOne((slots, bytes) ->
            new OwnSubjects.Handles(slots, SegmentArena.ofConfined(bytes)))),
    /// [SegmentArena] by `MemorySegment`.
    ARENA_SEGMENTS("SegmentArena, segments", forOne((slots, bytes) ->
            new OwnSubjects.Segments(slots, SegmentArena.ofConfined(bytes)))),
    /// [SegmentArena] by handle, for real time.
    ARENA_REAL_TIME("SegmentArena, realTime(), handles", forOne((slots, bytes) ->
            new OwnSubjects.Handles(slots, realTimeArena(slots, bytes)))),
    /// [SegmentArena] by `MemorySegment`, for real time.
    ARENA_REAL_TIME_SEGMENTS("SegmentArena, realTime(), segments", forOne((slots, bytes) ->
            new OwnSubjects.Segments(slots, realTimeArena(slots, bytes)))),
    /// A shared [SegmentArena] by handle.
    ARENA_SHARED("SegmentArena.ofShared, handles", forMany((threads, slots, bytes) -> {
        SegmentArena arena = SegmentArena.ofShared(threads * bytes);
        return () -> new OwnSubjects.Handles(slots, arena);
    })),
    /// A shared [SegmentArena] by `MemorySegment`.
    ARENA_SHARED_SEGMENTS("SegmentArena.ofShared, segments", forMany((threads, slots, bytes) -> {
        SegmentArena arena = SegmentArena.ofShared(threads * bytes);
        return () -> new OwnSubjects.Segments(slots, arena);
    })),
    /// A growable [SegmentArena] by handle, in chunks of an eighth of the pool.
    ARENA_GROWABLE("SegmentArena, growable, handles", forOne((slots, bytes) ->
            new OwnSubjects.Handles(slots, growable(bytes).build()))),
    /// A growable [SegmentArena] by `MemorySegment`.
    ARENA_GROWABLE_SEGMENTS("SegmentArena, growable, segments", forOne((slots, bytes) ->
            new OwnSubjects.Segments(slots, growable(bytes).build()))),
    /// A growable, shared [SegmentArena] by handle.
    ARENA_GROWABLE_SHARED("SegmentArena, growable, shared, handles", forMany((threads, slots, bytes) -> {
        SegmentArena arena = growable(threads * bytes).shared().build();
        return () -> new OwnSubjects.Handles(slots, arena);
    })),
    /// A durable [SegmentArena] by handle. Its file is in the directory of temporary files, and nobody forces it.
    ARENA_DURABLE("SegmentArena, durable, handles", forOne((slots, bytes) ->
            new OwnSubjects.Handles(slots, SegmentArena.builder().durable(newFile(), bytes).build()))),
    /// A durable shared [SegmentArena] by handle.
    ARENA_DURABLE_SHARED("SegmentArena, durable, shared, handles", forMany((threads, slots, bytes) -> {
        SegmentArena arena = SegmentArena.builder().durable(newFile(), threads * bytes).shared().build();
        return () -> new OwnSubjects.Handles(slots, arena);
    })),
    /// An arena of the JDK for each block.
    CONFINED("Arena.ofConfined()", forOne((slots, _) -> new PeerSubjects.Confined(slots))),
    /// The C library.
    MALLOC("malloc, FFM", forMany((_, slots, _) -> () -> new PeerSubjects.Malloc(slots))),
    /// LWJGL as its preset *Getting Started* has it: 3.4.3 takes its modules mimalloc, rpmalloc and jemalloc, in this
    /// order, if they are there, and else the C library's `malloc`.
    LWJGL("LWJGL, malloc", lwjgl("system", "MemoryManage$StdlibAllocator")),
    /// LWJGL's module for mimalloc.
    LWJGL_MIMALLOC("LWJGL, mimalloc", lwjgl("mimalloc", "mimalloc.mimalloc$Allocator")),
    /// LWJGL's module for rpmalloc.
    LWJGL_RPMALLOC("LWJGL, rpmalloc", lwjgl("rpmalloc", "rpmalloc.RPmalloc$Allocator")),
    /// LWJGL's module for jemalloc.
    LWJGL_JEMALLOC("LWJGL, jemalloc", lwjgl("jemalloc", "jemalloc.JEmalloc$Allocator")),
    /// The Vulkan Memory Allocator, through LWJGL.
    LWJGL_VMA("LWJGL, VMA virtual block", forOne((slots, bytes) -> new PeerSubjects.VirtualBlock(slots, bytes >> 4))),
    /// Netty's default.
    NETTY_ADAPTIVE("Netty, adaptive", forMany((_, slots, _) -> {
        AdaptiveByteBufAllocator allocator = new AdaptiveByteBufAllocator(true);
        return () -> new PeerSubjects.Netty(slots, allocator);
    })),
    /// Netty's former default.
    NETTY_POOLED("Netty, pooled", forMany((_, slots, _) -> {
        PooledByteBufAllocator allocator = new PooledByteBufAllocator(true);
        return () -> new PeerSubjects.Netty(slots, allocator);
    })),
    /// Ehcache.
    EHCACHE("Ehcache, off-heap", forOne((slots, _) -> new PeerSubjects.Ehcache(slots))),
    /// What the original's algorithm costs in Java, without anything of ours.
    ORIGINAL("the original in Java", forOne((slots, bytes) -> new Original(slots, bytes >> 4))),
    /// What checked handles in memory segments cost at the least.
    STACKS("stacks by size", forOne((slots, _) -> new PeerSubjects.Stacks(slots))),
    /// The same where any thread may free a block.
    STACKS_ATOMIC("stacks by size, compare-and-set", forOne((slots, _) -> new PeerSubjects.AtomicStacks(slots))),
    /// The same for calls by segment.
    STACKS_SEGMENTS("stacks by size, segments", forOne((slots, _) -> new PeerSubjects.StacksSegments(slots))),
    /// What the loop itself costs.
    NOTHING("nothing", forMany((_, slots, _) -> () -> new PeerSubjects.Nothing(slots)));

    private final String label;
    private final Opening opening;

    Kind(String label, Opening opening) {
        this.label = label;
        this.opening = opening;
    }

    private interface Pool {
        Supplier<Subject> open(int threads, int slots, long bytes);
    }

    private interface Single {
        Subject open(int slots, long bytes);
    }

    private record Opening(boolean forMany, Pool pool) {}

    private static Opening forOne(Single single) {
        return new Opening(false, (_, slots, bytes) -> () -> single.open(slots, bytes));
    }

    private static Opening forMany(Pool pool) {
        return new Opening(true, pool);
    }

    private static Opening lwjgl(String name, String implementation) {
        return forMany((_, slots, _) -> () -> new PeerSubjects.Lwjgl(slots, name, implementation));
    }

    /// With room for one chunk more than a pool of one piece has: free space of two chunks does not add up.
    private static SegmentArena.Builder growable(long bytes) {
        return SegmentArena.builder().growable(bytes / 8, bytes / 4 * 5);
    }

    /// A file that is not there, and goes with the JVM.
    static Path newFile() {
        try {
            Path directory = Files.createTempDirectory("arena");
            Path file = directory.resolve("file");
            directory.toFile().deleteOnExit();
            file.toFile().deleteOnExit();
            return file;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static SegmentArena realTimeArena(int slots, long bytes) {
        return SegmentArena.builder().nativeMemory(bytes).realTime().maxAllocations(slots).build();
    }

    /// Makes a new one for one thread.
    ///
    /// @param slots how many blocks can be live
    /// @param bytes for those that have a pool of fixed size
    Subject open(int slots, long bytes) {
        return open(1, slots, bytes).get();
    }

    /// Makes a new one for some threads, each of which has slots and bytes as above and gets its subject here.
    Supplier<Subject> open(int threads, int slots, long bytes) {
        return opening.pool().open(threads, slots, bytes);
    }

    /// Whether one thread may free what another one has allocated.
    boolean isForMany() {
        return opening.forMany();
    }

    boolean isOurs() {
        return compareTo(CONFINED) < 0;
    }

    /// As it is called in tables, pictures and text.
    String label() {
        return label;
    }

    /// As it is written on a command line.
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
