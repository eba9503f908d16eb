package io.github.offsetallocator.examples.vulkan;

import java.util.Arrays;
import java.util.Comparator;
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
        VulkanDevice device = VulkanDevice.open(true);
        try (device; UploadStream stream = new UploadStream(device, STAGING, DEVICE, false)) {
            print("%s%ncopies aligned to %d bytes, atoms of %d bytes, staging memory %s, granule %d%n%n",
                    device.name(), device.copyAlignment(), device.atomSize(),
                    stream.staging().isCoherent() ? "coherent" : "not coherent", stream.staging().arena().granule());
            print("every upload read back, %s%n",
                    device.validation().isPresent() ? "under the validation layer" : "no validation layer installed");
            print(stream.run(new Workload(UPLOADS, device.copyAlignment(), SEED), true));
        }
        device.validation().ifPresent(log -> print("  validation: %d warnings and errors%n", log.messages().size()));
    }

    private static void time() {
        print("%nagainst the clock, only what is left at the end read back%n");
        UploadStream.Result[] results = new UploadStream.Result[TIMED_RUNS];
        try (VulkanDevice device = VulkanDevice.open(false)) {
            Workload workload = new Workload(UPLOADS, device.copyAlignment(), SEED);
            for (int i = 0; i < TIMED_RUNS; i++) {
                try (UploadStream stream = new UploadStream(device, STAGING, DEVICE, false)) {
                    results[i] = stream.run(workload, false);
                }
                print("  run %d: %.2f s, %.0f uploads/s; staging path: %.3f heap bytes per upload after the first %d%n",
                        i + 1, results[i].seconds(), results[i].uploadsPerSecond(), results[i].heapBytesPerUpload(),
                        UploadStream.WARM_UP);
            }
        }
        Arrays.sort(results, Comparator.comparingDouble(UploadStream.Result::seconds));
        UploadStream.Result median = results[TIMED_RUNS / 2];
        print(median);
        print("  median %.0f uploads/s, %.0f MiB/s%n",
                median.uploadsPerSecond(), mib(median.byteSize()) / median.seconds());
    }

    private static void print(UploadStream.Result result) {
        print("  %d uploads, %.1f MiB; %d evicted to make room%n",
                result.uploads(), mib(result.byteSize()), result.evicted());
        print("  %d uploads read back, %.1f MiB: every byte matched%n", result.compared(), mib(result.comparedBytes()));
        print("  staging: peak use %.1f of %d MiB, full %d times%n",
                mib(result.stagingPeak()), STAGING / MIB, result.stagingWaits());
    }

    private static void print(String format, Object... values) {
        System.out.printf(Locale.ROOT, format, values);
    }

    private static double mib(long bytes) {
        return bytes / (double) MIB;
    }
}
