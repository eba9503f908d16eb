package io.github.offsetallocator.examples.cuda;

import io.github.offsetallocator.SegmentArena;
import io.github.offsetallocator.examples.vulkan.Pattern;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Locale;
import java.util.SplittableRandom;

/// Slices of a [SegmentArena] go to a CUDA device and back, from memory of three kinds: pageable, page-locked by
/// `cuMemHostRegister` (our own native segment), and page-locked by `cuMemHostAlloc` (CUDA's memory, borrowed). Bytes
/// are compared first, then bandwidth is measured on slices of one size.
public final class CudaExample {
    private static final int MIB = 1 << 20;
    private static final long MEMORY = 256 * MIB;
    private static final long TIMED_SLICE = 64 * MIB;
    private static final int CHECKED_SLICES = 300;
    private static final int LARGEST_CHECKED_SLICE = MIB / 2;
    private static final int REPEATS = 15;
    private static final long PAGE = 4096;

    /// @param toDevice median GiB/s
    /// @param toHost   median GiB/s
    record Bandwidth(double toDevice, double toHost) {}

    private final CudaDriver cuda;
    private final long device;

    private CudaExample(CudaDriver cuda, long device) {
        this.cuda = cuda;
        this.device = device;
    }

    /// Runs it; without a CUDA device, says what is missing.
    public static void main(String[] args) {
        try {
            run();
        } catch (NoCudaException e) {
            System.out.println(e.getMessage());
        }
    }

    /// @throws NoCudaException       if there is no CUDA device
    /// @throws IllegalStateException if a byte was not what it should be, or a call failed
    static void run() {
        try (CudaDriver cuda = CudaDriver.open()) {
            System.out.println(cuda.deviceName() + ", slices of " + TIMED_SLICE / MIB + " MiB, median of " + REPEATS);
            long device = cuda.allocate(MEMORY);
            try {
                CudaExample example = new CudaExample(cuda, device);
                Bandwidth pageable = example.pageable();
                print("pageable", pageable, pageable);
                print("page-locked, ours (cuMemHostRegister)", example.registered(), pageable);
                print("page-locked, CUDA's (cuMemHostAlloc)", example.allocated(), pageable);
            } finally {
                cuda.free(device);
            }
        }
    }

    private static void print(String kind, Bandwidth bandwidth, Bandwidth base) {
        System.out.printf(Locale.ROOT,
                "  %-40s to device %6.2f GiB/s (%.1f times pageable), back %6.2f GiB/s (%.1f times); every byte matched%n",
                kind, bandwidth.toDevice, bandwidth.toDevice / base.toDevice,
                bandwidth.toHost, bandwidth.toHost / base.toHost);
    }

    // ---- three kinds of memory ---------------------------------------------------------------------------------

    private Bandwidth pageable() {
        try (Arena memory = Arena.ofConfined()) {
            return measure(memory.allocate(MEMORY, PAGE));
        }
    }

    private Bandwidth registered() {
        try (Arena memory = Arena.ofConfined()) {
            MemorySegment segment = memory.allocate(MEMORY, PAGE);
            cuda.register(segment);
            try {
                return measure(segment);
            } finally {
                cuda.unregister(segment);
            }
        }
    }

    private Bandwidth allocated() {
        MemorySegment segment = cuda.allocateHost(MEMORY);
        try {
            return measure(segment);
        } finally {
            cuda.freeHost(segment);
        }
    }

    // ---- what is done with each --------------------------------------------------------------------------------

    private Bandwidth measure(MemorySegment segment) {
        try (SegmentArena arena = SegmentArena.ofConfined(segment)) {
            check(arena);
            MemorySegment slice = arena.allocate(TIMED_SLICE, PAGE);
            Pattern.fill(slice, 0, TIMED_SLICE, 0);
            double toDevice = median(() -> cuda.copyToDevice(device, slice));
            slice.fill((byte) 0);
            double toHost = median(() -> cuda.copyToHost(slice, device));
            compare(slice, 0);
            return new Bandwidth(toDevice, toHost);
        }
    }

    private static double median(Runnable copy) {
        double[] gibPerSecond = new double[REPEATS];
        for (int i = 0; i < REPEATS; i++) {
            long start = System.nanoTime();
            copy.run();
            gibPerSecond[i] = TIMED_SLICE / (double) (1 << 30) / ((System.nanoTime() - start) / 1e9);
        }
        Arrays.sort(gibPerSecond);
        return gibPerSecond[REPEATS / 2];
    }

    /// Slices of random sizes go to the device, and from there into others.
    private void check(SegmentArena arena) {
        SplittableRandom random = new SplittableRandom(3);
        long[] addresses = new long[CHECKED_SLICES];
        int[] sizes = new int[CHECKED_SLICES];
        long end = device;
        for (int i = 0; i < CHECKED_SLICES; i++) {
            addresses[i] = end;
            sizes[i] = random.nextInt(1, LARGEST_CHECKED_SLICE);
            end += sizes[i];
            MemorySegment sent = arena.allocate(sizes[i], 1);
            Pattern.fill(sent, 0, sizes[i], i);
            cuda.copyToDevice(addresses[i], sent);
            arena.free(sent);
        }
        for (int i = 0; i < CHECKED_SLICES; i++) {
            MemorySegment returned = arena.allocate(sizes[i], 1);
            cuda.copyToHost(returned, addresses[i]);
            compare(returned, i);
            arena.free(returned);
        }
    }

    private static void compare(MemorySegment slice, long seed) {
        long mismatch = Pattern.mismatch(slice, 0, slice.byteSize(), seed);
        if (mismatch >= 0) {
            throw new IllegalStateException("slice of " + slice.byteSize() + " bytes, seed " + seed
                    + ", differs at byte " + mismatch);
        }
    }
}
