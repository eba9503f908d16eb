package io.github.offsetallocator.examples.vulkan;

import java.util.Arrays;
import java.util.Locale;

/// Streams 4000 uploads of mixed sizes through 32 MiB of mapped staging memory into a device buffer of 128 MiB, which is
/// less than a third of what is uploaded. First under the validation layer, where every upload is read back and compared
/// byte by byte; then without, for the clock, where what is still there at the end is compared.
public final class StagingExample {
    private static final int UPLOADS = 4000;
    private static final int SEED = 2026;
    private static final int TIMED_RUNS = 5;
    private static final int MIB = 1 << 20;
    private static final long STAGING = 32 * MIB;
    private static final long DEVICE = 128 * MIB;

    private StagingExample() {}

    /// Runs it; without a Vulkan device, says what to install.
    public static void main(String[] args) {
        try {
            check();
            time();
        } catch (NoVulkanException e) {
            System.out.println(e.getMessage());
        }
    }

    private static void check() {
        try (VulkanDevice device = VulkanDevice.open(true);
                UploadStream stream = new UploadStream(device, STAGING, DEVICE, false)) {
            System.out.printf("%s%ncopies aligned to %d bytes, atoms of %d bytes, staging memory %s, granule %d%n%n",
                    device.name(), device.copyAlignment(), device.atomSize(),
                    stream.staging().isCoherent() ? "coherent" : "not coherent", stream.staging().arena().granule());
            System.out.println("every upload read back, "
                    + (device.validation().isPresent() ? "under the validation layer" : "no validation layer installed"));
            print(stream.run(new Workload(UPLOADS, device.copyAlignment(), SEED), true));
            device.validation().ifPresent(log ->
                    System.out.println("  validation: " + log.messages().size() + " warnings and errors"));
        }
    }

    private static void time() {
        System.out.println("\nagainst the clock, only what is left at the end read back, " + TIMED_RUNS + " runs");
        UploadStream.Result[] results = new UploadStream.Result[TIMED_RUNS];
        try (VulkanDevice device = VulkanDevice.open(false)) {
            Workload workload = new Workload(UPLOADS, device.copyAlignment(), SEED);
            for (int i = 0; i < TIMED_RUNS; i++) {
                try (UploadStream stream = new UploadStream(device, STAGING, DEVICE, false)) {
                    results[i] = stream.run(workload, false);
                }
            }
        }
        print(results[TIMED_RUNS - 1]);
        double[] seconds = Arrays.stream(results).mapToDouble(UploadStream.Result::seconds).sorted().toArray();
        double median = seconds[TIMED_RUNS / 2];
        System.out.printf(Locale.ROOT, "  median %.2f s (%.2f to %.2f): %.0f uploads/s, %.0f MiB/s%n",
                median, seconds[0], seconds[TIMED_RUNS - 1], UPLOADS / median, mib(results[0].byteSize()) / median);
    }

    private static void print(UploadStream.Result result) {
        System.out.printf(Locale.ROOT, "  %d uploads, %.1f MiB; %d evicted to make room%n",
                result.uploads(), mib(result.byteSize()), result.evicted());
        System.out.printf(Locale.ROOT, "  %d uploads read back, %.1f MiB: every byte matched%n",
                result.compared(), mib(result.comparedBytes()));
        System.out.printf(Locale.ROOT, "  staging: peak use %.1f of %d MiB, full %d times%n",
                mib(result.stagingPeak()), STAGING / MIB, result.stagingWaits());
        System.out.printf(Locale.ROOT, "  heap, in tryAllocate, offset, fill, flush ranges, retire, reclaim: %.3f bytes"
                + " per upload after the first %d, which took %d in all%n",
                (double) result.heapBytesThen() / (result.uploads() - UploadStream.WARM_UP),
                UploadStream.WARM_UP, result.heapBytesFirst());
    }

    private static double mib(long bytes) {
        return bytes / (double) MIB;
    }
}
