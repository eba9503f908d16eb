package io.github.offsetallocator;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;

/// A native call that uses a segment, and calls back meanwhile.
public final class NativeCall {
    private NativeCall() {}

    /// Sorts the two ints of a segment by the C library, which runs an action to compare them. The action must not throw.
    @SuppressWarnings("restricted")
    public static void over(MemorySegment twoInts, Runnable action) throws Throwable {
        try (Arena stubs = Arena.ofConfined()) {
            Linker linker = Linker.nativeLinker();
            MethodHandle sort = linker.downcallHandle(linker.defaultLookup().findOrThrow("qsort"),
                    FunctionDescriptor.ofVoid(ValueLayout.ADDRESS, ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG, ValueLayout.ADDRESS));
            MethodHandle comparison = MethodHandles.lookup().findStatic(NativeCall.class, "compare",
                    MethodType.methodType(int.class, Runnable.class, MemorySegment.class, MemorySegment.class)).bindTo(action);
            sort.invoke(twoInts, 2L, 4L, linker.upcallStub(comparison, FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.ADDRESS), stubs));
        }
    }

    private static int compare(Runnable action, MemorySegment a, MemorySegment b) {
        action.run();
        return 0;
    }
}
