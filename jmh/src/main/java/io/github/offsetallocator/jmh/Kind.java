package io.github.offsetallocator.jmh;

import io.github.offsetallocator.Fit;
import io.github.offsetallocator.OffsetAllocator;
import io.github.offsetallocator.SegmentArena;
import io.netty.buffer.AdaptiveByteBufAllocator;
import io.netty.buffer.PooledByteBufAllocator;
import java.util.Locale;

/// The allocators that are compared.
public enum Kind {
    /// [OffsetAllocator] as it comes, units of 16 bytes.
    OFFSET_ALLOCATOR {
        @Override
        Subject open(int slots, long pool) {
            return new OwnSubjects.Offsets(slots, OffsetAllocator.create(pool >> 4));
        }
    },
    /// [Fit#REFERENCE]: the original algorithm, without quick lists.
    OFFSET_REFERENCE {
        @Override
        Subject open(int slots, long pool) {
            return new OwnSubjects.Offsets(slots, OffsetAllocator.builder(pool >> 4).fit(Fit.REFERENCE).build());
        }
    },
    /// [Fit#GOOD] without quick lists.
    OFFSET_NO_QUICK_LISTS {
        @Override
        Subject open(int slots, long pool) {
            return new OwnSubjects.Offsets(slots, OffsetAllocator.builder(pool >> 4).quickLists(0, 0).build());
        }
    },
    /// [OffsetAllocator] for real time: no quick lists, and all metadata for as many allocations as there are slots.
    OFFSET_REAL_TIME {
        @Override
        Subject open(int slots, long pool) {
            return new OwnSubjects.Offsets(
                    slots, OffsetAllocator.builder(pool >> 4).realTime().maxAllocations(slots).build());
        }
    },
    /// The algorithm of [#OFFSET_REFERENCE] on a `long[]`: what the same steps cost without memory segments.
    HEAP_TWIN {
        @Override
        Subject open(int slots, long pool) {
            return new OwnSubjects.Twin(slots, pool >> 4);
        }
    },
    /// [SegmentArena] by handle.
    ARENA {
        @Override
        Subject open(int slots, long pool) {
            return new OwnSubjects.Handles(slots, SegmentArena.ofConfined(pool));
        }
    },
    /// [SegmentArena] by `MemorySegment`.
    ARENA_SEGMENTS {
        @Override
        Subject open(int slots, long pool) {
            return new OwnSubjects.Segments(slots, SegmentArena.ofConfined(pool));
        }
    },
    /// A shared [SegmentArena] by handle, used by one thread.
    ARENA_SHARED {
        @Override
        Subject open(int slots, long pool) {
            return new OwnSubjects.Handles(slots, SegmentArena.ofShared(pool));
        }
    },
    /// [SegmentArena] by handle, real time, with exactly as many allocations as there are slots.
    ARENA_REAL_TIME {
        @Override
        Subject open(int slots, long pool) {
            return new OwnSubjects.Handles(
                    slots, SegmentArena.builder().nativeMemory(pool).realTime().maxAllocations(slots).build());
        }
    },
    /// `Arena.ofConfined()` for each block. It zeroes.
    CONFINED {
        @Override
        Subject open(int slots, long pool) {
            return new PeerSubjects.Confined(slots);
        }
    },
    /// `malloc` and `free` through `Linker`, as critical functions: no transition of the thread's state.
    MALLOC {
        @Override
        Subject open(int slots, long pool) {
            return new PeerSubjects.CriticalMalloc(slots);
        }
    },
    /// `malloc` and `free` through `Linker`, as ordinary functions.
    MALLOC_PLAIN {
        @Override
        Subject open(int slots, long pool) {
            return new PeerSubjects.PlainMalloc(slots);
        }
    },
    /// Netty's adaptive allocator, direct buffers.
    NETTY_ADAPTIVE {
        @Override
        Subject open(int slots, long pool) {
            return new PeerSubjects.Netty(slots, new AdaptiveByteBufAllocator(true));
        }
    },
    /// Netty's pooled allocator, direct buffers.
    NETTY_POOLED {
        @Override
        Subject open(int slots, long pool) {
            return new PeerSubjects.Netty(slots, new PooledByteBufAllocator(true));
        }
    },
    /// LWJGL's `nmemAlloc` and `nmemFree` as they come. LWJGL 3.4.3 looks for its modules mimalloc, rpmalloc and jemalloc,
    /// in this order, and takes the C library's `malloc` if there is none. The preset *Getting Started* of its download
    /// page has none, nor has any other but *Everything*.
    LWJGL {
        @Override
        Subject open(int slots, long pool) {
            return new PeerSubjects.Lwjgl(slots, "system", "MemoryManage$StdlibAllocator");
        }
    },
    /// LWJGL with its module for mimalloc, which it takes first if it is there.
    LWJGL_MIMALLOC {
        @Override
        Subject open(int slots, long pool) {
            return new PeerSubjects.Lwjgl(slots, "mimalloc", "mimalloc.mimalloc$Allocator");
        }
    },
    /// Nothing at all: what the loop itself costs.
    NOTHING {
        @Override
        Subject open(int slots, long pool) {
            return new PeerSubjects.Nothing(slots);
        }
    };

    /// Makes a new one.
    ///
    /// @param slots how many blocks can be live
    /// @param pool  bytes, for those that have a pool of fixed size
    abstract Subject open(int slots, long pool);

    /// As it is written on a command line and in a table.
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
