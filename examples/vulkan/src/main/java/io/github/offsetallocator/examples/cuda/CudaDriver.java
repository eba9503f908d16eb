package io.github.offsetallocator.examples.cuda;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;

/// The few functions of the CUDA driver API that page-locked memory needs, called through FFM: no wrapper library, no
/// CUDA toolkit, only the `libcuda` that comes with the driver. For the thread that opened it. What the toolkit's runtime
/// calls `cudaHostRegister` and `cudaHostAlloc` are `cuMemHostRegister` and `cuMemHostAlloc` here.
///
/// Names with `_v2` are what the macros of `cuda.h` make of the plain names, which are older functions. A device
/// pointer (`CUdeviceptr`) is a number of 64 bits, a device (`CUdevice`) and a result (`CUresult`) are `int`.
final class CudaDriver implements AutoCloseable {
    private static final int SUCCESS = 0;
    private static final int LONGEST_NAME = 256;
    private static final Linker LINKER = Linker.nativeLinker();

    private interface Call {
        int run() throws Throwable;
    }

    private final Arena arena = Arena.ofConfined();
    private final SymbolLookup library = library(arena);
    private final MethodHandle init = function("cuInit", JAVA_INT);
    private final MethodHandle deviceGet = function("cuDeviceGet", ADDRESS, JAVA_INT);
    private final MethodHandle deviceGetName = function("cuDeviceGetName", ADDRESS, JAVA_INT, JAVA_INT);
    private final MethodHandle contextRetain = function("cuDevicePrimaryCtxRetain", ADDRESS, JAVA_INT);
    private final MethodHandle contextRelease = function("cuDevicePrimaryCtxRelease_v2", JAVA_INT);
    private final MethodHandle contextSetCurrent = function("cuCtxSetCurrent", ADDRESS);
    private final MethodHandle hostRegister = function("cuMemHostRegister_v2", ADDRESS, JAVA_LONG, JAVA_INT);
    private final MethodHandle hostUnregister = function("cuMemHostUnregister", ADDRESS);
    private final MethodHandle hostAllocate = function("cuMemHostAlloc", ADDRESS, JAVA_LONG, JAVA_INT);
    private final MethodHandle hostFree = function("cuMemFreeHost", ADDRESS);
    private final MethodHandle allocate = function("cuMemAlloc_v2", ADDRESS, JAVA_LONG);
    private final MethodHandle free = function("cuMemFree_v2", JAVA_LONG);
    private final MethodHandle copyToDevice = function("cuMemcpyHtoD_v2", JAVA_LONG, ADDRESS, JAVA_LONG);
    private final MethodHandle copyToHost = function("cuMemcpyDtoH_v2", ADDRESS, JAVA_LONG, JAVA_LONG);
    private final int device;

    private CudaDriver() {
        int initialized = call(() -> (int) init.invokeExact(0));
        if (initialized != SUCCESS) {
            throw new NoCudaException("cuInit: CUresult " + initialized);
        }
        MemorySegment out = arena.allocate(JAVA_LONG);
        int found = call(() -> (int) deviceGet.invokeExact(out, 0));
        if (found != SUCCESS) {
            throw new NoCudaException("cuDeviceGet: CUresult " + found);
        }
        device = out.get(JAVA_INT, 0);
        check("cuDevicePrimaryCtxRetain", () -> (int) contextRetain.invokeExact(out, device));
        MemorySegment context = out.get(ADDRESS, 0);
        check("cuCtxSetCurrent", () -> (int) contextSetCurrent.invokeExact(context));
    }

    /// Opens the first device.
    ///
    /// @throws NoCudaException if there is none
    static CudaDriver open() {
        return new CudaDriver();
    }

    @SuppressWarnings("restricted")
    private static SymbolLookup library(Arena arena) {
        String name = System.getProperty("os.name").startsWith("Windows") ? "nvcuda.dll" : "libcuda.so.1";
        try {
            return SymbolLookup.libraryLookup(name, arena);
        } catch (IllegalArgumentException e) {
            throw new NoCudaException("no " + name + " on this machine");
        }
    }

    @SuppressWarnings("restricted")
    private MethodHandle function(String name, MemoryLayout... parameters) {
        MemorySegment address = library.find(name).orElseThrow(() -> new NoCudaException("the driver has no " + name));
        return LINKER.downcallHandle(address, FunctionDescriptor.of(JAVA_INT, parameters));
    }

    private static int call(Call call) {
        try {
            return call.run();
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }

    private static void check(String name, Call call) {
        int result = call(call);
        if (result != SUCCESS) {
            throw new IllegalStateException(name + ": CUresult " + result);
        }
    }

    /// The device's own name.
    String deviceName() {
        try (Arena names = Arena.ofConfined()) {
            MemorySegment name = names.allocate(JAVA_BYTE, LONGEST_NAME);
            check("cuDeviceGetName", () -> (int) deviceGetName.invokeExact(name, LONGEST_NAME, device));
            return name.getString(0);
        }
    }

    // ---- page-locked memory ------------------------------------------------------------------------------------

    /// Page-locks memory of ours until [#unregister(MemorySegment)].
    void register(MemorySegment memory) {
        check("cuMemHostRegister", () -> (int) hostRegister.invokeExact(memory, memory.byteSize(), 0));
    }

    void unregister(MemorySegment memory) {
        check("cuMemHostUnregister", () -> (int) hostUnregister.invokeExact(memory));
    }

    /// Page-locked memory of CUDA's, to be freed by [#freeHost(MemorySegment)].
    @SuppressWarnings("restricted")
    MemorySegment allocateHost(long byteSize) {
        try (Arena outs = Arena.ofConfined()) {
            MemorySegment out = outs.allocate(ADDRESS);
            check("cuMemHostAlloc", () -> (int) hostAllocate.invokeExact(out, byteSize, 0));
            return out.get(ADDRESS, 0).reinterpret(byteSize);
        }
    }

    void freeHost(MemorySegment memory) {
        check("cuMemFreeHost", () -> (int) hostFree.invokeExact(memory));
    }

    // ---- the device --------------------------------------------------------------------------------------------

    /// Memory of the device.
    ///
    /// @return its address there
    long allocate(long byteSize) {
        try (Arena outs = Arena.ofConfined()) {
            MemorySegment out = outs.allocate(JAVA_LONG);
            check("cuMemAlloc", () -> (int) allocate.invokeExact(out, byteSize));
            return out.get(JAVA_LONG, 0);
        }
    }

    void free(long deviceAddress) {
        check("cuMemFree", () -> (int) free.invokeExact(deviceAddress));
    }

    /// Copies a segment to the device; returns when that is done for page-locked memory, or when the bytes have been
    /// taken over for other memory.
    void copyToDevice(long deviceAddress, MemorySegment source) {
        check("cuMemcpyHtoD", () -> (int) copyToDevice.invokeExact(deviceAddress, source, source.byteSize()));
    }

    /// Copies from the device to a segment; returns when that is done.
    void copyToHost(MemorySegment target, long deviceAddress) {
        check("cuMemcpyDtoH", () -> (int) copyToHost.invokeExact(target, deviceAddress, target.byteSize()));
    }

    @Override
    public void close() {
        check("cuDevicePrimaryCtxRelease", () -> (int) contextRelease.invokeExact(device));
        arena.close();
    }
}
