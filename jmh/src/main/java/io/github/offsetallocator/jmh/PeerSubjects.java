package io.github.offsetallocator.jmh;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import org.lwjgl.system.Configuration;
import org.lwjgl.system.MemoryUtil;

/// The subjects that others have made. Each keeps per slot what its client would keep.
final class PeerSubjects {
    private PeerSubjects() {}

    /// An arena of the JDK for each block.
    static final class Confined extends Subject {
        private final Arena[] arenas;

        Confined(int slots) {
            arenas = new Arena[slots];
        }

        @Override
        void allocate(int slot, int bytes) {
            Arena arena = Arena.ofConfined();
            arena.allocate(bytes, 16);
            arenas[slot] = arena;
        }

        @Override
        void free(int slot) {
            arenas[slot].close();
        }

        @Override
        public void close() {}
    }

    /// `malloc` and `free` of the C library, called so that the thread does not leave the Java state.
    static final class CriticalMalloc extends Subject {
        private static final MethodHandle MALLOC = mallocFunction(Linker.Option.critical(false));
        private static final MethodHandle FREE = freeFunction(Linker.Option.critical(false));

        private final long[] addresses;

        CriticalMalloc(int slots) {
            addresses = new long[slots];
        }

        @Override
        void allocate(int slot, int bytes) {
            try {
                addresses[slot] = nonNull((long) MALLOC.invokeExact((long) bytes), bytes);
            } catch (Throwable e) {
                throw new IllegalStateException(e);
            }
        }

        @Override
        void free(int slot) {
            try {
                FREE.invokeExact(addresses[slot]);
            } catch (Throwable e) {
                throw new IllegalStateException(e);
            }
        }

        @Override
        public void close() {}
    }

    /// `malloc` and `free` of the C library, called as any function.
    static final class PlainMalloc extends Subject {
        private static final MethodHandle MALLOC = mallocFunction();
        private static final MethodHandle FREE = freeFunction();

        private final long[] addresses;

        PlainMalloc(int slots) {
            addresses = new long[slots];
        }

        @Override
        void allocate(int slot, int bytes) {
            try {
                addresses[slot] = nonNull((long) MALLOC.invokeExact((long) bytes), bytes);
            } catch (Throwable e) {
                throw new IllegalStateException(e);
            }
        }

        @Override
        void free(int slot) {
            try {
                FREE.invokeExact(addresses[slot]);
            } catch (Throwable e) {
                throw new IllegalStateException(e);
            }
        }

        @Override
        public void close() {}
    }

    // Addresses as long, not as pointers: then no MemorySegment has to be made for a result.
    private static MethodHandle mallocFunction(Linker.Option... options) {
        return cFunction("malloc", FunctionDescriptor.of(ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG), options);
    }

    private static MethodHandle freeFunction(Linker.Option... options) {
        return cFunction("free", FunctionDescriptor.ofVoid(ValueLayout.JAVA_LONG), options);
    }

    @SuppressWarnings("restricted")
    private static MethodHandle cFunction(String name, FunctionDescriptor type, Linker.Option... options) {
        Linker linker = Linker.nativeLinker();
        return linker.downcallHandle(linker.defaultLookup().findOrThrow(name), type, options);
    }

    private static long nonNull(long address, int bytes) {
        if (address == 0) {
            throw Subject.refused(bytes);
        }
        return address;
    }

    /// A [ByteBufAllocator] of Netty, direct buffers.
    static final class Netty extends Subject {
        private final ByteBufAllocator allocator;
        private final ByteBuf[] buffers;

        Netty(int slots, ByteBufAllocator allocator) {
            this.allocator = allocator;
            buffers = new ByteBuf[slots];
        }

        @Override
        void allocate(int slot, int bytes) {
            buffers[slot] = allocator.directBuffer(bytes, bytes);
        }

        @Override
        void free(int slot) {
            buffers[slot].release();
        }

        @Override
        public void close() {}
    }

    /// `nmemAlloc` and `nmemFree` of LWJGL with one of the allocators that it knows.
    static final class Lwjgl extends Subject {
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
        void allocate(int slot, int bytes) {
            addresses[slot] = nonNull(MemoryUtil.nmemAlloc(bytes), bytes);
        }

        @Override
        void free(int slot) {
            MemoryUtil.nmemFree(addresses[slot]);
        }

        @Override
        public void close() {}
    }

    /// No allocator.
    static final class Nothing extends Subject {
        private final long[] sizes;

        Nothing(int slots) {
            sizes = new long[slots];
        }

        @Override
        void allocate(int slot, int bytes) {
            sizes[slot] = bytes;
        }

        @Override
        void free(int slot) {
            sizes[slot] = 0;
        }

        @Override
        public void close() {}
    }
}
