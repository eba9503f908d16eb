package io.github.offsetallocator.examples;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/// `malloc` and `free` of the C library, called in the quickest way there is: as critical functions, for which the
/// thread does not leave the Java state, and with addresses as `long`, so that no object is made for a result.
@SuppressWarnings("restricted")
final class MallocSubject implements Subject {
    private static final MethodHandle MALLOC =
            function("malloc", FunctionDescriptor.of(ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG));
    private static final MethodHandle FREE = function("free", FunctionDescriptor.ofVoid(ValueLayout.JAVA_LONG));

    /// All there is, so that a block's first byte can be written without an object for the block.
    private static final MemorySegment MEMORY = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

    private final long[] addresses;

    MallocSubject(int slotCount) {
        addresses = new long[slotCount];
    }

    private static MethodHandle function(String name, FunctionDescriptor type) {
        Linker linker = Linker.nativeLinker();
        return linker.downcallHandle(linker.defaultLookup().findOrThrow(name), type, Linker.Option.critical(false));
    }

    @Override
    public void replay(Workload work) {
        long[] addresses = this.addresses;
        int operations = work.operations();
        for (int i = 0; i < operations; i++) {
            int slot = work.slot(i);
            if (slot >= 0) {
                long address = malloc(work.size(i));
                MEMORY.set(ValueLayout.JAVA_BYTE, address, (byte) 1);
                addresses[slot] = address;
            } else {
                free(addresses[slot & ~Trace.FREE]);
            }
        }
    }

    @Override
    public MemorySegment allocate(int slot, int bytes) {
        addresses[slot] = malloc(bytes);
        return MEMORY.asSlice(addresses[slot], bytes);
    }

    @Override
    public void free(int slot) {
        free(addresses[slot]);
    }

    private static long malloc(int bytes) {
        long address;
        try {
            address = (long) MALLOC.invokeExact((long) bytes);
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
        if (address == 0) {
            throw Subject.refused(bytes);
        }
        return address;
    }

    private static void free(long address) {
        try {
            FREE.invokeExact(address);
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() {}
}
