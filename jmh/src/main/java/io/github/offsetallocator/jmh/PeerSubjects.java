package io.github.offsetallocator.jmh;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import org.ehcache.shadow.org.terracotta.offheapstore.buffersource.OffHeapBufferSource;
import org.ehcache.shadow.org.terracotta.offheapstore.paging.OffHeapStorageArea;
import org.ehcache.shadow.org.terracotta.offheapstore.paging.UnlimitedPageSource;
import org.ehcache.shadow.org.terracotta.offheapstore.storage.PointerSize;
import org.lwjgl.PointerBuffer;
import org.lwjgl.system.Configuration;
import org.lwjgl.system.MemoryStack;
import org.lwjgl.system.MemoryUtil;
import org.lwjgl.util.vma.Vma;
import org.lwjgl.util.vma.VmaVirtualAllocationCreateInfo;
import org.lwjgl.util.vma.VmaVirtualBlockCreateInfo;

/// The subjects that others have made. Each keeps for a slot what its client would keep.
final class PeerSubjects {
    private PeerSubjects() {}

    /// An arena of the JDK for each block.
    static final class Confined implements Subject {
        private final Arena[] arenas;

        Confined(int slots) {
            arenas = new Arena[slots];
        }

        @Override
        public void allocate(int slot, int bytes) {
            Arena arena = Arena.ofConfined();
            arena.allocate(bytes, 16);
            arenas[slot] = arena;
        }

        @Override
        public void free(int slot) {
            arenas[slot].close();
        }
    }

    /// `malloc` and `free` of the C library, called in the quickest way there is: as critical functions, for which the
    /// thread does not leave the Java state, and with addresses as `long`, so that no object is made for a result.
    @SuppressWarnings("restricted")
    static final class Malloc implements Subject {
        private static final MethodHandle MALLOC =
                function("malloc", FunctionDescriptor.of(ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG));
        private static final MethodHandle FREE = function("free", FunctionDescriptor.ofVoid(ValueLayout.JAVA_LONG));

        private final long[] addresses;

        Malloc(int slots) {
            addresses = new long[slots];
        }

        private static MethodHandle function(String name, FunctionDescriptor type) {
            Linker linker = Linker.nativeLinker();
            return linker.downcallHandle(linker.defaultLookup().findOrThrow(name), type, Linker.Option.critical(false));
        }

        @Override
        public void allocate(int slot, int bytes) {
            try {
                addresses[slot] = nonNull((long) MALLOC.invokeExact((long) bytes), bytes);
            } catch (Throwable e) {
                throw new IllegalStateException(e);
            }
        }

        @Override
        public void free(int slot) {
            try {
                FREE.invokeExact(addresses[slot]);
            } catch (Throwable e) {
                throw new IllegalStateException(e);
            }
        }
    }

    private static long nonNull(long address, int bytes) {
        if (address == 0) {
            throw new Subject.Refused(bytes);
        }
        return address;
    }

    /// `nmemAlloc` and `nmemFree` of LWJGL with one of the allocators that it knows.
    static final class Lwjgl implements Subject {
        private final long[] addresses;

        /// @param name           what LWJGL calls the allocator
        /// @param implementation the class that has to be behind it, so that no other takes its place unseen
        Lwjgl(int slots, String name, String implementation) {
            Configuration.MEMORY_ALLOCATOR.set(name);
            String taken = MemoryUtil.getAllocator().getClass().getName();
            if (!taken.equals("org.lwjgl.system." + implementation)) {
                throw new IllegalStateException("LWJGL took " + taken + " for " + name);
            }
            addresses = new long[slots];
        }

        @Override
        public void allocate(int slot, int bytes) {
            addresses[slot] = nonNull(MemoryUtil.nmemAlloc(bytes), bytes);
        }

        @Override
        public void free(int slot) {
            MemoryUtil.nmemFree(addresses[slot]);
        }
    }

    /// A virtual block of the Vulkan Memory Allocator: it divides a range, as [io.github.offsetallocator.OffsetAllocator]
    /// does, in units of 16 bytes here too, and needs no device.
    static final class VirtualBlock implements Subject {
        private final VmaVirtualAllocationCreateInfo request = VmaVirtualAllocationCreateInfo.calloc();
        private final long requestAddress = request.address();
        private final long result = MemoryUtil.nmemCalloc(2, Long.BYTES);
        private final long block;
        private final long[] allocations;
        private final long[] offsets;

        VirtualBlock(int slots, long units) {
            try (MemoryStack stack = MemoryStack.stackPush()) {
                PointerBuffer pointer = stack.mallocPointer(1);
                int status = Vma.vmaCreateVirtualBlock(VmaVirtualBlockCreateInfo.calloc(stack).size(units), pointer);
                if (status != 0) {
                    throw new IllegalStateException("vmaCreateVirtualBlock returned " + status);
                }
                block = pointer.get(0);
            }
            allocations = new long[slots];
            offsets = new long[slots];
        }

        @Override
        public void allocate(int slot, int bytes) {
            VmaVirtualAllocationCreateInfo.nsize(requestAddress, Subject.granules(bytes));
            if (Vma.nvmaVirtualAllocate(block, requestAddress, result, result + Long.BYTES) != 0) {
                throw new Refused(bytes);
            }
            allocations[slot] = MemoryUtil.memGetLong(result);
            offsets[slot] = MemoryUtil.memGetLong(result + Long.BYTES);
        }

        @Override
        public void free(int slot) {
            Vma.nvmaVirtualFree(block, allocations[slot]);
        }

        @Override
        public long offset(int slot) {
            return offsets[slot];
        }

        @Override
        public void close() {
            Vma.nvmaDestroyVirtualBlock(block);
            MemoryUtil.nmemFree(result);
            request.free();
        }
    }

    /// A [ByteBufAllocator] of Netty, direct buffers.
    static final class Netty implements Subject {
        private final ByteBufAllocator allocator;
        private final ByteBuf[] buffers;

        Netty(int slots, ByteBufAllocator allocator) {
            this.allocator = allocator;
            buffers = new ByteBuf[slots];
        }

        @Override
        public void allocate(int slot, int bytes) {
            buffers[slot] = allocator.directBuffer(bytes, bytes);
        }

        @Override
        public void free(int slot) {
            buffers[slot].release();
        }
    }

    /// What holds Ehcache's entries off the heap: a port of Doug Lea's `malloc` to Java, over direct buffers.
    static final class Ehcache implements Subject {
        private static final int PAGE = 4 << 20;

        private final OffHeapStorageArea area = new OffHeapStorageArea(
                PointerSize.LONG, null, new UnlimitedPageSource(new OffHeapBufferSource()), PAGE, false, false);
        private final long[] addresses;

        Ehcache(int slots) {
            addresses = new long[slots];
        }

        @Override
        public void allocate(int slot, int bytes) {
            long address = area.allocate(bytes);
            if (address < 0) {
                throw new Refused(bytes);
            }
            addresses[slot] = address;
        }

        @Override
        public void free(int slot) {
            area.free(addresses[slot]);
        }

        @Override
        public void close() {
            area.destroy();
        }
    }

    /// The least that a `free` does which knows a handle that is not live: a stack of free blocks for each size, in memory segments. Nothing is merged, nothing
    /// goes back, nothing can be asked, and no memory is behind it.
    ///
    /// ```
    ///   block   16 bytes    generation, odd while it is live | next in the stack | class of its size
    ///   class    4 bytes    first in the stack
    /// ```
    static sealed class Stacks implements Subject permits AtomicStacks {
        private static final ValueLayout.OfLong WORD = ValueLayout.JAVA_LONG;
        private static final ValueLayout.OfInt HALF = ValueLayout.JAVA_INT_UNALIGNED;
        private static final int EXACT = 1024, CLASSES = 1280;

        private final Arena arena = Arena.ofConfined();
        private final MemorySegment first = arena.allocate(4L * CLASSES, 64);
        private final long[] handles;
        private MemorySegment blocks = arena.allocate(16L << 16, 64);
        private int fresh = 1;

        Stacks(int slots) {
            handles = new long[slots];
        }

        @Override
        public void allocate(int slot, int bytes) {
            int sizeClass = sizeClass((int) Subject.granules(bytes));
            int block = first.get(HALF, 4L * sizeClass);
            if (block == 0) {
                block = newBlock(sizeClass);
            } else {
                first.set(HALF, 4L * sizeClass, blocks.get(HALF, 16L * block + 8));
            }
            long generation = blocks.get(WORD, 16L * block);
            change(blocks, 16L * block, generation);
            handles[slot] = generation + 1 << 32 | block;
        }

        @Override
        public void free(int slot) {
            long handle = handles[slot];
            long at = 16 * (handle & 0xFFFF_FFFFL);
            long generation = blocks.get(WORD, at);
            if (generation != handle >>> 32) {
                throw new IllegalStateException(handle + " is not live");
            }
            end(at, generation);
        }

        private void end(long at, long generation) {
            change(blocks, at, generation);
            long sizeClass = blocks.get(HALF, at + 12);
            blocks.set(HALF, at + 8, first.get(HALF, 4 * sizeClass));
            first.set(HALF, 4 * sizeClass, (int) (at >>> 4));
        }

        /// Lets a block be live, or free.
        void change(MemorySegment blocks, long at, long generation) {
            blocks.set(WORD, at, generation + 1);
        }

        /// Frees a block by its number. Returns false if it is not live.
        private boolean freeBlock(long block) {
            long at = 16 * block;
            long generation = blocks.get(WORD, at);
            if ((generation & 1) != 0) {
                end(at, generation);
                return true;
            }
            return false;
        }

        private int newBlock(int sizeClass) {
            if (16L * fresh == blocks.byteSize()) {
                blocks = arena.allocate(2 * blocks.byteSize(), 64).copyFrom(blocks);
            }
            blocks.set(HALF, 16L * fresh + 12, sizeClass);
            return fresh++;
        }

        /// Above 1,024 granules eight to a power of two.
        private static int sizeClass(int granules) {
            int exponent = 31 - Integer.numberOfLeadingZeros(granules);
            return granules <= EXACT ? granules : EXACT + 1 + (exponent - 10 << 3 | granules >>> exponent - 3 & 7);
        }

        @Override
        public void close() {
            arena.close();
        }
    }

    /// The least that calls do where any thread may free a block, and one of two that free it succeeds: as [Stacks], but a block becomes
    /// live, and free, by a compare-and-set. The stacks are one thread's own.
    static final class AtomicStacks extends Stacks {
        private static final VarHandle ENTRY = ValueLayout.JAVA_LONG.varHandle();

        AtomicStacks(int slots) {
            super(slots);
        }

        @Override
        void change(MemorySegment blocks, long at, long generation) {
            if (!ENTRY.compareAndSet(blocks, at, generation, generation + 1)) {
                throw new IllegalStateException("changed by another thread");
            }
        }
    }

    /// The least that calls by segment do: [Stacks], a slice of one segment for each block, and the block's number for each granule that one starts
    /// at.
    static final class StacksSegments implements Subject {
        private static final long BYTES = 64 << 20;

        private final Stacks stacks;
        private final Arena arena = Arena.ofConfined();
        private final MemorySegment memory = arena.allocate(BYTES, 64);
        private final MemorySegment blockAt = arena.allocate(BYTES / 4, 64);
        private final MemorySegment placeOf = arena.allocate(BYTES / 4, 64);
        private final MemorySegment[] segments;
        private long fresh;

        StacksSegments(int slots) {
            stacks = new Stacks(slots);
            segments = new MemorySegment[slots];
        }

        @Override
        public void allocate(int slot, int bytes) {
            stacks.allocate(slot, bytes);
            int block = (int) stacks.handles[slot];
            int granule = placeOf.get(Stacks.HALF, 4L * block);
            if (granule == 0) {
                granule = place(block, bytes);
            }
            segments[slot] = memory.asSlice(16L * (granule - 1), bytes);
        }

        /// Where a new block lies: behind all others. Granules count from 1. One of its class may be larger, by an eighth at most.
        private int place(int block, int bytes) {
            int granule = (int) fresh + 1;
            blockAt.set(Stacks.HALF, 4 * fresh, block);
            placeOf.set(Stacks.HALF, 4L * block, granule);
            long granules = Subject.granules(bytes);
            fresh += granules <= Stacks.EXACT ? granules : granules + granules / 8 + 1;
            return granule;
        }

        @Override
        public void free(int slot) {
            long place = segments[slot].address() - memory.address();
            if (!stacks.freeBlock(blockAt.get(Stacks.HALF, place >>> 4 << 2))) {
                throw new IllegalStateException("no live block at " + place);
            }
        }

        @Override
        public void close() {
            stacks.close();
            arena.close();
        }
    }

    /// No allocator.
    static final class Nothing implements Subject {
        private final long[] sizes;

        Nothing(int slots) {
            sizes = new long[slots];
        }

        @Override
        public void allocate(int slot, int bytes) {
            sizes[slot] = bytes;
        }

        @Override
        public void free(int slot) {
            sizes[slot] = 0;
        }
    }
}
